/** Cuts what is published into slices: the unit in which subscribers take events, and by which they overshoot a bound. */
import type { SequencedEvent } from "../event/event.ts";

const sliceEventsMax = 256;
/** UTF-16 units of the events' texts. One event alone may exceed it only if the limits on events grow. */
const sliceCharsMax = 256 * 1024;

/** @returns at least one slice for a batch that is not empty; each is an array of its own that is never changed */
export function slicesOf(events: readonly SequencedEvent[]): readonly (readonly SequencedEvent[])[] {
  const slices: SequencedEvent[][] = [];
  let slice: SequencedEvent[] = [];
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

function sizeOf(event: SequencedEvent): number {
  const { appId, messageId, eventId, externalId, attributes } = event;
  const texts = appId.length + messageId.length + eventId.length + externalId.length + attributes.length;
  return texts + event.event.length;
}
