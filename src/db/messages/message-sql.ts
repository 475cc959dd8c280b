/** The statement that reads a page of one message's events, either way. */
import type { InStatement } from "@libsql/client";
import type { StoredEvent } from "../../core/event.ts";
import { detailOf } from "../../core/fold.ts";
import type { EventOrder } from "../../core/query.ts";
import { parseCursor } from "../cursor.ts";
import { eventBytes, eventColumns, pageBytesMax } from "./event-rows.ts";

/** Which of a message's events are asked for. */
export interface EventPage {
  readonly order: EventOrder;
  readonly limit: number;
  readonly cursor: string | undefined;
  /** At most `pageBytesMax`. */
  readonly bytesMax: number;
}

/** What the index is in the order of: the cursor's place. */
const placeColumns = ["created_at", "event", "event_id", "detail"] as const;

/** Where an event stands in that order, for a cursor. */
export function placeOf(event: StoredEvent): readonly (number | string)[] {
  return [event.createdAt, event.event, event.eventId, detailOf(event)];
}

/**
 * Rows of `eventColumns` in any order, and in each as `total` how many were looked at: one more than are asked for, if
 * there are. First which events the page has, by what they take, and then what they are: no large text is read in vain.
 *
 * @throws `MarsError("invalid_argument")` for a cursor of another list
 */
export function eventPage(message: number, { order, limit, cursor, bytesMax }: EventPage): InStatement {
  const way = order === "oldest" ? "ASC" : "DESC";
  const columns = placeColumns.map((column) => `e.${column}`).join(", ");
  const place = cursor === undefined ? [] : parseCursor(cursor, order, [0, "", "", ""] as const);
  const past =
    cursor === undefined ? "" : `AND (${columns}) ${order === "oldest" ? ">" : "<"} (?2, ?3, ?4, ?5)`;
  return {
    sql: `SELECT p.total, ${eventColumns}
      FROM (
        SELECT seq, own, n, sum(own) OVER (ORDER BY n) AS bytes, count(*) OVER () AS total
        FROM (
          SELECT seq, own, row_number() OVER () AS n FROM (
            SELECT e.seq, ${eventBytes} AS own FROM events e WHERE e.message = ?1 ${past}
            ORDER BY ${placeColumns.map((column) => `e.${column} ${way}`).join(", ")}
            LIMIT ${Math.min(limit, eventsMax) + 1}
          )
        )
      ) p CROSS JOIN events e ON e.seq = p.seq
      WHERE p.n <= ${limit} AND p.bytes - p.own < ${bytesMax}`,
    args: [message, ...place],
  };
}

/** More do not fit in a page: see `eventBytes`. */
const eventsMax = Math.ceil(pageBytesMax / 200);
