/** Times and durations as a terminal shows them. */

const minuteMs = 60_000;
const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [minuteMs, "min"],
  [1_000, "s"],
] as const;

/** `12:03:04.123` of an RFC 3339 time in UTC. */
export function clockText(time: string): string {
  return time.slice(11, 23);
}

/** `2026-01-31`. */
export function dayText(time: string): string {
  return time.slice(0, 10);
}

/** `2026-01-31 12:03:04`. */
export function momentText(time: string): string {
  return `${dayText(time)} ${time.slice(11, 19)}`;
}

/** In its two largest units: `2 h 5 min`, `1.98 s`, `350 ms`, `0 s`. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`;
  if (ms < 1) return ms === 0 ? "0 s" : `${Math.max(1, Math.round(ms * 1_000))} µs`;
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.floor(ms)} ms`;
  if (ms < minuteMs) return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 2 : 1))} s`;
  const first = units.findIndex(([size]) => ms >= size);
  const [size, name] = units[first] ?? units[3];
  const next = units[first + 1];
  const big = Math.floor(ms / size);
  const small = next === undefined ? 0 : Math.floor((ms - big * size) / next[0]);
  return small === 0 || next === undefined ? `${big} ${name}` : `${big} ${name} ${small} ${next[1]}`;
}
