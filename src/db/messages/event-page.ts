/** A page of one message's events, either way, bounded in rows and in bytes. */
import type { InStatement, Row } from "@libsql/client";
import type { EventOrder } from "../../core/query.ts";
import { Conditions } from "../conditions.ts";
import { type KeyColumn, KeysetScan } from "../keyset-scan.ts";
import type { ReadConnection } from "../read-connection.ts";
import { asRows, exactRows, rowsOf } from "../rows.ts";
import { eventBytes, pageBytesMax } from "./event-rows.ts";

/** Which of a message's events are asked for. */
export interface EventPage {
  readonly order: EventOrder;
  readonly limit: number;
  readonly cursor: string | undefined;
  /** At most `pageBytesMax`. */
  readonly bytesMax: number;
}

/** More do not fit in a page: see `eventBytes`. */
const eventsMax = Math.ceil(pageBytesMax / 200);

/** Beside those of the key. */
const columns =
  "e.seq, e.received_at, e.external_id, e.attributes, e.parent_id, e.duplicates, e.changed_seq, e.ahead, e.traceparent";

/** The columns of the index `events_order` behind the message. */
export const eventOrderKey: readonly KeyColumn[] = [
  { name: "created_at", sql: "e.created_at", type: "integer" },
  { name: "event", sql: "e.event", type: "text" },
  { name: "event_id", sql: "e.event_id", type: "text" },
  { name: "detail", sql: "e.detail", type: "text" },
];

/** The columns of a page's rows. */
export const pageColumns = [
  ...["seq", "event", "created_at", "received_at", "event_id", "external_id", "attributes", "parent_id"],
  ...["duplicates", "detail", "changed_seq", "ahead", "traceparent"],
];

export interface ReadEventPage {
  /** With `pageColumns`, in the order asked for. */
  readonly rows: readonly Row[];
  /** The cursor behind the page, where it is not the last. */
  readonly nextCursor: string | undefined;
  /** The rows of the other statements. */
  readonly others: Row[][];
}

/**
 * Reads a page of a message's events, and in the same transaction the other statements. How many of them fit is found out by their sizes
 * before: within one statement that took three times as long as reading them.
 *
 * @throws `MarsError("invalid_argument")` for a cursor of another list
 */
export async function readEventPage(
  connection: ReadConnection,
  message: number,
  page: EventPage,
  others: readonly InStatement[],
): Promise<ReadEventPage> {
  const most = Math.min(page.limit, eventsMax);
  const sizes = scanEvents(message, page, `${eventBytes} AS own`, most).page();
  const [sized] = await connection.read([asRows("own", sizes.sql, sizes.args)]);
  const count = fitting(rowsOf<[number]>({ rows: sized ?? [] }), page.bytesMax);
  // One more than the page has: whether there are others.
  const scan = scanEvents(message, page, columns, count + 1);
  const statement = scan.page();
  const [text, ...rest] = await connection.read([
    asRows(pageColumns.join(", "), statement.sql, statement.args),
    ...others,
  ]);
  // A number that JSON cannot hold: as rows they are read, and reported.
  const found = exactRows(text?.[0]?.rows, pageColumns) ?? (await connection.read([statement]))[0] ?? [];
  const rows = found.slice(0, count);
  return {
    rows,
    nextCursor: found.length > rows.length ? scan.cursorAt(rows.at(-1)!) : undefined,
    others: rest,
  };
}

/** Of the first rows that have as many bytes together, the last one aside; at least 1. */
function fitting(sizes: readonly (readonly [own: number])[], bytesMax: number): number {
  let bytes = 0;
  let count = 0;
  while (count < sizes.length && bytes < bytesMax) bytes += sizes[count++]![0];
  return Math.max(1, count);
}

function scanEvents(
  message: number,
  { order, cursor }: Pick<EventPage, "order" | "cursor">,
  columns: string,
  limit: number,
): KeysetScan {
  const indexed = new Conditions();
  indexed.add("e.message = ?", message);
  return new KeysetScan({
    kind: order,
    cursor,
    columns,
    from: "events e",
    key: eventOrderKey,
    direction: order === "oldest" ? "ASC" : "DESC",
    indexed,
    limit,
  });
}
