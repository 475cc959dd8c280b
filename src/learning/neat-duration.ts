/** Durations that a person would write. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const neat = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 3, 5, 10, 15, 20, 30].map((n) => n * second),
  ...[1, 2, 3, 5, 10, 15, 20, 30].map((n) => n * minute),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * hour),
  ...[1, 2, 3, 5, 7, 10, 14, 21, 30].map((n) => n * day),
];

/** The least neat duration that is as long, in milliseconds; 30 days at most. */
export function neatDuration(ms: number): number {
  return neat.find((candidate) => candidate >= ms) ?? 30 * day;
}
