/**
 * Reads records of OTLP's JSON, whose rules differ from protobuf's own JSON: ids are hexadecimal, enums are numbers, names are in
 * lowerCamelCase alone, and what is not known is ignored.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 *
 * Nothing here throws: a value of another type than it should have counts as absent.
 */
import { attributesDepthMax } from "../../core/limits.ts";
import { integerOf, noAttributes, type OtlpAttributes, type OtlpLog, type OtlpSpan } from "./record.ts";

type Json = Readonly<Record<string, unknown>>;

const nothing: Json = {};
const idPattern = { 32: /^[0-9a-f]{32}$/, 16: /^[0-9a-f]{16}$/ } as const;
const zeros = /^0+$/;

export function logFromJson(value: unknown): OtlpLog {
  const log = objectOf(value);
  return {
    ...traceOf(log),
    time: nanosOf(log.timeUnixNano),
    observedTime: nanosOf(log.observedTimeUnixNano),
    eventName: textOf(log.eventName),
    severityText: textOf(log.severityText),
    severityNumber: numberOf(log.severityNumber),
    body: log.body === undefined || log.body === null ? undefined : valueFromJson(log.body, 0),
    attributes: attributesFromJson(log.attributes),
  };
}

export function spanFromJson(value: unknown): OtlpSpan {
  const span = objectOf(value);
  const status = objectOf(span.status);
  return {
    ...traceOf(span),
    parentSpanId: idOf(span.parentSpanId, 16),
    name: textOf(span.name),
    kind: numberOf(span.kind),
    startTime: nanosOf(span.startTimeUnixNano),
    endTime: nanosOf(span.endTimeUnixNano),
    attributes: attributesFromJson(span.attributes),
    events: listOf(span.events).map((one) => {
      const event = objectOf(one);
      return {
        time: nanosOf(event.timeUnixNano),
        name: textOf(event.name),
        attributes: attributesFromJson(event.attributes),
      };
    }),
    statusCode: numberOf(status.code),
    statusMessage: textOf(status.message),
  };
}

/** The attributes of a resource, of a record, or of an event of a span. */
export function attributesFromJson(value: unknown): OtlpAttributes {
  const pairs = listOf(value);
  if (pairs.length === 0) return noAttributes;
  const attributes = new Map<string, unknown>();
  for (const pair of pairs) {
    const { key, value: any } = objectOf(pair);
    if (typeof key === "string" && !attributes.has(key)) attributes.set(key, valueFromJson(any, 0));
  }
  return attributes;
}

function valueFromJson(value: unknown, depth: number): unknown {
  const any = objectOf(value);
  if (typeof any.stringValue === "string") return any.stringValue;
  if (typeof any.boolValue === "boolean") return any.boolValue;
  if (any.intValue !== undefined) return integerFromJson(any.intValue);
  if (any.doubleValue !== undefined) return doubleFromJson(any.doubleValue);
  if (typeof any.bytesValue === "string") return any.bytesValue;
  if (depth >= attributesDepthMax) return null;
  if (any.arrayValue !== undefined) {
    return listOf(objectOf(any.arrayValue).values).map((member) => valueFromJson(member, depth + 1));
  }
  if (any.kvlistValue !== undefined) {
    const members = listOf(objectOf(any.kvlistValue).values).map(objectOf);
    return Object.fromEntries(
      members.map(({ key, value }) => [String(key), valueFromJson(value, depth + 1)]),
    );
  }
  return null;
}

/** A 64-bit integer comes as a text or as a number. */
function integerFromJson(value: unknown): unknown {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return typeof value === "string" && /^-?\d{1,19}$/.test(value) ? integerOf(BigInt(value)) : null;
}

/** `NaN` and the infinities come as texts. */
function doubleFromJson(value: unknown): unknown {
  return typeof value === "number" || typeof value === "string" ? value : null;
}

function traceOf(record: Json): Pick<OtlpLog, "traceId" | "spanId" | "flags"> {
  return {
    traceId: idOf(record.traceId, 32),
    spanId: idOf(record.spanId, 16),
    flags: numberOf(record.flags),
  };
}

/** An id of zeros is none. */
function idOf(value: unknown, digits: 16 | 32): string {
  if (typeof value !== "string") return "";
  const id = value.toLowerCase();
  return idPattern[digits].test(id) && !zeros.test(id) ? id : "";
}

/** At most 20 digits: an unsigned integer of 64 bits. */
function nanosOf(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "string") return /^\d{1,20}$/.test(value) ? BigInt(value) : 0n;
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? BigInt(Math.trunc(value)) : 0n;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) ? value : 0;
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : nothing;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
