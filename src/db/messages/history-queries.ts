/**
 * The history of topics: the published events in their order. Runs on a query thread.
 *
 * Every page costs a bounded amount of work, however many events its message or app has.
 */
import type { InStatement } from "@libsql/client";
import type { HistoryPage, HistoryQuery } from "../../core/query.ts";
import type { ReadConnection } from "../read-connection.ts";
import { knownPosition } from "./apply-sql.ts";
import { eventBytes, eventColumns, pageBytesMax, publishedEvent } from "./event-rows.ts";
import { gapAround } from "./position.ts";
import { prunedTo } from "./pruned.ts";

/** Events of one page. */
const pageEvents = 1_000;
/** Events that a page looks at to find them, where it walks along the sequence. */
const walkEvents = 20_000;
/** Events of messages that are read as a whole instead, since that is less. */
const wholeEvents = 5_000;

export class HistoryQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `Reader.history`. */
  async history({ topic, after, upTo }: HistoryQuery): Promise<HistoryPage> {
    const ids = [topic.appId ?? null, topic.messageId ?? null];
    const whole = topic.messageId !== undefined && (await this.#isSmall(ids));
    const end = whole ? upTo : await this.#stretchEnd(after, upTo);
    const [position, pruned, gap, rows = []] = await this.#connection.read([
      knownPosition(this.#connection.journalId),
      prunedTo(topic),
      gapAround("events", after),
      { sql: pageOf(whole ? wholePlaces : walkPlaces), args: [after, end, ...ids] },
    ]);
    const last = rows.at(-1);
    const full = last !== undefined && (rows.length === pageEvents || Number(last.bytes) >= pageBytesMax);
    return {
      events: rows.map(publishedEvent),
      // This reader may not see as far yet as was asked for: a replica of the database can lag behind.
      to: Math.min(full ? Number(last.place) : end, Number(position?.[0]?.seq ?? 0)),
      prunedTo: Math.max(Number(pruned?.[0]?.seq ?? 0), Number(gap?.[0]?.seq ?? 0)),
    };
  }

  async #isSmall(ids: readonly (string | null)[]): Promise<boolean> {
    const [rows] = await this.#connection.read([count(ids)]);
    return Number(rows?.[0]?.events) <= wholeEvents;
  }

  async #stretchEnd(after: number, upTo: number): Promise<number> {
    const [rows] = await this.#connection.read([stretch(after, upTo)]);
    return Number(rows?.[0]?.seq);
  }
}

const ofTopic = "(?3 IS NULL OR m.app_id = ?3) AND (?4 IS NULL OR m.message_id = ?4)";

/** How many events the messages of that id have; counting ends soon above `wholeEvents`. */
function count([appId, messageId]: readonly (string | null)[]): InStatement {
  return {
    sql: `SELECT coalesce(sum(event_count), 0) AS events FROM (SELECT event_count FROM messages
      WHERE message_id = ?2 AND (?1 IS NULL OR app_id = ?1) LIMIT ${wholeEvents + 1})`,
    args: [appId!, messageId!],
  };
}

/** Where a walk from `after` on has to end. */
function stretch(after: number, upTo: number): InStatement {
  const limit = `LIMIT 1 OFFSET ${walkEvents - 1}`;
  return {
    sql: `SELECT min(
      coalesce((SELECT seq FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq ${limit}), ?2),
      coalesce((SELECT changed_seq FROM events WHERE changed_seq > ?1 AND changed_seq <= ?2 AND changed_seq <> 0
        ORDER BY changed_seq ${limit}), ?2)) AS seq`,
    args: [after, upTo],
  };
}

/** Along the sequence: events at their own place, and those that were changed at the place of that. */
const walkPlaces = `SELECT e.seq, e.seq AS place, ${eventBytes} AS bytes
    FROM events e CROSS JOIN messages m ON m.id = e.message
    WHERE e.seq > ?1 AND e.seq <= ?2 AND e.changed_seq = 0 AND ${ofTopic}
  UNION ALL
  SELECT e.seq, e.changed_seq, ${eventBytes} FROM events e CROSS JOIN messages m ON m.id = e.message
    WHERE e.changed_seq > ?1 AND e.changed_seq <= ?2 AND e.changed_seq <> 0 AND ${ofTopic}`;

/** All events of the messages with an id. */
const wholePlaces = `SELECT e.seq, iif(e.changed_seq = 0, e.seq, e.changed_seq) AS place, ${eventBytes} AS bytes
  FROM messages m CROSS JOIN events e ON e.message = m.id
  WHERE m.message_id = ?4 AND (?3 IS NULL OR m.app_id = ?3) AND max(e.seq, e.changed_seq) > ?1
    AND max(e.seq, e.changed_seq) <= ?2`;

/** The page: first which events it has, and then what they are, so that nothing large is sorted. */
function pageOf(places: string): string {
  return `SELECT m.app_id, m.message_id, p.place, p.bytes, ${eventColumns}
    FROM (SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own
      FROM (${places} ORDER BY place LIMIT ${pageEvents})) p
    CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message
    WHERE p.bytes - p.own < ${pageBytesMax} ORDER BY p.place`;
}
