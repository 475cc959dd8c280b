/**
 * How a group of events is written in the journal: a JSON array with one array for each event, in seq order. Arrays,
 * because field names would be half of the bytes that every fsync waits for.
 */
import type { MarsEvent, SequencedEvent } from "../core/event.ts";
import type { JournalGroup } from "../core/ports.ts";

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

/** @param events at least one */
export function encodeGroup(firstSeq: number, events: readonly MarsEvent[]): JournalGroup {
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
  return { firstSeq, lastSeq: firstSeq + events.length - 1, body: JSON.stringify(rows) };
}

export function decodeGroup(group: JournalGroup): SequencedEvent[] {
  const [written, ...rows] = JSON.parse(group.body) as [number, ...Row[]];
  if (written !== format) {
    throw new Error(`the journal has a group of format ${written}, this Mars reads ${format}: upgrade it`);
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
    seq: group.firstSeq + index,
  }));
}
