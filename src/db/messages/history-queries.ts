/**
 * The history of topics: the published events in their order. Runs on a query thread.
 *
 * Every page costs a bounded amount of work, however many events its message or app has.
 */
import type { HistoryPage, HistoryQuery } from "../../core/query.ts";
import { historySql } from "../../gen/sql.ts";
import type { ReadConnection } from "../read-connection.ts";
import { knownPosition } from "./apply-sql.ts";
import { pageBytesMax, publishedEvent } from "./event-rows.ts";
import { gapAround } from "./position.ts";
import { prunedTo } from "./pruned.ts";

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
  async history({ topic, after, upTo }: HistoryQuery): Promise<HistoryPage> {
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
      events: rows.map(publishedEvent),
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
