/**
 * Reads the histories of messages, for learning and dry runs. Runs on a query thread.
 *
 * A page has a bounded number of messages and looks at a bounded number of events, and at the first 10,000 of each message.
 */
import { historiesSql } from "../../gen/sql.ts";
import type {
  HistoriesPage,
  HistoriesQuery,
  HistoryOthers,
  HistoryRun,
  MessageHistory,
} from "../../learning/history.ts";
import type { OwedEvents } from "../../lifecycle/owed.ts";
import { createPlan, type Plan } from "../../lifecycle/plan.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { lookedAtMax } from "../messages/event-fold.ts";
import { readOwed } from "../messages/owed-events.ts";
import type { ReadConnection } from "../read-connection.ts";
import { rowsOf } from "../rows.ts";
import { readHistoryOthers } from "./history-others.ts";
import { type HistoryMessage, readHistoryRuns } from "./history-runs.ts";

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
    const messages = rows.map((row, index): HistoryMessage => {
      const names = new Set(firsts[index]!.map(([event]) => event));
      return { message: Number(row.id), events: Number(row.event_count), names };
    });
    const owed: ReadonlyMap<number, readonly OwedEvents[]>[] = [];
    const runs: ReadonlyMap<number, readonly HistoryRun[]>[] = [];
    const others: ReadonlyMap<number, HistoryOthers>[] = [];
    for (const plan of definitions.map(createPlan)) {
      owed.push(await this.#owedOf(messages, plan));
      others.push(await readHistoryOthers(this.#connection, plan, messages));
      runs.push(await readHistoryRuns(this.#connection.execute.bind(this.#connection), plan, messages));
    }
    return {
      histories: rows.map(
        (row, index): MessageHistory => ({
          messageId: String(row.message_id),
          createdAt: Number(row.created_at),
          events: firsts[index]!.map(([event, at, receivedAt]) => ({ event, at, receivedAt })),
          ...(owed.length > 0 && { owed: owed.map((of) => of.get(Number(row.id)) ?? []) }),
          ...(others.length > 0 && { others: others.map((of) => of.get(Number(row.id))) }),
          ...(runs.length > 0 && { runs: runs.map((of) => of.get(Number(row.id))) }),
        }),
      ),
      ...(next.nextCursor !== undefined && { next: next.nextCursor }),
    };
  }

  async #owedOf(
    histories: readonly HistoryMessage[],
    plan: Plan,
  ): Promise<ReadonlyMap<number, readonly OwedEvents[]>> {
    if (plan.owed.length === 0) return new Map();
    const messages = histories.map(({ message, events }) => ({ message, plan, events }));
    const options = { upTo: Number.MAX_SAFE_INTEGER, received: true };
    return readOwed((statement) => this.#connection.execute(statement), messages, options);
  }
}
