/** A time axis: where a time is on it, and which times are named. Pure. Times are milliseconds since 1970. */

export interface Axis {
  readonly from: number;
  readonly to: number;
}

/** @returns percent of the axis, 0 to 100 */
export function placeOf({ from, to }: Axis, time: number): number {
  if (to <= from) return 0;
  return Math.min(100, Math.max(0, ((time - from) / (to - from)) * 100));
}

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const steps = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second!),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute!),
  ...[1, 2, 3, 6, 12].map((count) => count * hour!),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 365].map((count) => count * day!),
];

/** Round times, at most so many, from the first to the last that is on the axis. */
export function ticksOf({ from, to }: Axis, countMax: number): number[] {
  const step = steps.find((one) => (to - from) / one <= countMax) ?? (to - from) / countMax;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to && ticks.length < countMax; at += step)
    ticks.push(at);
  return ticks;
}

/** So much of the axis is one place: what is closer together is drawn once. */
const placePercent = 0.4;

/** The items whose places differ: of several in one place the last. In order. */
export function apart<Item extends { readonly at: number }>(items: readonly Item[], axis: Axis): Item[] {
  const byPlace = new Map<number, Item>();
  for (const item of items) byPlace.set(Math.round(placeOf(axis, item.at) / placePercent), item);
  return [...byPlace.values()];
}
