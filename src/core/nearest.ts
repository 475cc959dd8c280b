/** Which of the known names was meant by one that is not known. */

/**
 * `: did you mean X?` where a name is close enough to be what was meant, else nothing. A name that goes on where the text ends is
 * (`app` for `app_id`), and one that differs in few letters, and in less than half of them: any short name is two letters away from any other.
 */
export function nearest(text: string, names: readonly string[]): string {
  const letters = text.replace(/^-+/, "").length;
  const longer =
    letters < 2
      ? []
      : names.filter((name) => /^[^a-z]/i.test(name.slice(text.length)) && name.startsWith(text));
  const [best] = (longer.length > 0 ? longer : names)
    .map((name) => ({ name, distance: editDistance(text, name) }))
    .sort((a, b) => a.distance - b.distance);
  if (best === undefined) return "";
  const close = best.distance <= Math.max(2, text.length / 4) && best.distance < letters / 2;
  return longer.length > 0 || close ? `: did you mean ${best.name}?` : "";
}

/** Levenshtein's, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
