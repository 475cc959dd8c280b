/**
 * Compares what a document shows with what was printed. Space makes no difference. `…` stands for anything; times, seqs, ids that are
 * numbers, durations in milliseconds and secrets are those of another run.
 */

const placeholders: readonly (readonly [shown: RegExp, pattern: string])[] = [
  [/,…/, "[\\s\\S]*?"],
  [/…/, "[\\s\\S]*?"],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/, "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z"],
  [/whsec_[\w+/=]+/, "whsec_[\\w+/=]+"],
  [/"run":"[0-9a-f]{16}"/, '"run":"[0-9a-f]{16}"'],
  [/mars_[a-z]{2}_\w+/, "mars_[a-z]{2}_\\w+"],
  [/\d\d:\d\dUTC/, "\\d\\d:\\d\\dUTC"],
  [/longest\d+s/, "longest\\d+s"],
  [/"(?:seq|as_of_seq|id|\w+_ms)":"?\d+(?:\.\d+)?"?/, ""],
];
const anyPlaceholder = new RegExp(placeholders.map(([shown]) => shown.source).join("|"), "g");

/** Whether each JSON value of it, and each other text, was printed as the document shows it. Others may be between. */
export function isShown(answer: string, printed: string): boolean {
  const text = printed.replaceAll(/\s/g, "");
  return answer.split(/\n(?=\{)/).every((one) => patternOf(one).test(text));
}

function patternOf(answer: string): RegExp {
  const text = answer.replaceAll(/\s/g, "");
  let pattern = "";
  let end = 0;
  for (const { 0: shown, index } of text.matchAll(anyPlaceholder)) {
    pattern += RegExp.escape(text.slice(end, index)) + patternFor(shown);
    end = index + shown.length;
  }
  return new RegExp(pattern + RegExp.escape(text.slice(end)));
}

function patternFor(shown: string): string {
  const known = placeholders.find(([one]) => new RegExp(`^(?:${one.source})$`).test(shown));
  if (known?.[1]) return known[1];
  // A number with its name.
  const name = shown.slice(0, shown.indexOf(":") + 1);
  return `${RegExp.escape(name)}"?\\d+(?:\\.\\d+)?"?`;
}
