/** A span as it is sent: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
import type { Micros } from "../core/event.ts";
import type { SpanFields, SpanKind } from "../core/spans.ts";

export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly beganAt: Micros;
  readonly endedAt: Micros;
  readonly failed: boolean;
  readonly fields: SpanFields;
}

/** The sender of spans. */
export interface Sender {
  readonly service: string;
  readonly version: string;
}

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
const errorCode = 2;

/** The body of an OTLP request, as JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
export function requestOf(spans: readonly Span[], { service, version }: Sender): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ "service.name": service, "service.version": version }) },
        scopeSpans: [{ scope: { name: "mars", version }, spans: spans.map(spanJson) }],
      },
    ],
  });
}

function spanJson({ traceId, spanId, parentId, name, kind, beganAt, endedAt, failed, fields }: Span) {
  return {
    traceId,
    spanId,
    ...(parentId !== "" && { parentSpanId: parentId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: `${beganAt}000`,
    endTimeUnixNano: `${endedAt}000`,
    attributes: attributesOf(fields),
    status: failed ? { code: errorCode } : {},
  };
}

function attributesOf(fields: SpanFields) {
  return Object.entries(fields).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  }));
}
