/** A page of one message's events, either way, bounded in rows and in bytes. */
import type { InStatement } from "@libsql/client";
import type { EventOrder } from "../../core/query.ts";
import { Conditions } from "../conditions.ts";
import { type KeyColumn, KeysetScan } from "../keyset-scan.ts";
import { eventBytes, eventColumns, pageBytesMax } from "./event-rows.ts";

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

/** The columns of the index `events_order` behind the message. */
export const eventOrderKey: readonly KeyColumn[] = [
  { name: "created_at", sql: "e.created_at", type: "integer" },
  { name: "event", sql: "e.event", type: "text" },
  { name: "event_id", sql: "e.event_id", type: "text" },
  { name: "detail", sql: "e.detail", type: "text" },
];

/** @throws `MarsError("invalid_argument")` for a cursor of another list */
export function scanEvents(message: number, { order, limit, cursor }: EventPage): KeysetScan {
  const indexed = new Conditions();
  indexed.add("e.message = ?", message);
  return new KeysetScan({
    kind: order,
    cursor,
    columns: `e.seq, ${eventBytes} AS own`,
    from: "events e",
    key: eventOrderKey,
    direction: order === "oldest" ? "ASC" : "DESC",
    indexed,
    // One more than the page has: whether there are others.
    limit: Math.min(limit, eventsMax) + 1,
  });
}

/**
 * Rows of `eventColumns` in the order of the scan. Each has as `total` how many events were examined: more than the rows
 * where there is another page. The inner query chooses the events by their sizes; only their texts are read.
 */
export function eventPage(scan: KeysetScan, { limit, bytesMax }: EventPage): InStatement {
  const { sql, args } = scan.page();
  return {
    sql: `SELECT p.total, ${eventColumns}
      FROM (
        SELECT seq, own, n, sum(own) OVER (ORDER BY n) AS bytes, count(*) OVER () AS total
        FROM (SELECT seq, own, row_number() OVER () AS n FROM (${sql}))
      ) p CROSS JOIN events e ON e.seq = p.seq
      WHERE p.n <= ${limit} AND p.bytes - p.own < ${bytesMax} ORDER BY p.n`,
    args,
  };
}
