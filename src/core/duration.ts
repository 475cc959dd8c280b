/** Durations as people write them: a whole number and a unit, `250ms`, `2s`, `5m`, `12h`, `14d`. */

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Of every duration, as JSON Schema has it. */
export const durationPattern = `^[0-9]{1,12}(${Object.keys(durationUnits).join("|")})$`;

const durationForm = new RegExp(durationPattern);

/** Milliseconds; `undefined` when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, unit = ""] = durationForm.exec(text) ?? [];
  const size = durationUnits[unit];
  return size === undefined ? undefined : Number(text.slice(0, -unit.length)) * size;
}

/** In the largest unit that leaves a whole number; none is `0s`. */
export function formatDuration(ms: number): string {
  return ms === 0 ? "0s" : formatUnits(ms, durationUnits);
}

/** @param units from the smallest to the largest */
export function formatUnits(value: number, units: Readonly<Record<string, number>>): string {
  const [unit = "", size = 1] =
    Object.entries(units)
      .reverse()
      .find(([, candidate]) => candidate > 0 && value % candidate === 0) ?? [];
  return `${value / size}${unit}`;
}
