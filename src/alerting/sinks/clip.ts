/** Cuts texts to the lengths that receivers accept. Pure. */

/** The text in at most so many UTF-16 units, which are at least as many as characters; what is cut ends with `…`. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  // No half of a character remains.
  return `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
