/**
 * How a record of the journal is written: a JSON array that begins with the record's kind and version. That of a change goes on with
 * its time and its arguments. That of a commit's events begins with the version alone, and has an array for each event, in seq order. Arrays, because field names would be half
 * of the bytes that every fsync waits for.
 */
import { type ChangeMethod, type ChangeRecord, changeKinds } from "../core/change-record.ts";
import type { MarsEvent, Micros, SequencedEvent } from "../core/event.ts";
import type { LogEntry } from "../core/journal.ts";
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

/** What a record is, by the beginning of its body. */
export interface RecordKind {
  readonly kind: string;
  readonly version: number;
}

/** The versions of each kind that this Mars reads. */
const versionsMax: Readonly<Record<string, number>> = {
  events: traceFormat,
  ...Object.fromEntries(Object.values(changeKinds)),
};
const methodOf = new Map<string, ChangeMethod>(
  Object.entries(changeKinds).map(([method, [kind]]) => [kind, method as ChangeMethod]),
);
const kindAndVersion = /^\[(?:"([a-z_]+)",)?([0-9]+)[,\]]/;

/**
 * Throws for a record that this Mars cannot read. It must not be skipped: what the log says behind it may depend on it.
 *
 * @param body its beginning: 64 bytes hold the kind and the version
 */
export function kindOf(body: string, seq: number): RecordKind {
  const [, kind = "events", digits] = kindAndVersion.exec(body) ?? [undefined, "none", "0"];
  const version = Number(digits);
  const known = Object.hasOwn(versionsMax, kind) ? versionsMax[kind]! : 0;
  if (version >= 1 && version <= known) return { kind, version };
  const reads = known === 0 ? "does not know that kind" : `reads up to version ${known}`;
  throw new Error(
    `the journal has a record of kind "${kind}", version ${version}, at seq ${seq}, and this Mars ${reads}: upgrade it. Nothing was changed`,
  );
}

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

/** @returns the body of a change's record */
export function encodeChange({ method, at, args }: ChangeRecord): string {
  const [kind, version] = changeKinds[method];
  return `["${kind}",${version},${at},${args}]`;
}

/** Throws for a record that this Mars cannot read. */
export function decodeRecord(record: JournalRecord): LogEntry {
  const { firstSeq, body } = record;
  const method = methodOf.get(kindOf(body, firstSeq).kind);
  if (method === undefined) return decodeEvents(record);
  const [, , at, args] = JSON.parse(body) as [string, number, Micros, unknown[]];
  return { seq: firstSeq, change: { method, at, args: JSON.stringify(args) } };
}

function decodeEvents({ firstSeq, body }: JournalRecord): SequencedEvent[] {
  const [, ...rows] = JSON.parse(body) as [number, ...Row[]];
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
