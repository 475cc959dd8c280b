/**
 * How events are written in a record of the journal: a JSON array with one array for each event, in seq order. Arrays,
 * because field names would be half of the bytes that every fsync waits for.
 */
import type { MarsEvent, SequencedEvent } from "../core/event.ts";
import type { JournalRecord } from "./journal-record.ts";

/** Later formats get other numbers, and readers for all of them stay: a journal may outlive the Mars that wrote it. */
const format = 1;

type Row = [
  appId: string,
  messageId: string,
  event: string,
  createdAt: number,
  receivedAt: number,
  eventId: string,
  externalId: string,
  attributes: string,
];

/** @returns the record's body */
export function encodeEvents(events: readonly MarsEvent[]): string {
  const rows: (Row | number)[] = [format];
  for (const e of events) {
    rows.push([
      e.appId,
      e.messageId,
      e.event,
      e.createdAt,
      e.receivedAt,
      e.eventId,
      e.externalId,
      e.attributes,
    ]);
  }
  return JSON.stringify(rows);
}

/** Throws for a record of another format. */
export function decodeEvents({ firstSeq, body }: JournalRecord): SequencedEvent[] {
  const [written, ...rows] = JSON.parse(body) as [number, ...Row[]];
  if (written !== format) {
    throw new Error(`the journal has a record of format ${written}, this Mars reads ${format}: upgrade it`);
  }
  return rows.map((row, index) => ({
    appId: row[0],
    messageId: row[1],
    event: row[2],
    createdAt: row[3],
    receivedAt: row[4],
    eventId: row[5],
    externalId: row[6],
    attributes: row[7],
    seq: firstSeq + index,
  }));
}
