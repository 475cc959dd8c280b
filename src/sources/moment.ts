/** A time as senders give it: RFC 3339 and the forms of `core/time.ts`, or Unix time in any unit, known by its size. */
import type { Micros } from "../core/event.ts";
import { microsMax, microsMin, outOfRange, parseTime } from "../core/time.ts";

/** Below each of these a number is of the unit: seconds until the year 5138, and so on. The factor makes microseconds. */
const units: readonly (readonly [below: number, factor: number])[] = [
  [1e11, 1e6],
  [1e14, 1e3],
  [1e17, 1],
  [1e20, 1e-3],
];

/** @returns a sentence on what is wrong where it is no time */
export function readMoment(value: unknown): Micros | string {
  if (value instanceof Date) return bounded(value.getTime() * 1_000);
  if (typeof value === "number" || typeof value === "bigint") return ofNumber(Number(value));
  if (typeof value !== "string") return "must be a text or a number";
  if (/^\d{1,20}(?:\.\d{1,9})?$/.test(value)) return ofNumber(Number(value));
  return parseTime(value);
}

function ofNumber(value: number): Micros | string {
  const [, factor] = units.find(([below]) => Math.abs(value) < below) ?? [];
  return factor === undefined || Number.isNaN(value) ? outOfRange : bounded(Math.round(value * factor));
}

function bounded(micros: number): Micros | string {
  return micros >= microsMin && micros <= microsMax ? micros : outOfRange;
}
