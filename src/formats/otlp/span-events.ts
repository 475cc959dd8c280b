/** Makes events of a span: one at its end, one at its start where that is asked for, and one for each of its own events. */
import { cleanText, type Field, fitAttributes } from "../fit-attributes.ts";
import type { OtlpAttributes, OtlpSpan } from "./record.ts";
import { idsOf, type RecordContext, type RecordEvent, traceparentOf } from "./record-event.ts";

const kinds = [undefined, "internal", "server", "client", "producer", "consumer"];
const statuses = [undefined, "ok", "error"];

/** The kind of a messaging operation: `create`, `send`, `receive`, `process`, `settle`. */
const operationName = "messaging.operation.type";

/**
 * @returns the events to be checked, that of the end first; or why the span is none
 */
export function eventsOfSpan(span: OtlpSpan, context: RecordContext): readonly RecordEvent[] | string {
  const ids = idsOf(span, span.attributes, context);
  if (typeof ids === "string") return ids;
  const event = cleanText(
    textAt(span.attributes, "event.name") || textAt(span.attributes, operationName) || span.name,
  );
  if (event === "") return "no_event_name";
  const { attributesBytesMax } = context;
  const common = { ...ids, traceparent: traceparentOf(span) };
  const own = ids.event_id ?? (span.spanId || undefined);
  const ended = span.endTime === 0n ? span.startTime : span.endTime;
  const events: RecordEvent[] = [
    {
      input: {
        ...common,
        event,
        event_id: own,
        attributes: fitAttributes(fieldsOf(span, event, context), attributesBytesMax),
      },
      time: ended,
    },
  ];
  if (context.mapping.otlpSpanStarts && span.startTime !== 0n) {
    const attributes = fitAttributes(shared(span, event, context), attributesBytesMax);
    events.push({
      input: { ...common, event: `${event}.started`, event_id: own, attributes },
      time: span.startTime,
    });
  }
  for (const [index, { name, time, attributes }] of span.events.entries()) {
    // A span has its events in one order whenever it is sent.
    const event_id = own === undefined ? undefined : `${own}:${index}`;
    const fitted = fitAttributes(attributes, attributesBytesMax);
    events.push({ input: { ...common, event: cleanText(name), event_id, attributes: fitted }, time });
  }
  return events;
}

function* fieldsOf(span: OtlpSpan, event: string, context: RecordContext): Generator<Field> {
  for (const field of span.attributes) if (!context.used.has(field[0])) yield field;
  if (span.startTime !== 0n && span.endTime >= span.startTime) {
    yield ["span.duration_ms", Number((span.endTime - span.startTime) / 1_000n) / 1_000];
  }
  yield ["span.status", statuses[span.statusCode]];
  yield ["span.status_message", span.statusMessage || undefined];
  yield* shared(span, event, context);
}

function* shared(span: OtlpSpan, event: string, { resource, used }: RecordContext): Generator<Field> {
  if (span.name !== event) yield ["span.name", span.name];
  yield ["span.kind", kinds[span.kind]];
  yield ["span.parent_id", span.parentSpanId || undefined];
  for (const field of resource) if (!used.has(field[0])) yield field;
}

function textAt(attributes: OtlpAttributes, name: string): string {
  const value = attributes.get(name);
  return typeof value === "string" ? value : "";
}
