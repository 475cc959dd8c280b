/**
 * JSON whose integers keep their digits. A JavaScript number has 53 bits; ids of other systems have 64. Here a longer integer is a
 * `bigint` where its value is looked at, and a raw text where it only passes through.
 */

/** Of ECMAScript 2026 (https://tc39.es/proposal-json-parse-with-source/), which TypeScript does not declare yet. */
interface SourceJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
}
const json = JSON as unknown as SourceJson;
/** A browser without it rounds such integers, as it does everywhere. */
const hasSources = typeof json.rawJSON === "function";

/**
 * A number with fewer digits is exact, and a text without such a number is parsed as ever, some ten times as quickly. Digits in texts,
 * such as ids, do not count unless they look like this.
 */
const mayBeInexact = /(?:^|[:[,])\s*-?\d{16}/;
const integer = /^-?\d+$/;
/** An integer with more digits is a number like any other, which it does not fit: turning it into a value is costly. */
const digitsMax = 1_000;

/** As `JSON.parse`, but integers that a number cannot hold are `bigint`. Throws as `JSON.parse` does. */
export function parseExact(text: string): unknown {
  return mayBeInexact.test(text)
    ? json.parse(text, (_, value, { source }) => exactly(value, source, BigInt))
    : JSON.parse(text);
}

/** As `JSON.parse`, for what becomes JSON again: integers that a number cannot hold are kept as `JSON.rawJSON` has them. */
export function parseForAnswer(text: string): unknown {
  return hasSources && mayBeInexact.test(text)
    ? json.parse(text, (_, value, { source }) => exactly(value, source, json.rawJSON))
    : JSON.parse(text);
}

function exactly(value: unknown, source: string | undefined, make: (digits: string) => unknown): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return integer.test(source) && source.length <= digitsMax ? make(source) : value;
}

/** As `JSON.stringify` of a value of JSON, in which integers may be `bigint`. */
export function stringifyExact(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // A bigint: looking for one in every value would cost more.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_, member) =>
      typeof member === "bigint" ? json.rawJSON(String(member)) : member,
    );
  }
}

/** The digits of an integer that `parseForAnswer` has kept; `undefined` for any other value. */
export function keptDigits(value: unknown): string | undefined {
  return typeof value === "object" && json.isRawJSON(value) ? value.rawJSON : undefined;
}
