/**
 * Checks single parameters. Each returns what was meant, or `undefined` where it is absent or wrong; then there is one
 * more problem.
 */
import { parseDuration } from "../core/duration.ts";
import type { FieldProblem } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import { microsMax, microsMin, nowMicros, outOfRange, parseTime } from "../core/time.ts";
import { textProblem } from "../core/validate.ts";

/** Texts as a query string has them, numbers where the protocol has decoded them; `undefined` counts as absent. */
export type QueryValue = string | number | undefined;

/** A text of bounded length that is not empty. */
export function checkText(
  field: string,
  value: QueryValue,
  bytesMax: number,
  problems: FieldProblem[],
): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") {
    problems.push({ field, message: "must be a string, is a number" });
    return undefined;
  }
  const problem = value === "" ? "must not be empty" : textProblem(value, bytesMax);
  if (problem !== undefined) problems.push({ field, message: problem });
  return value;
}

/** A time: RFC 3339, microseconds as a number, or a duration that tells how long before now it is. */
export function checkTime(field: string, value: QueryValue, problems: FieldProblem[]): Micros | undefined {
  if (value === undefined) return undefined;
  const ago = typeof value === "string" ? parseDuration(value) : undefined;
  const time =
    ago !== undefined
      ? checkMicros(nowMicros() - ago * 1_000)
      : typeof value === "number"
        ? checkMicros(value)
        : parseTime(value);
  if (typeof time === "number") return time;
  const hint = typeof value === "string" && /T[\d:.]+ \d\d:?\d\d$/i.test(value) ? plusHint : "";
  problems.push({ field, message: time + hint });
  return undefined;
}

/** What `…12:00:00+02:00` has become where nobody encoded it. */
const plusHint = "; a + in a query is read as a blank: write it as %2B";

function checkMicros(micros: number): Micros | string {
  const valid = Number.isSafeInteger(micros) && micros >= microsMin && micros <= microsMax;
  return valid ? micros : outOfRange;
}

export function checkInteger(
  field: string,
  value: QueryValue,
  min: number,
  max: number,
  problems: FieldProblem[],
): number | undefined {
  if (value === undefined) return undefined;
  // Digits only: Number() would also take "", " 1", "1e3" and "0x10".
  const number = typeof value === "string" ? (/^\d{1,16}$/.test(value) ? Number(value) : Number.NaN) : value;
  if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
  const bound = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  problems.push({ field, message: `must be a whole number ${bound}` });
  return undefined;
}

/** One of a closed list of words. */
export function checkOneOf<Word extends string>(
  field: string,
  value: QueryValue,
  words: readonly Word[],
  problems: FieldProblem[],
): Word | undefined {
  if (value === undefined) return undefined;
  const word = words.find((known) => known === value);
  if (word === undefined) problems.push({ field, message: `must be one of ${words.join(", ")}` });
  return word;
}
