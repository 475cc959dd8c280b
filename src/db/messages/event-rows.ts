/** Rows of `events`, and how a page of them is bounded in bytes. */
import type { Row } from "@libsql/client";
import type { MarsEvent, MessageKey, Micros, SequencedEvent, StoredEvent } from "../../core/event.ts";

/**
 * Bytes of events in one answer, as they are kept; one event has 10,000 at most. A database server answers at most
 * 10,000,000, and JSON in JSON takes up to twice as much.
 */
export const pageBytesMax = 1024 * 1024;

/** Of the table `e`. */
export const eventColumns =
  "e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead, e.traceparent";

/** The bytes of an event of the table `e` in an answer: names, numbers and quotes are some 200. */
export const eventBytes =
  "(200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id) + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent))";

export function keyOf(row: Row): MessageKey {
  return { appId: String(row.app_id), messageId: String(row.message_id) };
}

function sequencedEvent(key: MessageKey, row: Row): SequencedEvent {
  return {
    appId: key.appId,
    messageId: key.messageId,
    event: String(row.event),
    createdAt: Number(row.created_at),
    receivedAt: Number(row.received_at),
    eventId: String(row.event_id),
    externalId: String(row.external_id),
    parentId: String(row.parent_id),
    attributes: String(row.attributes),
    seq: Number(row.seq),
    ...marked(Number(row.ahead), String(row.traceparent)),
  };
}

const none = {};

/** What few events have, by the columns: the mark of one from ahead, and a trace. */
export function marked(ahead: Micros, traceparent: string): Pick<MarsEvent, "aheadBy" | "traceparent"> {
  if (ahead === 0 && traceparent === "") return none;
  return { ...(ahead !== 0 && { aheadBy: ahead }), ...(traceparent !== "" && { traceparent }) };
}

/** The published event: one that a repeat has changed has the place of that repeat. */
export function publishedEvent(row: Row): SequencedEvent {
  const event = sequencedEvent(keyOf(row), row);
  return row.changed_seq === 0 ? event : { ...event, seq: Number(row.changed_seq), replaces: event.seq };
}

export function storedEvent(key: MessageKey, row: Row): StoredEvent {
  return { ...sequencedEvent(key, row), duplicates: Number(row.duplicates) };
}
