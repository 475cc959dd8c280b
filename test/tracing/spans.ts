/** Spans as a collector receives them from Mars. */
import type { Received } from "../support/receiver.ts";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  /** In nanoseconds, to some hundred of them. */
  readonly beganAt: number;
  readonly endedAt: number;
  readonly failed: boolean;
  readonly fields: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON that Mars has sent, to be compared
type Json = any;

/** @param received a request with OTLP as JSON */
export function spansIn({ body }: Pick<Received, "body">): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as Json;
  return resourceSpans
    .flatMap((resource: Json) => resource.scopeSpans)
    .flatMap((scope: Json) => scope.spans)
    .map((span: Json) => ({
      ...{ traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId },
      ...{ name: span.name, kind: span.kind, failed: span.status.code === 2 },
      ...{ beganAt: Number(span.startTimeUnixNano), endedAt: Number(span.endTimeUnixNano) },
      fields: Object.fromEntries(
        span.attributes.map(({ key, value }: Json) => [key, value.stringValue ?? value.intValue]),
      ),
    }));
}
