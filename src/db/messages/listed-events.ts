/**
 * The events of all messages of a list, in pages that are bounded in events and in bytes: whole messages, as many as fit. One that does
 * not fit into a page alone has pages of its own. Runs on a query thread.
 */
import type { InStatement, Row } from "@libsql/client";
import type { MessageKey } from "../../core/event.ts";
import { listLimitMax } from "../../core/limits.ts";
import type { ListedEventsPage, ListedEventsQuery } from "../../core/message-events.ts";
import { formatCursor, parseCursor } from "../cursor.ts";
import type { ReadConnection } from "../read-connection.ts";
import { knownPosition } from "./apply-sql.ts";
import { type EventPage, readEventPage } from "./event-page.ts";
import { eventBytes, eventColumns, keyOf, pageBytesMax, storedEvent } from "./event-rows.ts";
import type { MessageQueries } from "./message-queries.ts";

const kind = "events";

/** Where a page begins. */
interface Place {
  /** Behind this message of the list; empty for its first. */
  readonly behind: string;
  /** The number of the message that the page goes on with, which is the one of `behind`; 0 for the next one. */
  readonly message: number;
  /** Behind this event of it. */
  readonly event: string;
}

export class ListedEventQueries {
  readonly #connection: ReadConnection;
  readonly #list: Pick<MessageQueries, "listRows">;

  constructor(connection: ReadConnection, list: Pick<MessageQueries, "listRows">) {
    this.#connection = connection;
    this.#list = list;
  }

  /** See `MessageEventsReader.listedEvents`. */
  async listedEvents({
    messages,
    limit,
    cursor,
    bytesMax = pageBytesMax,
  }: ListedEventsQuery): Promise<ListedEventsPage> {
    const place = placeOf(cursor);
    const bounds = { limit, bytesMax };
    if (place.message !== 0) return this.#within(place, bounds);
    const list = await this.#list.listRows({
      ...messages,
      order: "oldest",
      limit: Math.min(limit, listLimitMax),
      ...(place.behind !== "" && { cursor: place.behind }),
    });
    const fitting = fittingRows(list.rows, limit);
    const [first] = list.rows;
    if (first !== undefined && fitting.length === 0) {
      return this.#within({ behind: list.cursorAt(first), message: Number(first.id), event: "" }, bounds);
    }
    const { events, whole } = await this.#eventsOf(fitting, bytesMax);
    const last = fitting[whole - 1];
    // The first one alone has more bytes.
    if (first !== undefined && last === undefined) {
      return this.#within({ behind: list.cursorAt(first), message: Number(first.id), event: "" }, bounds);
    }
    const behind =
      whole < list.rows.length && last !== undefined ? list.cursorAt(last) : list.next.nextCursor;
    return {
      events,
      ...(behind !== undefined && { nextCursor: cursorOf({ behind, message: 0, event: "" }) }),
      asOfSeq: list.asOfSeq,
    };
  }

  /** A page of one message's events. */
  async #within(place: Place, bounds: Pick<EventPage, "limit" | "bytesMax">): Promise<ListedEventsPage> {
    const asked = {
      order: "oldest" as const,
      ...bounds,
      cursor: place.event === "" ? undefined : place.event,
    };
    const { rows, nextCursor, others } = await readEventPage(this.#connection, place.message, asked, [
      knownPosition(this.#connection.journalId),
      { sql: "SELECT app_id, message_id FROM messages WHERE id = ?", args: [place.message] },
    ]);
    const [position, message] = others;
    const found = message?.[0];
    return {
      // Erased, or forgotten, since the page before: without events.
      events:
        found === undefined ? [] : this.#connection.decode(rows, (row) => storedEvent(keyOf(found), row)),
      nextCursor: cursorOf(
        nextCursor === undefined
          ? { behind: place.behind, message: 0, event: "" }
          : { ...place, event: nextCursor },
      ),
      asOfSeq: Number(position?.[0]?.seq ?? 0),
    };
  }

  /** @returns the events of the first messages that fit, and of how many these are */
  async #eventsOf(messages: readonly Row[], bytesMax: number) {
    if (messages.length === 0) return { events: [], whole: 0 };
    const keys = new Map<number, MessageKey>(messages.map((row) => [Number(row.id), keyOf(row)]));
    const [rows = []] = await this.#connection.read([eventsOfMessages([...keys.keys()], bytesMax)]);
    const last = rows.at(-1);
    const cut = last !== undefined && Number(last.total) > rows.length ? Number(last.message) : 0;
    const shown = cut === 0 ? rows : rows.filter((row) => Number(row.message) !== cut);
    return {
      events: this.#connection.decode(shown, (row) => storedEvent(keys.get(Number(row.message))!, row)),
      whole: cut === 0 ? messages.length : messages.findIndex((row) => Number(row.id) === cut),
    };
  }
}

/** The first messages that have as many events together at most. */
function fittingRows(rows: readonly Row[], eventsMax: number): readonly Row[] {
  let events = 0;
  const end = rows.findIndex((row) => {
    events += Number(row.event_count);
    return events > eventsMax;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** Of several messages, in their order. */
export function eventsOfMessages(messages: readonly number[], bytesMax: number): InStatement {
  return {
    sql: `SELECT p.total, e.message, ${eventColumns}
      FROM (
        SELECT seq, own, n, sum(own) OVER (ORDER BY n) AS bytes, count(*) OVER () AS total
        FROM (
          SELECT e.seq, ${eventBytes} AS own,
            row_number() OVER (ORDER BY j.key, e.created_at, e.event, e.event_id, e.detail) AS n
          FROM json_each(?1) j CROSS JOIN events e ON e.message = j.value
        )
      ) p CROSS JOIN events e ON e.seq = p.seq
      WHERE p.bytes - p.own < ${bytesMax} ORDER BY p.n`,
    args: [JSON.stringify(messages)],
  };
}

function placeOf(cursor: string | undefined): Place {
  if (cursor === undefined) return { behind: "", message: 0, event: "" };
  const [behind, message, event] = parseCursor(cursor, kind, ["text", "integer", "text"] as const);
  return { behind, message, event };
}

function cursorOf({ behind, message, event }: Place): string {
  return formatCursor(kind, [behind, message, event]);
}
