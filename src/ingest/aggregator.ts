/**
 * An aggregator: reads its collector, and folds the events of one message together, so that the store meets each message
 * once a batch.
 */
import type { SequencedEvent, StoredEvent } from "../core/event.ts";
import { foldReports } from "../core/fold.ts";
import { mergeBySeq } from "./merge.ts";

/** A message's events in a batch. */
export interface FoldedMessage {
  /** In seq order; at least one. */
  readonly reports: readonly SequencedEvent[];
  /** The set that they make. */
  readonly events: readonly StoredEvent[];
}

/** A batch, or one collector's partition of it. */
export interface Aggregate {
  /** In seq order. */
  readonly events: readonly SequencedEvent[];
  /** Made of them, in the order of their first seqs; `undefined` where that failed, or is still to be done. */
  readonly messages: readonly FoldedMessage[] | undefined;
}

/** Folds one partition after the other. */
export async function* aggregate(
  partitions: AsyncIterable<readonly SequencedEvent[]>,
): AsyncGenerator<Aggregate, void, undefined> {
  for await (const events of partitions) yield { events, messages: attemptFold(events) };
}

/** Merges the aggregates of all partitions into the batch. */
export function mergeAggregates(aggregates: readonly Aggregate[]): Aggregate {
  const messages = aggregates.map((aggregate) => aggregate.messages);
  return {
    events: mergeBySeq(
      aggregates.map(({ events }) => events),
      ({ seq }) => seq,
    ),
    messages: messages.every((list) => list !== undefined) ? mergeBySeq(messages, firstSeqOf) : undefined,
  };
}

/** @param events in seq order */
export function foldMessages(events: readonly SequencedEvent[]): FoldedMessage[] {
  // Two maps: one key made of both ids would have to be put together, and hashed, for each event.
  const apps = new Map<string, Map<string, SequencedEvent[]>>();
  const messages: SequencedEvent[][] = [];
  for (const event of events) {
    let ofApp = apps.get(event.appId);
    if (ofApp === undefined) {
      ofApp = new Map();
      apps.set(event.appId, ofApp);
    }
    const known = ofApp.get(event.messageId);
    if (known !== undefined) {
      known.push(event);
      continue;
    }
    const reports = [event];
    ofApp.set(event.messageId, reports);
    messages.push(reports);
  }
  return messages.map((reports) => ({ reports, events: foldReports(reports) }));
}

/** Of the message's first event in the batch. */
export function firstSeqOf({ reports }: FoldedMessage): number {
  return reports[0]!.seq;
}

/** A fault in one partition must not end the aggregator: `BatchWriter` folds the batch again, and deals with it. */
function attemptFold(events: readonly SequencedEvent[]): FoldedMessage[] | undefined {
  try {
    return foldMessages(events);
  } catch {
    return undefined;
  }
}
