/** Texts of strangers on a terminal: made harmless, measured, cut. */

/**
 * What a terminal would act upon, or would turn the reading direction with: ids and names of events may contain it. Line ends and
 * tabs are of these.
 */
const active = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** With `\u001b` for what is not a text's own. */
export function harmless(text: string): string {
  return text.replace(active, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** JSON that means the same, of which a terminal acts upon nothing. */
export function harmlessJson(json: string): string {
  return json.replace(active, (sign) => (sign === "\n" ? sign : harmless(sign)));
}

/** A scalar, or a list of scalars, in one line. */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(cellOf).join(", ");
  return harmless(typeof value === "string" ? value : JSON.stringify(value));
}

/** Letters of East Asia and pictures, which take two columns; see Unicode's Annex 11. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const marks = /[\p{M}\u200b-\u200d]/u;

/** Columns of a terminal. */
export function widthOf(text: string): number {
  // Nearly all texts.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const sign of text) width += marks.test(sign) ? 0 : wide.test(sign) ? 2 : 1;
  return width;
}

/** At most so wide, with `…` for what is left out. */
export function cut(text: string, widthMax: number): string {
  if (widthOf(text) <= widthMax) return text;
  let kept = "";
  let width = 0;
  for (const sign of text) {
    width += widthOf(sign);
    if (width > widthMax - 1) break;
    kept += sign;
  }
  return `${kept}…`;
}

/** Filled up with blanks. */
export function pad(text: string, width: number, right = false): string {
  const blanks = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? blanks + text : text + blanks;
}

/** Divided at blanks into lines that are at most so wide, where words allow it. */
export function wrapped(text: string, widthMax: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= widthMax) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines.join("\n");
}
