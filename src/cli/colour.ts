/** The colours of words of state. */

const red = 31;
const green = 32;
const yellow = 33;

const colours: Readonly<Record<string, number>> = {
  overdue: red,
  missing: red,
  failed: red,
  active: red,
  late: yellow,
  skipped: yellow,
  abandoned: yellow,
  waiting: yellow,
  pending: yellow,
  complete: green,
  delivered: green,
  resolved: green,
  done: green,
};

/** `text` in the colour of `word`, if that has one. */
export function coloured(text: string, word: string): string {
  const colour = Object.hasOwn(colours, word) ? colours[word] : undefined;
  return colour === undefined ? text : `\u001b[${colour}m${text}\u001b[0m`;
}
