/** Times and durations as a terminal shows them. */

const minuteMs = 60_000;
const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [minuteMs, "min"],
  [1_000, "s"],
] as const;

/** `12:03:04.123` of an RFC 3339 time, in the time zone of this machine (`TZ`), as all of these. */
export function clockText(time: string): string {
  const at = new Date(time);
  return `${secondsText(at)}.${padded(at.getMilliseconds(), 3)}`;
}

/** `2026-01-31`. */
export function dayText(time: string): string {
  const at = new Date(time);
  return `${padded(at.getFullYear(), 4)}-${padded(at.getMonth() + 1, 2)}-${padded(at.getDate(), 2)}`;
}

/** `2026-01-31 12:03:04`. */
export function momentText(time: string): string {
  return `${dayText(time)} ${secondsText(new Date(time))}`;
}

function secondsText(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => padded(part, 2)).join(":");
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
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
