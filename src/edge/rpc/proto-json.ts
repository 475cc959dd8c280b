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
import { structOf } from "./struct.ts";

/** The input of an operation. Values without a form in JSON become values that every schema refuses. */
export function inputOf(schema: DescMessage, message: Json): Json {
  const input: Record<string, unknown> = {};
  for (const field of fieldsOf(schema)) {
    const value = message[field.localName];
    if (value === undefined || field.isAbsent(value)) continue;
    input[field.name] = field.isList
      ? (value as readonly unknown[]).map((one) => field.toJson(one) ?? "unspecified")
      : field.toJson(value);
  }
  return requestShapes[schema.typeName]?.(input) ?? input;
}

/** The fields of a message, from an answer. */
export function messageOf(schema: DescMessage, answer: Json): Record<string, unknown> {
  const json = answerShapes[schema.typeName]?.(answer) ?? answer;
  const message: Record<string, unknown> = {};
  for (const { localName, name, otherName, isList, toField } of fieldsOf(schema)) {
    const value = json[name] ?? json[otherName];
    if (value === undefined || value === null) continue;
    message[localName] = isList ? (value as readonly unknown[]).map(toField) : toField(value);
  }
  return message;
}

/** A field with what is asked of its descriptor for each value, found out once. */
interface Field {
  readonly localName: string;
  /** In JSON, and `otherName` of durations in answers. */
  readonly name: string;
  readonly otherName: string;
  readonly isList: boolean;
  /** Whether protobuf has no difference between this value and none. */
  isAbsent(value: unknown): boolean;
  /** One value as JSON; `undefined` for an enum's value that is unspecified. */
  toJson(value: unknown): unknown;
  toField(value: unknown): unknown;
}

const fieldsBySchema = new WeakMap<DescMessage, readonly Field[]>();

function fieldsOf(schema: DescMessage): readonly Field[] {
  const known = fieldsBySchema.get(schema);
  if (known !== undefined) return known;
  const fields = schema.fields.map((field): Field => {
    const isList = field.fieldKind === "list";
    const isImplicit = field.presence === FeatureSet_FieldPresence.IMPLICIT;
    return {
      localName: field.localName,
      name: field.name,
      otherName: field.message?.typeName === durationType ? `${field.name}_ms` : field.name,
      isList,
      isAbsent: (value) =>
        isList ? (value as readonly unknown[]).length === 0 : isImplicit && zeros.has(value),
      ...conversionOf(field),
    };
  });
  fieldsBySchema.set(schema, fields);
  return fields;
}

const zeros: ReadonlySet<unknown> = new Set(["", 0, 0n, false]);

const durationType = "google.protobuf.Duration";

type Conversion = Pick<Field, "toJson" | "toField">;

function conversionOf({ enum: words, message, scalar }: DescField): Conversion {
  if (words !== undefined) return enumConversion(words);
  if (message !== undefined) {
    return (
      wellKnown[message.typeName] ?? {
        toJson: (value) => inputOf(message, value as Json),
        toField: (value) => messageOf(message, value as Json),
      }
    );
  }
  return longs.has(scalar) ? { toJson: Number, toField: (value) => BigInt(value as number) } : asItIs;
}

const asItIs: Conversion = { toJson: (value) => value, toField: (value) => value };

/** A time that is out of range, as RFC 3339 has it; a malformed time becomes this one, too. */
const outOfRange = "0001-01-01T00:00:00Z";

const wellKnown: Readonly<Record<string, Conversion>> = {
  "google.protobuf.Struct": { toJson: (value) => value, toField: structOf },
  "google.protobuf.Timestamp": {
    toJson(value) {
      const micros = timestampMicros(value as Timestamp) ?? Number.NaN;
      return micros >= microsMin && micros <= microsMax ? formatTime(micros) : outOfRange;
    },
    toField: (value) => microsTimestamp(parseTime(value as string) as number),
  },
  [durationType]: {
    toJson(value) {
      const micros = durationMicros(value as Duration);
      return micros === undefined || micros % 1_000 !== 0 ? "" : `${micros / 1_000}ms`;
    },
    toField(value) {
      const ms = typeof value === "string" ? (parseDuration(value) ?? 0) : (value as number);
      return microsDuration(Math.round(ms * 1_000));
    },
  },
};

const longs: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.UINT64,
  ScalarType.INT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);

/** Enums are open: a value without a word, which a newer client may send, is its number, which no schema takes. */
function enumConversion({ values }: DescEnum): Conversion {
  const pairs = values.map(({ number, localName }) => [number, localName.toLowerCase()] as const);
  const words = new Map<number, string | undefined>([
    ...pairs.filter(([number]) => number !== 0),
    [0, undefined],
  ]);
  const numbers = new Map(pairs.map(([number, word]) => [word, number]));
  return {
    toJson: (value) => (words.has(value as number) ? words.get(value as number) : String(value)),
    toField: (value) => numbers.get(value as string),
  };
}
