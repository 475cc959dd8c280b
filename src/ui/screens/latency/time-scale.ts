/** Marks of a logarithmic scale of durations, where people would put them. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const marksMs = [
  ...[0.001, 0.01, 0.1, 1, 10, 100],
  ...[second, 10 * second, minute, 10 * minute, hour, 6 * hour, day, 7 * day, 30 * day],
];

/** @returns those from `min` to `max`, in milliseconds */
export function durationMarks(min: number, max: number): number[] {
  return marksMs.filter((ms) => ms >= min && ms <= max);
}
