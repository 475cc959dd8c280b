/**
 * The topology: log → ten collectors → ten aggregators → store → publish.
 *
 * Two loops over the same batches. One reads the log and partitions its events over the collectors; the other folds what
 * the collectors have of a batch, stores it in one transaction and publishes it. While one batch is being stored the next
 * one is folded and the one after it fills, so batches grow with the load by themselves. At rest an event passes at once.
 *
 * A batch is a contiguous range of the log, of events, or of one change. So the store's position is one number, stored in the same
 * transaction.
 */
import { type Aggregate, aggregate, mergeAggregates } from "./aggregator.ts";
import { type Batch, makeBatch, type StoredBatch } from "./batch.ts";
import type { Batcher, BatchRange } from "./batcher.ts";
import type { LogRecord } from "./log-tail.ts";
import type { Pace } from "./pace.ts";

export interface Topology {
  /** From the store's position on. It ends when Mars stops. */
  readonly log: AsyncIterable<LogRecord>;
  readonly batcher: Batcher;
  /** Stores a batch, in ranges where the whole cannot be stored; yields each that is stored, in order. */
  readonly write: (batch: Batch) => AsyncIterable<StoredBatch>;
  readonly publish: (stored: StoredBatch) => void;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** Resolves when the log has ended and all of it is stored, or the signal aborts. Rejects as `write` does. */
export async function runTopology(topology: Topology): Promise<void> {
  await Promise.all([collect(topology), store(topology)]);
}

async function collect({ log, batcher, signal }: Topology): Promise<void> {
  for await (const { events, partition, change } of log) {
    if (change !== undefined) await batcher.pushChange(change);
    if (signal.aborted) return;
    for (let n = 0; n < events.length; n++) {
      const full = batcher.push(events[n]!, partition[n]!);
      if (full === undefined) continue;
      await full;
      if (signal.aborted) return;
    }
  }
  batcher.end();
}

async function store({ batcher, write, publish, pace }: Topology): Promise<void> {
  const aggregators = batcher.collectors.map((collector) => aggregate(collector));
  const folded = async (range: BatchRange) => {
    const aggregates: Aggregate[] = [];
    // They share a thread, so each has its turn.
    for (const aggregator of aggregators) {
      const aggregate = (await aggregator.next()).value!;
      aggregates.push(aggregate);
      await pace(aggregate.events.length);
    }
    return makeBatch(range, mergeAggregates(aggregates), pace);
  };
  let storing = Promise.resolve();
  for await (const range of batcher) {
    const batch = range.change === undefined ? await folded(range) : { ...range, ...nothing };
    await storing;
    storing = publishAll(write(batch), publish);
    storing.catch((error: unknown) => batcher.fail(error));
  }
  await storing;
}

/** Of a batch that is a change. */
const nothing = { events: [], content: undefined };

async function publishAll(stored: AsyncIterable<StoredBatch>, publish: Topology["publish"]): Promise<void> {
  for await (const range of stored) publish(range);
}
