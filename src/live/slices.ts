/** Cuts what is published into slices: the unit in which subscribers take events, and by which they overshoot a bound. */
import type { SequencedEvent } from "../core/event.ts";
import type { Finding } from "../lifecycle/finding.ts";

const sliceEventsMax = 256;
/** UTF-16 units of the events' texts. One event alone may exceed it only if the limits on events grow. */
const sliceCharsMax = 256 * 1024;

/**
 * @param sizeOf the UTF-16 units of an item's texts
 * @returns at least one slice for a batch that is not empty; each is an array of its own that is never changed
 */
export function slicesOf<Item>(
  events: readonly Item[],
  sizeOf: (event: Item) => number,
): readonly (readonly Item[])[] {
  const slices: Item[][] = [];
  let slice: Item[] = [];
  let chars = 0;
  for (const event of events) {
    const size = sizeOf(event);
    if (slice.length > 0 && (slice.length === sliceEventsMax || chars + size > sliceCharsMax)) {
      slices.push(slice);
      slice = [];
      chars = 0;
    }
    slice.push(event);
    chars += size;
  }
  if (slice.length > 0) slices.push(slice);
  return slices;
}

export function eventSize({
  appId,
  messageId,
  event,
  eventId,
  externalId,
  attributes,
}: SequencedEvent): number {
  return (
    appId.length + messageId.length + event.length + eventId.length + externalId.length + attributes.length
  );
}

export function findingSize({ appId, messageId, stage, after }: Finding): number {
  return appId.length + messageId.length + stage.length + after.length;
}
