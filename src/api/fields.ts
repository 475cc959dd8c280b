/**
 * The fields of which the inputs of operations are made: one grammar for texts, times, durations, numbers and words, in
 * every protocol. A query string has texts only, so numbers may come as digits.
 */
import * as z from "zod";
import { durationPattern, parseDuration } from "../core/duration.ts";
import type { Micros } from "../core/event.ts";
import {
  appIdBytesMax,
  eventBytesMax,
  listLimitDefault,
  listLimitMax,
  messageIdBytesMax,
} from "../core/limits.ts";
import { microsMin, nowMicros, outOfRange, parseTime } from "../core/time.ts";
import { textProblem } from "../core/validate.ts";
import { namesMax } from "../lifecycle/definition.ts";

/** Far above any cursor that the store makes; a longer one was not made by it. */
const cursorBytesMax = 8192;

/** A stage may have several names, see `stageName`, and those of another app have its id. */
export const stageBytesMax = namesMax * (appIdBytesMax + eventBytesMax + 2);

/** The result of parsing a field: the value, or the problem. */
export type Reading<Value> = { readonly value: Value } | { readonly problem: string };

export interface FieldOptions {
  /** The message where the field is required and absent. */
  readonly absent?: string;
  /** Whether the object around it is still looked at as a whole when this is wrong; it gets `undefined` for it. */
  readonly goOn?: boolean;
}

/** A field that reads its value by itself. `meta` is its JSON Schema, for what it takes from REST. */
export function field<Value>(
  meta: Readonly<Record<string, unknown>>,
  read: (value: unknown) => Reading<Value>,
  { absent = "is required", goOn = false }: FieldOptions = {},
) {
  return z
    .unknown()
    .transform((value, context): Value => {
      const reading = value === undefined ? { problem: absent } : read(value);
      if ("value" in reading) return reading.value;
      context.issues.push({ code: "custom", message: reading.problem, input: value, continue: goOn });
      return z.NEVER;
    })
    .meta({ ...meta });
}

/** The largest bound of a text that its schema shows. */
const shownBytesMax = 1_024;

/** A text of so many bytes of UTF-8 at most, which is not empty. */
export function text(bytesMax: number, description?: string) {
  // The bound is of bytes, and JSON Schema counts characters, which are never more. A larger one does not fit into an address.
  const length = { minLength: 1, ...(bytesMax <= shownBytesMax && { maxLength: bytesMax }) };
  const meta = { type: "string", ...length, ...(description !== undefined && { description }) };
  return field(meta, (value): Reading<string> => {
    if (typeof value !== "string") return { problem: `must be a string, is ${kindOf(value)}` };
    const problem = value === "" ? "must not be empty" : textProblem(value, bytesMax);
    return problem === undefined ? { value } : { problem };
  });
}

export const appId = text(appIdBytesMax, "The app.");
export const messageId = text(messageIdBytesMax, "The message's id within its app.");
export const stage = text(stageBytesMax, "The name of a stage.");
export const cursor = text(cursorBytesMax, "Where the page before ended: its `next_cursor`.");

/** A whole number; digits only, since `Number()` would also take "", " 1", "1e3" and "0x10". */
export function whole(min: number, max: number, description?: string) {
  const bounded = max < Number.MAX_SAFE_INTEGER;
  const meta = {
    type: "integer",
    minimum: min,
    maximum: max,
    ...(description !== undefined && { description }),
  };
  const problem = `must be a whole number ${bounded ? `from ${min} to ${max}` : `of at least ${min}`}`;
  return field(meta, (value): Reading<number> => {
    const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
    const good = typeof number === "number" && Number.isSafeInteger(number) && number >= min && number <= max;
    return good ? { value: number } : { problem };
  });
}

/** A part of a whole, above 0: `0.001` is one in a thousand. */
export function share(max: number, description: string) {
  const meta = { type: "number", exclusiveMinimum: 0, maximum: max, description };
  const problem = `must be a number above 0, at most ${max}`;
  return field(meta, (value): Reading<number> => {
    const number = typeof value === "string" && /^\d*\.?\d{1,16}$/.test(value) ? Number(value) : value;
    return typeof number === "number" && number > 0 && number <= max ? { value: number } : { problem };
  });
}

/** Yes or no; a query string has the words. */
export function flag(description: string) {
  const meta = { type: "boolean", description };
  return field(meta, (value): Reading<boolean> => {
    if (typeof value === "boolean") return { value };
    return value === "true" || value === "false"
      ? { value: value === "true" }
      : { problem: "must be true or false" };
  });
}

/** How many are on a page. */
export const limit = whole(1, listLimitMax, "How many are on a page.").default(listLimitDefault);

/** Reads one's own write: see `visible.ts`. */
export const minSeq = whole(
  0,
  Number.MAX_SAFE_INTEGER,
  "Wait, 5 s at most, until everything up to this seq counts; else 504.",
).optional();

/** One of a closed list of words. */
export function word<Word extends string>(words: readonly Word[], description?: string) {
  const meta = { type: "string", enum: [...words], ...(description !== undefined && { description }) };
  return field(meta, (value): Reading<Word> => {
    const known = words.find((one) => one === value);
    return known === undefined ? { problem: `must be one of ${words.join(", ")}` } : { value: known };
  });
}

/** Several of a closed list of words: a list, or a text with commas. They come in the order of `known`. */
export function words<Word extends string>(known: readonly Word[], description: string) {
  const meta = { type: "array", items: { type: "string", enum: [...known] }, description };
  return field(meta, (value): Reading<readonly Word[]> => {
    const given = (Array.isArray(value) ? value : [value]).flatMap((one) => String(one).split(","));
    const good = given.every((one) => known.some((word) => word === one));
    if (!good) return { problem: `must be one or more of ${known.join(", ")}` };
    return { value: known.filter((word) => given.includes(word)) };
  });
}

/** `…12:00:00+02:00` in a query that was not percent-encoded: the plus has become a blank. */
const plusHint = "; a + in a query is read as a blank: write it as %2B";

/** A time: RFC 3339, or a duration that says how long before now it is. Microseconds. */
export function time(description?: string) {
  const meta = {
    type: "string",
    anyOf: [{ format: "date-time" }, { pattern: durationPattern }],
    examples: ["2026-01-31T12:00:00Z", "24h"],
    ...(description !== undefined && { description }),
  };
  return field(meta, (value): Reading<Micros> => {
    if (typeof value !== "string") return { problem: `must be a string, is ${kindOf(value)}` };
    const ago = parseDuration(value);
    const micros = ago === undefined ? parseTime(value) : nowMicros() - ago * 1_000;
    if (typeof micros === "string") {
      return { problem: micros + (/T[\d:.]+ \d\d:?\d\d$/i.test(value) ? plusHint : "") };
    }
    return micros < microsMin ? { problem: outOfRange } : { value: micros };
  });
}

/** From here on, inclusive, and up to here, exclusive. */
export const since = time("From here on, inclusive.");
export const until = time("Up to here, exclusive.");

/** The object without the members that are `undefined`: what is absent is not there. */
export function defined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`.replace("a object", "an object");
}
