/** Parts of the sentences in answers. */

/** Far more than names have that people read. */
const quotedCharsMax = 80;

/** A name or an id that a service has chosen, marked as such: it cannot be taken for words of Mars. */
export function quote(text: string): string {
  const short = text.length > quotedCharsMax ? `${text.slice(0, quotedCharsMax).toWellFormed()}…` : text;
  return JSON.stringify(short);
}

export function quoteAll(names: readonly string[], max = 10): string {
  const shown = names.slice(0, max).map(quote).join(", ");
  return names.length > max ? `${shown} and ${names.length - max} more` : shown;
}

/** `1 message`, `2 messages`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** By its two largest units: `3 d 4 h`; below a second in milliseconds. */
export function durationWords(ms: number): string {
  const first = units.findIndex(([unit]) => ms >= unit);
  if (first === -1) return `${Math.round(ms)} ms`;
  let rest = ms;
  return units
    .slice(first, first + 2)
    .flatMap(([unit, name]) => {
      const count = Math.floor(rest / unit);
      rest -= count * unit;
      return count === 0 ? [] : [`${count} ${name}`];
    })
    .join(" ");
}

/** From then to now, by the clock of this machine. */
export function sinceWords(time: string, nowMs = Date.now()): string {
  return durationWords(Math.max(0, nowMs - Date.parse(time)));
}
