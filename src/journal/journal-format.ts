/**
 * How events are written in a record of the journal: a JSON array with one array for each event, in seq order. Arrays,
 * because field names would be half of the bytes that every fsync waits for.
 */
import type { MarsEvent, SequencedEvent } from "../core/event.ts";
import type { JournalRecord } from "./journal-record.ts";

/**
 * The second has a ninth value in the rows of events with a parent, the third a tenth in those with a trace. Readers of all formats
 * stay: a journal may outlive the Mars that wrote it. A record is of the first format that can hold it, so that an earlier Mars
 * reads it, too.
 */
const [plainFormat, parentFormat, traceFormat] = [1, 2, 3];

type Row = [
  appId: string,
  messageId: string,
  event: string,
  createdAt: number,
  receivedAt: number,
  eventId: string,
  externalId: string,
  attributes: string,
  parentId?: string,
  traceparent?: string,
];

/** @returns the record's body */
export function encodeEvents(events: readonly MarsEvent[]): string {
  let format = plainFormat;
  const rows: Row[] = [];
  for (const e of events) {
    const row: Row = [
      e.appId,
      e.messageId,
      e.event,
      e.createdAt,
      e.receivedAt,
      e.eventId,
      e.externalId,
      e.attributes,
    ];
    if (e.traceparent !== undefined) {
      row.push(e.parentId, e.traceparent);
      format = traceFormat;
    } else if (e.parentId !== "") {
      row.push(e.parentId);
      format = Math.max(format, parentFormat);
    }
    rows.push(row);
  }
  return JSON.stringify([format, ...rows]);
}

/** Throws for a record of another format. */
export function decodeEvents({ firstSeq, body }: JournalRecord): SequencedEvent[] {
  const [written, ...rows] = JSON.parse(body) as [number, ...Row[]];
  if (![plainFormat, parentFormat, traceFormat].includes(written)) {
    throw new Error(
      `the journal has a record of format ${written}, this Mars reads up to ${traceFormat}: upgrade it`,
    );
  }
  return rows.map((row, index) => {
    const event = {
      appId: row[0],
      messageId: row[1],
      event: row[2],
      createdAt: row[3],
      receivedAt: row[4],
      eventId: row[5],
      externalId: row[6],
      attributes: row[7],
      parentId: row[8] ?? "",
      seq: firstSeq + index,
    };
    return row[9] === undefined ? event : { ...event, traceparent: row[9] };
  });
}
