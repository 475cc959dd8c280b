/** The spans of a store transaction: one in the trace of each of its events, as a part of the span that reported it. */
import type { SequencedEvent } from "../core/event.ts";
import type { Spans } from "../core/spans.ts";

/** Of one transaction: one of 20,000 events must not fill the queue of spans. */
const spansMax = 64;

/** @param beganAt by `performance.now()` */
export function addStoreSpans(spans: Spans, events: readonly SequencedEvent[], beganAt: number): void {
  const fields = { "mars.batch.events": events.length };
  const seen = new Set<string>();
  for (const { traceparent, seq } of events) {
    if (traceparent === undefined || seen.has(traceparent)) continue;
    seen.add(traceparent);
    const span = spans.begin({ kind: "internal", name: "store", parent: traceparent, beganAt });
    span?.end({ fields: { ...fields, "mars.seq": seq } });
    if (seen.size === spansMax) return;
  }
}
