/**
 * Times: RFC 3339 in and out, and in as Java and SQL write it; microseconds inside.
 *
 * A microsecond count is kept in a JavaScript number, exact between the years 1685 and 2254.
 */
import type { Micros } from "./event.ts";

/** 1685-01-01T00:00:00Z and 2254-12-31T23:59:59.999999Z: whole years within ±2^53 µs. */
export const microsMin: Micros = Date.UTC(1685, 0, 1) * 1000;
export const microsMax: Micros = Date.UTC(2255, 0, 1) * 1000 - 1;

const notATime = "must be an RFC 3339 time with an offset, such as 2026-01-31T12:00:00.123456Z";

/**
 * The forms of Java and SQL: without seconds, with a space for the `T` or before the offset, with an offset such as `+00`, `+0200` or
 * `UTC`, and with the zone's name behind it. There is no form without an offset: it would be a guess.
 */
const otherForm =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)? ?(?:(Z|z|UTC|GMT)|([+-]\d\d)(?::?(\d\d))?)(?:\[[\w+/:-]{1,64}\])?$/;

/**
 * Parses an RFC 3339 time with its offset, up to nanosecond digits (those past the microsecond are cut off), or the same in another
 * form (`otherForm`). A leap second (`:60`) is the first moment of the next minute. Returns a sentence on what is wrong otherwise.
 */
export function parseTime(text: string): Micros | string {
  const time = parseRfc3339(text);
  return time === notATime ? parseOther(text) : time;
}

function parseOther(text: string): Micros | string {
  const [, day, minutes, seconds = ":00", utc, hours, rest = "00"] = otherForm.exec(text) ?? [];
  if (day === undefined) return notATime;
  return parseRfc3339(`${day}T${minutes}${seconds}${utc === undefined ? `${hours}:${rest}` : "Z"}`);
}

/** By hand, since it is done for every event and a regular expression took four times as long. */
function parseRfc3339(text: string): Micros | string {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (
    (year | month | day | hour | minute | second) < 0 ||
    text[4] !== "-" ||
    text[7] !== "-" ||
    (text[10] !== "T" && text[10] !== "t") ||
    text[13] !== ":" ||
    text[16] !== ":"
  ) {
    return notATime;
  }
  let at = 19;
  let micros = 0;
  if (text[at] === ".") {
    const start = ++at;
    for (let unit = 100_000; digits(text, at, 1) >= 0; at++, unit = Math.floor(unit / 10)) {
      micros += digits(text, at, 1) * unit;
    }
    if (at === start || at - start > 9) return notATime;
  }
  let offsetMinutes = 0;
  const sign = text[at];
  if (sign === "+" || sign === "-") {
    const hours = digits(text, at + 1, 2);
    const minutes = digits(text, at + 4, 2);
    if ((hours | minutes) < 0 || text[at + 3] !== ":") return notATime;
    if (hours > 23 || minutes > 59) return notReal;
    offsetMinutes = (hours * 60 + minutes) * (sign === "-" ? -1 : 1);
    at += 6;
  } else if (sign === "Z" || sign === "z") {
    at += 1;
  } else {
    return notATime;
  }
  if (at !== text.length) return notATime;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return notReal;
  if (hour > 23 || minute > 59 || second > 60) return notReal;
  // A year below 100 would be taken as 19xx by Date.UTC; it is out of range either way.
  if (year < 100) return outOfRange;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second) - offsetMinutes * 60_000;
  const time = ms * 1000 + micros;
  return time < microsMin || time > microsMax ? outOfRange : time;
}

const notReal = "is not a time that exists";

export const outOfRange = "must lie between the years 1685 and 2254";

/** The RFC 3339 text in UTC, always with six digits, so that texts sort as their times do. */
export function formatTime(micros: Micros): string {
  const day = Math.floor(micros / dayMicros);
  const second = Math.floor((micros - day * dayMicros) / 1_000_000);
  const rest = Math.floor(micros - day * dayMicros - second * 1_000_000);
  const minute = Math.floor(second / 60);
  const hour = Math.floor(minute / 60);
  const ms = Math.floor(rest / 1_000);
  return `${dayText(day)}${two[hour]}:${two[minute - hour * 60]}:${two[second - minute * 60]}.${three[ms]}${three[rest - ms * 1_000]}Z`;
}

const dayMicros = 86_400_000_000;
const two = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"));
const three = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(3, "0"));

/** By the day's number. An answer has thousands of times, of few days, and a date took most of each. */
const dayTexts = new Map<number, string>();
const dayTextsMax = 1_000;

/** The date and a `T`. */
function dayText(day: number): string {
  const known = dayTexts.get(day);
  if (known !== undefined) return known;
  if (dayTexts.size >= dayTextsMax) dayTexts.clear();
  const text = new Date(day * 86_400_000).toISOString().slice(0, 11);
  dayTexts.set(day, text);
  return text;
}

/**
 * How long from one time to another; negative where the second is the earlier one. Two good times can lie further apart
 * than a safe integer reaches: such a length is cut there, so that it can be stored and read like any other.
 */
export function microsBetween(from: Micros, to: Micros): Micros {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, to - from));
}

/** The clock's years beyond 2250 are taken for this one: what is counted on from now has room before `microsMax`. */
const lastYearMs = Date.UTC(2250, 0, 1);
const yearMs = 365 * 86_400_000;

/**
 * The wall clock, in milliseconds, as a time that can be kept. A machine's clock may be in any year for a while, and what
 * Mars writes down then has to be read when it has been put right.
 */
export function wallMs(now = Date.now()): number {
  return Math.max(microsMin / 1_000, now < lastYearMs ? now : lastYearMs + ((now - lastYearMs) % yearMs));
}

/** Now, in microseconds. The clock itself ticks in milliseconds; more digits would be invented. */
export function nowMicros(): Micros {
  return wallMs() * 1000;
}

/** The number that `count` ASCII digits make, or -1 where there are others. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    // Past the end there is NaN, which is in no range either.
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (monthDays[month - 1] ?? 0) + (leap ? 1 : 0);
}
