/** How much of a bound an event takes, where bounds are in characters. */
import type { MarsEvent } from "../core/event.ts";

/** Of an event's row in the journal: two times of 16 digits, quotes, commas and brackets. */
const rowChars = 64;

/** About the characters of the event in the journal. Escapes are not counted: every bound leaves room for them. */
export function eventChars(event: MarsEvent): number {
  return (
    event.appId.length +
    event.messageId.length +
    event.event.length +
    event.eventId.length +
    event.externalId.length +
    event.parentId.length +
    event.attributes.length +
    (event.traceparent?.length ?? 0) +
    rowChars
  );
}
