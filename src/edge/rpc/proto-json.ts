/**
 * Converts between the messages of the RPCs and the JSON of operations, by the messages' descriptors. Both have the same names; of values
 * these differ:
 *
 * | protobuf | JSON |
 * | --- | --- |
 * | `Timestamp` | RFC 3339 text |
 * | `Duration` `late_by` | number `late_by_ms` in answers, text such as `2s` in what users write |
 * | enum value `FINDING_KIND_LATE` | `late` |
 * | 64-bit integers | numbers |
 * | zero, empty text or list, without presence | absent in requests, `null` in answers |
 *
 * Where a message and its JSON differ otherwise, `proto-shapes.ts` has the difference.
 */
import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { type Duration, FeatureSet_FieldPresence, type Timestamp } from "@bufbuild/protobuf/wkt";
import { parseDuration } from "../../core/duration.ts";
import { formatTime, microsMax, microsMin, parseTime } from "../../core/time.ts";
import { durationMicros, microsDuration, microsTimestamp, timestampMicros } from "./convert-time.ts";
import { answerShapes, type Json, requestShapes } from "./proto-shapes.ts";

/** The input of an operation. Values without a form in JSON become values that every schema refuses. */
export function inputOf(schema: DescMessage, message: Json): Json {
  const input: Record<string, unknown> = {};
  for (const field of schema.fields) {
    const value = message[field.localName];
    if (isAbsent(field, value)) continue;
    input[field.name] = Array.isArray(value)
      ? value.map((one) => jsonOf(field, one) ?? "unspecified")
      : jsonOf(field, value);
  }
  return requestShapes[schema.typeName]?.(input) ?? input;
}

/** The fields of a message, from an answer. */
export function messageOf(schema: DescMessage, answer: Json): Record<string, unknown> {
  const json = answerShapes[schema.typeName]?.(answer) ?? answer;
  const message: Record<string, unknown> = {};
  for (const field of schema.fields) {
    const value = json[field.name] ?? (isDuration(field) ? json[`${field.name}_ms`] : undefined);
    if (value === undefined || value === null) continue;
    message[field.localName] =
      field.fieldKind === "list"
        ? (value as readonly unknown[]).map((one) => fieldOf(field, one))
        : fieldOf(field, value);
  }
  return message;
}

function isAbsent(field: DescField, value: unknown): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) return false;
  return value === "" || value === 0 || value === 0n || value === false;
}

/** A time that is out of range, as RFC 3339 has it; a malformed time becomes this one, too. */
const outOfRange = "0001-01-01T00:00:00Z";

/** One value of a field as JSON; `undefined` for an enum's value that is unspecified. */
function jsonOf(field: DescField, value: unknown): unknown {
  if (field.enum !== undefined) return wordsOf(field.enum).words.get(value as number) ?? String(value);
  if (field.message === undefined) return typeof value === "bigint" ? Number(value) : value;
  if (isTimestamp(field)) {
    const micros = timestampMicros(value as Timestamp) ?? Number.NaN;
    return micros >= microsMin && micros <= microsMax ? formatTime(micros) : outOfRange;
  }
  if (isDuration(field)) {
    const micros = durationMicros(value as Duration);
    return micros === undefined || micros % 1_000 !== 0 ? "" : `${micros / 1_000}ms`;
  }
  return inputOf(field.message, value as Json);
}

function fieldOf(field: DescField, value: unknown): unknown {
  if (field.enum !== undefined) return wordsOf(field.enum).numbers.get(value as string);
  if (field.message === undefined) return isLong(field) ? BigInt(value as number) : value;
  if (isTimestamp(field)) return microsTimestamp(parseTime(value as string) as number);
  if (isDuration(field)) {
    const ms = typeof value === "string" ? (parseDuration(value) ?? 0) : (value as number);
    return microsDuration(Math.round(ms * 1_000));
  }
  if (field.message.typeName === "google.protobuf.Struct") return value;
  return messageOf(field.message, value as Json);
}

function isTimestamp({ message }: DescField): boolean {
  return message?.typeName === "google.protobuf.Timestamp";
}

function isDuration({ message }: DescField): boolean {
  return message?.typeName === "google.protobuf.Duration";
}

const longs: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.UINT64,
  ScalarType.INT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);

function isLong(field: DescField): boolean {
  return longs.has(field.scalar);
}

interface Words {
  /** By number; 0, which is unspecified, has none. */
  readonly words: ReadonlyMap<number, string | undefined>;
  readonly numbers: ReadonlyMap<string, number>;
}

const wordsByEnum = new WeakMap<DescEnum, Words>();

function wordsOf(desc: DescEnum): Words {
  const known = wordsByEnum.get(desc);
  if (known !== undefined) return known;
  const pairs = desc.values.map(({ number, localName }) => [number, localName.toLowerCase()] as const);
  const made: Words = {
    words: new Map(pairs.filter(([number]) => number !== 0)),
    numbers: new Map(pairs.map(([number, name]) => [name, number])),
  };
  wordsByEnum.set(desc, made);
  return made;
}
