/** The colours of a terminal, and those of words of state. */

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Colour = keyof typeof codes;

const colours: Readonly<Record<string, Colour>> = {
  overdue: "red",
  missing: "red",
  failed: "red",
  active: "red",
  late: "yellow",
  skipped: "yellow",
  abandoned: "yellow",
  waiting: "yellow",
  pending: "yellow",
  complete: "green",
  delivered: "green",
  resolved: "green",
  done: "green",
};

/** @param on whether colours are wanted */
export function paint(text: string, colour: Colour | undefined, on: boolean): string {
  return colour === undefined || !on ? text : `\u001b[${codes[colour]}m${text}\u001b[0m`;
}

/** `text` in the colour of `word`, if that has one. */
export function coloured(text: string, word: string): string {
  return paint(text, Object.hasOwn(colours, word) ? colours[word] : undefined, true);
}
