/**
 * Which events of a batch are published: each as it is stored. A repeat may be stored otherwise than it was reported, and a
 * watcher must end with the same view as a reader.
 */
import type { SequencedEvent } from "../core/event.ts";
import type { StoreOutcome } from "../core/ports.ts";
import type { FoldedMessage } from "./aggregator.ts";

/** The events of which a batch has more than one report, by seq, as they were folded. */
export function repeatedIn(folded: readonly FoldedMessage[]): ReadonlyMap<number, SequencedEvent> {
  const repeated = new Map<number, SequencedEvent>();
  for (const { reports, events } of folded) {
    if (reports.length === events.length) continue;
    for (const { duplicates, ...event } of events) {
      if (duplicates > 0) repeated.set(event.seq, event);
    }
  }
  return repeated;
}

/**
 * The events to publish, in seq order: those that were new, and at the place of a repeat those that it has changed.
 *
 * @param reports the batch as it came, in seq order
 */
export function publicationOf(
  reports: readonly SequencedEvent[],
  repeated: ReadonlyMap<number, SequencedEvent>,
  outcome: StoreOutcome | null,
): readonly SequencedEvent[] {
  if (outcome === null) return reports;
  const stored = new Map(outcome.changed.map((event) => [event.seq, event]));
  const fresh = new Set(outcome.fresh);
  return reports.flatMap((report) => {
    const event = fresh.has(report.seq) ? (repeated.get(report.seq) ?? report) : stored.get(report.seq);
    return event === undefined ? [] : [event];
  });
}
