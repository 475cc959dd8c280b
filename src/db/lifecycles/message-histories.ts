/**
 * Reads the histories of messages, for learning and dry runs. Runs on a query thread.
 *
 * A page has a bounded number of messages and looks at a bounded number of events, and at the first 10,000 of each message.
 */
import type { Row } from "@libsql/client";
import { historiesSql } from "../../gen/sql.ts";
import type { HistoriesPage, HistoriesQuery, MessageHistory } from "../../learning/history.ts";
import type { Definition } from "../../lifecycle/definition.ts";
import type { OwedEvents } from "../../lifecycle/owed.ts";
import { createPlan } from "../../lifecycle/plan.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { readOwed } from "../messages/owed-events.ts";
import { lookedAtMax } from "../messages/summaries.ts";
import type { ReadConnection } from "../read-connection.ts";
import { rowsOf } from "../rows.ts";

/** Messages of one page, and events that it looks at, those of its last message aside. */
const messagesMax = 1_000;
const eventsMax = 100_000;
/** Distinct names of one message that count. */
const namesMax = 64;

type First = readonly [event: string, at: number, receivedAt: number];

export class MessageHistories {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `HistoryReader.histories`. */
  async histories({ appId, since, until, after, definitions = [] }: HistoriesQuery): Promise<HistoriesPage> {
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
      limit: messagesMax,
      bytes: { sql: `min(event_count, ${lookedAtMax})`, max: eventsMax },
    });
    const { rows, next } = await readPage(this.#connection, scan);
    const ids = JSON.stringify(rows.map(({ id }) => Number(id)));
    const read = { sql: historiesSql.firsts, args: [ids, lookedAtMax, namesMax] };
    const firsts = rowsOf<readonly First[]>(await this.#connection.execute(read));
    const owed: ReadonlyMap<number, readonly OwedEvents[]>[] = [];
    for (const definition of definitions) owed.push(await this.#owedOf(rows, definition));
    return {
      histories: rows.map(
        (row, index): MessageHistory => ({
          messageId: String(row.message_id),
          createdAt: Number(row.created_at),
          events: firsts[index]!.map(([event, at, receivedAt]) => ({ event, at, receivedAt })),
          ...(owed.length > 0 && { owed: owed.map((of) => of.get(Number(row.id)) ?? []) }),
        }),
      ),
      ...(next.nextCursor !== undefined && { next: next.nextCursor }),
    };
  }

  /** @param rows of `messages` */
  async #owedOf(
    rows: readonly Row[],
    definition: Definition,
  ): Promise<ReadonlyMap<number, readonly OwedEvents[]>> {
    const plan = createPlan(definition);
    if (plan.owed.length === 0) return new Map();
    const messages = rows.map((row) => ({ message: Number(row.id), plan, events: Number(row.event_count) }));
    const options = { upTo: Number.MAX_SAFE_INTEGER, received: true };
    return readOwed((statement) => this.#connection.execute(statement), messages, options);
  }
}
