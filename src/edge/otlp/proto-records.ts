/** Records of OTLP from their protobuf messages. */
import { attributesDepthMax } from "../../core/limits.ts";
import {
  integerOf,
  noAttributes,
  type OtlpAttributes,
  type OtlpLog,
  type OtlpSpan,
} from "../../formats/otlp/record.ts";
import type { AnyValue, KeyValue } from "../../gen/opentelemetry/proto/common/v1/common_pb.ts";
import type { LogRecord } from "../../gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import type { Span } from "../../gen/opentelemetry/proto/trace/v1/trace_pb.ts";

export function logFromProto(log: LogRecord): OtlpLog {
  return {
    ...traceOf(log),
    time: log.timeUnixNano,
    observedTime: log.observedTimeUnixNano,
    eventName: log.eventName,
    severityText: log.severityText,
    severityNumber: log.severityNumber,
    body: log.body === undefined ? undefined : valueFromProto(log.body, 0),
    attributes: attributesFromProto(log.attributes),
  };
}

export function spanFromProto(span: Span): OtlpSpan {
  return {
    ...traceOf(span),
    parentSpanId: idOf(span.parentSpanId, 8),
    name: span.name,
    kind: span.kind,
    startTime: span.startTimeUnixNano,
    endTime: span.endTimeUnixNano,
    attributes: attributesFromProto(span.attributes),
    events: span.events.map(({ timeUnixNano, name, attributes }) => ({
      time: timeUnixNano,
      name,
      attributes: attributesFromProto(attributes),
    })),
    statusCode: span.status?.code ?? 0,
    statusMessage: span.status?.message ?? "",
  };
}

export function attributesFromProto(pairs: readonly KeyValue[]): OtlpAttributes {
  if (pairs.length === 0) return noAttributes;
  const attributes = new Map<string, unknown>();
  for (const { key, value } of pairs) {
    if (!attributes.has(key)) attributes.set(key, valueFromProto(value, 0));
  }
  return attributes;
}

function valueFromProto(any: AnyValue | undefined, depth: number): unknown {
  const value = any?.value;
  switch (value?.case) {
    case "stringValue":
    case "boolValue":
    case "doubleValue":
      return value.value;
    case "intValue":
      return integerOf(value.value);
    case "bytesValue":
      return Buffer.from(value.value).toString("base64");
    case "arrayValue":
      if (depth >= attributesDepthMax) return null;
      return value.value.values.map((member) => valueFromProto(member, depth + 1));
    case "kvlistValue":
      if (depth >= attributesDepthMax) return null;
      return Object.fromEntries(
        value.value.values.map(({ key, value: member }) => [key, valueFromProto(member, depth + 1)]),
      );
    default:
      return null;
  }
}

function traceOf({
  traceId,
  spanId,
  flags,
}: Pick<LogRecord, "traceId" | "spanId" | "flags">): Pick<OtlpLog, "traceId" | "spanId" | "flags"> {
  return { traceId: idOf(traceId, 16), spanId: idOf(spanId, 8), flags };
}

/** An id of another length, or of zeros, is none. */
function idOf(id: Uint8Array, bytes: number): string {
  if (id.byteLength !== bytes || id.every((byte) => byte === 0)) return "";
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("hex");
}
