/** The responses of the methods that watch a topic: where it begins, then its items in batches. */
import type { StreamItem, TopicItem } from "../../core/ports.ts";

/**
 * Items in one response. An event takes up to some 30 KiB, and the common gRPC clients refuse responses over 4 MiB.
 */
const batchItemsMax = 100;

type Started = { case: "started"; value: { seq: bigint; recovered: boolean } };

/**
 * @param batch the value that brings these items
 * @throws the signal's reason when it has ended the stream
 */
export async function* watch<Item extends TopicItem, Batch>(
  items: AsyncIterable<StreamItem<Item>>,
  batch: (items: readonly Item[]) => Batch,
  signal: AbortSignal,
): AsyncGenerator<{ item: Started | { case: "batch"; value: Batch } }> {
  for await (const item of items) {
    if (!("events" in item)) {
      yield { item: { case: "started", value: { seq: BigInt(item.seq), recovered: item.recovered } } };
      continue;
    }
    for (let at = 0; at < item.events.length; at += batchItemsMax) {
      yield { item: { case: "batch", value: batch(item.events.slice(at, at + batchItemsMax)) } };
    }
  }
  signal.throwIfAborted();
}
