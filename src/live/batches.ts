/** Splits what is published into batches: the unit that subscribers accept, and by which they may exceed a bound. */
import type { SequencedEvent } from "../core/event.ts";
import type { Finding } from "../lifecycle/finding.ts";

const batchItemsMax = 256;
/** UTF-16 units of the items' texts. One item alone may exceed it only if the limits on events grow. */
const batchCharsMax = 256 * 1024;

/**
 * @param sizeOf the UTF-16 units of an item's texts
 * @returns no batch for no items; each batch is an array of its own that is never changed
 */
export function batchesOf<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
): readonly (readonly Item[])[] {
  const batches: Item[][] = [];
  let batch: Item[] = [];
  let chars = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (batch.length > 0 && (batch.length === batchItemsMax || chars + size > batchCharsMax)) {
      batches.push(batch);
      batch = [];
      chars = 0;
    }
    batch.push(item);
    chars += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

export function eventSize({
  appId,
  messageId,
  event,
  eventId,
  externalId,
  parentId,
  attributes,
  traceparent = "",
}: SequencedEvent): number {
  return (
    appId.length +
    messageId.length +
    event.length +
    eventId.length +
    externalId.length +
    parentId.length +
    attributes.length +
    traceparent.length
  );
}

export function findingSize({ appId, messageId, stage, after }: Finding): number {
  return appId.length + messageId.length + stage.length + after.length;
}
