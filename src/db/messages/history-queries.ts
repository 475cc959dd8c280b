/**
 * The history of topics: the published events in their order. Runs on a query thread.
 *
 * Every page costs a bounded amount of work, however many events its message or app has.
 */
import { MarsError } from "../../core/error.ts";
import type { EventsSinceQuery, ListedEventsPage } from "../../core/message-events.ts";
import type { HistoryPage, HistoryQuery } from "../../core/query.ts";
import { allTopic, appTopicName } from "../../core/topic.ts";
import { historySql } from "../../gen/sql.ts";
import { formatCursor, parseCursor } from "../cursor.ts";
import type { ReadConnection } from "../read-connection.ts";
import { knownPosition } from "./apply-sql.ts";
import { keyOf, pageBytesMax, publishedEvent, storedEvent } from "./event-rows.ts";
import { gapAround } from "./position.ts";
import { prunedTo } from "./pruned.ts";

const sinceKind = "events since";
/** Events of one page. */
const pageEvents = 1_000;
/** Events of the sequence that a page examines to find them. */
const rangeEvents = 20_000;
/** The most events of messages that are read as a whole instead. */
const wholeEvents = 5_000;

export class HistoryQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `Reader.history`. */
  async history(query: HistoryQuery): Promise<HistoryPage> {
    const { rows, ...page } = await this.#page(query);
    return { ...page, events: rows.map(publishedEvent) };
  }

  /** See `MessageEventsReader.eventsSince`. */
  async eventsSince({ appId, sinceSeq, cursor }: EventsSinceQuery): Promise<ListedEventsPage> {
    const [after, upTo] =
      cursor === undefined
        ? [sinceSeq, await this.#position()]
        : parseCursor(cursor, sinceKind, ["integer", "integer"] as const);
    const topic = appId === undefined ? allTopic : { name: appTopicName(appId), appId };
    const page = await this.#page({ topic, after, upTo });
    if (page.prunedTo > after && after > 0) {
      const message = `must be at least ${page.prunedTo}: events up to there have been deleted`;
      throw new MarsError("invalid_argument", message, { problems: [{ field: "since_seq", message }] });
    }
    const more = page.to < upTo && page.to > after;
    return {
      events: this.#connection.decode(page.rows, (row) => storedEvent(keyOf(row), row)),
      ...(more && { nextCursor: formatCursor(sinceKind, [page.to, upTo]) }),
      asOfSeq: upTo,
    };
  }

  async #position(): Promise<number> {
    const [position] = await this.#connection.read([knownPosition(this.#connection.journalId)]);
    return Number(position?.[0]?.seq ?? 0);
  }

  async #page({ topic, after, upTo }: HistoryQuery) {
    const ids = [topic.appId ?? null, topic.messageId ?? null];
    const whole = topic.messageId !== undefined && (await this.#isSmall(ids));
    const end = whole ? upTo : await this.#rangeEnd(after, upTo);
    const [position, pruned, gap, rows = []] = await this.#connection.read([
      knownPosition(this.#connection.journalId),
      prunedTo(topic),
      gapAround("events", after),
      {
        sql: whole ? historySql.pageOfMessage : historySql.pageOfRange,
        args: [after, end, ...ids, pageEvents, pageBytesMax],
      },
    ]);
    const last = rows.at(-1);
    const full = last !== undefined && (rows.length === pageEvents || Number(last.bytes) >= pageBytesMax);
    return {
      rows,
      // This reader may not see as far yet as was asked for: a replica of the database can lag behind.
      to: Math.min(full ? Number(last.place) : end, Number(position?.[0]?.seq ?? 0)),
      prunedTo: Math.max(Number(pruned?.[0]?.seq ?? 0), Number(gap?.[0]?.seq ?? 0)),
    };
  }

  /** Whether the messages of an id have so few events that all are read. */
  async #isSmall(ids: readonly (string | null)[]): Promise<boolean> {
    const [rows] = await this.#connection.read([
      { sql: historySql.countEvents, args: [...ids, wholeEvents + 1] },
    ]);
    return Number(rows?.[0]?.events) <= wholeEvents;
  }

  async #rangeEnd(after: number, upTo: number): Promise<number> {
    const [rows] = await this.#connection.read([
      { sql: historySql.rangeEnd, args: [after, upTo, rangeEvents - 1] },
    ]);
    return Number(rows?.[0]?.seq);
  }
}
