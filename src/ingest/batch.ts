/** A batch: a contiguous range of the log, folded, on its way to the store. */
import type { ChangeRecord } from "../core/change-record.ts";
import type { SequencedEvent } from "../core/event.ts";
import type { StoreChunk } from "../core/ports.ts";
import { type Aggregate, type FoldedMessage, foldMessages } from "./aggregator.ts";
import { makeChunks } from "./chunks.ts";
import type { Pace } from "./pace.ts";
import { repeatedIn } from "./publication.ts";

/** The range `(from, to]` of the sequence. */
export interface Batch {
  readonly from: number;
  readonly to: number;
  /** In seq order; at least one, the last with `to`. None where it is a change. */
  readonly events: readonly SequencedEvent[];
  readonly change?: ChangeRecord;
  /** Made of them by the aggregators; `undefined` where that failed, or is still to be done. */
  readonly content: BatchContent | undefined;
}

/** The contents of a store transaction, and what publishing them needs to know. */
export interface BatchContent {
  readonly chunks: readonly StoreChunk[];
  /** See `repeatedIn`. */
  readonly repeated: ReadonlyMap<number, SequencedEvent>;
}

/** A batch, or a range of one, that is stored or set aside. */
export interface StoredBatch {
  /** The position of the store. */
  readonly upTo: number;
  /** The events to publish: those that it added or changed, in seq order. */
  readonly events: readonly SequencedEvent[];
}

/** The batch of a range, of which the aggregators have folded this. Never rejects: see `Batch.content`. */
export async function makeBatch(
  { from, to }: Pick<Batch, "from" | "to">,
  { events, messages }: Aggregate,
  pace: Pace,
): Promise<Batch> {
  const content = messages && (await contentOf(messages, pace).catch(() => undefined));
  return { from, to, events, content };
}

/** Of a range of a batch, which no aggregator has folded. */
export function foldContent(events: readonly SequencedEvent[], pace: Pace): Promise<BatchContent> {
  return contentOf(foldMessages(events), pace);
}

async function contentOf(messages: readonly FoldedMessage[], pace: Pace): Promise<BatchContent> {
  return { chunks: await makeChunks(messages, pace), repeated: repeatedIn(messages) };
}
