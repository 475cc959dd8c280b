/** Reads which attributes are indexed, and counts messages by their values. Runs on a query thread. */
import type { Row } from "@libsql/client";
import type { CountQuery, Counts, IndexedAttribute } from "../../core/attributes.ts";
import { shownStates } from "../../core/state.ts";
import { attributesSql } from "../../gen/sql.ts";
import { Conditions } from "../conditions.ts";
import type { Statement } from "../keyset-scan.ts";
import type { ReadConnection } from "../read-connection.ts";

/** Messages that one answer counts, and values that it has. */
const messagesMax = 5_000;
const valuesMax = 100;

const untracked = shownStates.indexOf("untracked");
const overdue = shownStates.indexOf("overdue");

export class AttributeQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `AttributeReader`. */
  async indexedAttributes(appId: string): Promise<IndexedAttribute[]> {
    const [rows = []] = await this.#connection.read([{ sql: attributesSql.namesOfApp, args: [appId] }]);
    return rows.map((row) => ({ name: String(row.name), ...progressOf(row) }));
  }

  /** See `AttributeReader`. The latest messages are counted, or those that have been overdue for longest. */
  async counts(query: CountQuery): Promise<Counts> {
    const { sql, args } = messagesOf(query);
    const name = "(SELECT id FROM attribute_names WHERE app_id = ? AND name = ? AND dropped = 0)";
    const of = [query.appId, query.name];
    const [totals, values = []] = await this.#connection.read([
      {
        sql: `SELECT count(*) AS scanned, coalesce(sum(counts), 0) AS messages,
            coalesce(sum(counts AND NOT EXISTS (
              SELECT 1 FROM attribute_values v WHERE v.message = b.id AND v.name = ${name})), 0) AS without
          FROM (${sql}) b`,
        args: [...of, ...args],
      },
      {
        sql: `SELECT v.value, count(*) AS messages
          FROM (${sql}) b CROSS JOIN attribute_values v ON v.message = b.id AND v.name = ${name}
          WHERE b.counts GROUP BY v.value ORDER BY messages DESC, v.value LIMIT ${valuesMax}`,
        args: [...args, ...of],
      },
    ]);
    return {
      values: values.map((row) => ({ value: String(row.value), messages: Number(row.messages) })),
      without: Number(totals?.[0]?.without ?? 0),
      messages: Number(totals?.[0]?.messages ?? 0),
      partial: Number(totals?.[0]?.scanned ?? 0) >= messagesMax,
    };
  }
}

/** The messages to be looked at: their numbers, and whether each of them counts. */
function messagesOf({ appId, state, since }: CountQuery): Statement {
  const conditions = new Conditions();
  const index = state === undefined ? undefined : shownStates.indexOf(state);
  if (index === overdue) {
    conditions.add("i.app = (SELECT id FROM apps WHERE app_id = ?)", appId);
    conditions.add("i.overdue_since <> 0");
    if (since !== undefined) conditions.add("i.opened_at >= ?", since);
    const sql = `SELECT i.message AS id, i.state = ${overdue} AS counts FROM instances i ${conditions.where()} ORDER BY i.overdue_since LIMIT ${messagesMax}`;
    return { sql, args: conditions.args };
  }
  conditions.add("m.app_id = ?", appId);
  if (since !== undefined) conditions.add("m.created_at >= ?", since);
  const counts =
    index === undefined
      ? "1"
      : `coalesce((SELECT state FROM instances WHERE message = m.id), ${untracked}) = ${index}`;
  const sql = `SELECT m.id, ${counts} AS counts FROM messages m ${conditions.where()} ORDER BY m.created_at DESC LIMIT ${messagesMax}`;
  return { sql, args: conditions.args };
}

function progressOf({ seq, first_seq, goal }: Row): Pick<IndexedAttribute, "done" | "share"> {
  const [at, from, to] = [Number(seq), Number(first_seq), Number(goal)];
  const done = at >= to;
  return { done, share: done ? 1 : Math.floor((100 * (at - from)) / (to - from)) / 100 };
}
