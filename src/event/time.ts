/**
 * Times: RFC 3339 in and out, microseconds inside.
 *
 * A microsecond count is kept in a JavaScript number, exact between the years 1685 and 2254.
 */
import type { Micros } from "./event.ts";

/** 1685-01-01T00:00:00Z and 2254-12-31T23:59:59.999999Z: whole years within ±2^53 µs. */
export const microsMin: Micros = Date.UTC(1685, 0, 1) * 1000;
export const microsMax: Micros = Date.UTC(2255, 0, 1) * 1000 - 1;

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Parses an RFC 3339 time with its offset, up to nanosecond digits (those past the microsecond are cut off).
 * A leap second (`:60`) is the first moment of the next minute. Returns a sentence on what is wrong otherwise.
 */
export function parseTime(text: string): Micros | string {
  const match = rfc3339.exec(text);
  if (match === null) return "must be an RFC 3339 time with an offset, such as 2026-01-31T12:00:00.123456Z";
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = "",
    sign,
    offsetHour = "0",
    offsetMinute = "0",
  ] = match;
  const monthIndex = Number(month) - 1;
  if (
    monthIndex < 0 ||
    monthIndex > 11 ||
    Number(day) < 1 ||
    Number(day) > daysIn(Number(year), monthIndex) ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 60 ||
    Number(offsetHour) > 23 ||
    Number(offsetMinute) > 59
  ) {
    return "is not a time that exists";
  }
  const local = Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second));
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === "-" ? -1 : 1);
  // A year below 100 would be taken as 19xx by Date.UTC; it is out of range either way.
  if (Number(year) < 100) return outOfRange;
  const micros = (local - offsetMs) * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
  return micros < microsMin || micros > microsMax ? outOfRange : micros;
}

export const outOfRange = "must lie between the years 1685 and 2254";

/** The RFC 3339 text in UTC, always with six digits, so that texts sort as their times do. */
export function formatTime(micros: Micros): string {
  const ms = Math.floor(micros / 1000);
  const rest = micros - ms * 1000;
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

/** Now, in microseconds. The clock itself ticks in milliseconds; more digits would be invented. */
export function nowMicros(): Micros {
  return Date.now() * 1000;
}

function daysIn(year: number, monthIndex: number): number {
  return new Date(Date.UTC(year, monthIndex + 1, 0)).getUTCDate();
}
