/** Reads definitions, and the histories of messages for learning and dry runs. Runs on a query thread. */
import type { Row } from "@libsql/client";
import { lifecyclesSql } from "../../gen/sql.ts";
import type { HistoriesPage, HistoriesQuery, MessageHistory } from "../../learning/history.ts";
import type { LifecycleVersion } from "../../lifecycle/definition.ts";
import type { OwedEvents } from "../../lifecycle/owed.ts";
import { createPlan, type Plan } from "../../lifecycle/plan.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { readOwed } from "../messages/owed-events.ts";
import type { ReadConnection } from "../read-connection.ts";
import { asRows, rowsOf } from "../rows.ts";
import { versionOfRow } from "./plan-cache.ts";

const versionsMax = 100;
/** Bytes of the definitions in one answer, unless the latest alone has more. */
const answerBytesMax = 1024 * 1024;
/** Messages of one page of histories, and distinct names of one message that count. */
const historiesMax = 1_000;
const namesMax = 64;

export class LifecycleQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `LifecycleReader.lifecycleVersions`. */
  async lifecycleVersions(appId: string, limit = versionsMax): Promise<LifecycleVersion[]> {
    const [rows] = await this.#connection.read([
      {
        sql: lifecyclesSql.list,
        args: [appId, limit, answerBytesMax],
      },
    ]);
    return this.#connection.decode(rows, versionOfRow);
  }

  /** See `HistoryReader.histories`. */
  async histories({ appId, since, until, after, definition }: HistoriesQuery): Promise<HistoriesPage> {
    const indexed = new Conditions();
    indexed.add("app_id = ?", appId);
    indexed.add("created_at >= ? AND created_at < ?", since, until);
    const scan = new KeysetScan({
      kind: "histories",
      cursor: after,
      columns: "message_id, event_count",
      from: "messages",
      key: [
        { name: "created_at", sql: "created_at", type: "integer" },
        { name: "id", sql: "id", type: "integer" },
      ],
      direction: "DESC",
      indexed,
      limit: historiesMax,
    });
    // Of the events of one name the earliest, with when it was received: SQLite takes a bare column from the row of the minimum.
    const { rows, next, others } = await readPage(this.#connection, scan, ({ sql, args }) => [
      asRows(
        "message, event, at, received_at",
        `SELECT e.message, e.event, min(e.created_at - e.ahead) AS at, e.received_at
          FROM (${sql}) m CROSS JOIN events e ON e.message = m.id GROUP BY e.message, e.event`,
        args,
      ),
    ]);
    const all = rowsOf<[message: number, event: string, at: number, receivedAt: number]>({
      rows: others[0] ?? [],
    });
    const byMessage = Map.groupBy(all, ([message]) => message);
    const owed = definition && (await this.#owedOf(rows, createPlan(definition)));
    return {
      histories: rows.map(
        (row): MessageHistory => ({
          messageId: String(row.message_id),
          createdAt: Number(row.created_at),
          events: (byMessage.get(Number(row.id)) ?? [])
            .map(([, event, at, receivedAt]) => ({ event, at, receivedAt }))
            .sort((a, b) => a.at - b.at)
            .slice(0, namesMax),
          ...(owed && { owed: owed.get(Number(row.id)) ?? [] }),
        }),
      ),
      ...(next.nextCursor !== undefined && { next: next.nextCursor }),
    };
  }

  /** @param rows of `messages` */
  #owedOf(rows: readonly Row[], plan: Plan): Promise<ReadonlyMap<number, readonly OwedEvents[]>> {
    const messages = rows.map((row) => ({
      message: Number(row.id),
      plan,
      events: Number(row.event_count),
    }));
    const options = { upTo: Number.MAX_SAFE_INTEGER, received: true };
    return readOwed((statement) => this.#connection.execute(statement), messages, options);
  }
}
