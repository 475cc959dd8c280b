/** Reads which attributes are indexed, and counts messages by their values. Runs on a query thread. */
import type { Row } from "@libsql/client";
import type { CountQuery, Counts, IndexedAttribute } from "../../core/attributes.ts";
import { shownStates } from "../../core/state.ts";
import { attributesSql } from "../../gen/sql.ts";
import { Conditions } from "../conditions.ts";
import type { Statement } from "../keyset-scan.ts";
import type { ReadConnection } from "../read-connection.ts";
import { rowsOf } from "../rows.ts";

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
    // The messages are looked at once, and their values once.
    const [rows] = await this.#connection.read([
      {
        sql: `WITH b AS MATERIALIZED (${sql}), found AS MATERIALIZED (
            SELECT b.id, v.value FROM b CROSS JOIN attribute_values v ON v.message = b.id
              AND v.name = (SELECT id FROM attribute_names WHERE app_id = ? AND name = ? AND dropped = 0)
            WHERE b.counts
          ), grouped AS MATERIALIZED (SELECT value, count(*) AS messages FROM found GROUP BY value)
          SELECT count(*) AS scanned, coalesce(sum(counts), 0) AS messages,
            (SELECT count(DISTINCT id) FROM found) AS valued,
            (SELECT count(*) FROM grouped) AS "values",
            (SELECT json_group_array(json_array(value, messages)) FROM (
              SELECT value, messages FROM grouped ORDER BY messages DESC, value LIMIT ${valuesMax})) AS rows,
            (SELECT coalesce(sum(messages), 0) FROM (
              SELECT messages FROM grouped ORDER BY messages DESC, value LIMIT -1 OFFSET ${valuesMax})) AS others
          FROM b`,
        args: [...args, query.appId, query.name],
      },
    ]);
    const counted = rows?.[0];
    const values = rowsOf<[value: string, messages: number]>({ rows: [...(rows ?? [])] });
    const messages = Number(counted?.messages ?? 0);
    return {
      values: values.map(([value, messages]) => ({ value, messages })),
      others: Number(counted?.values ?? 0) - values.length,
      othersCount: Number(counted?.others ?? 0),
      without: messages - Number(counted?.valued ?? 0),
      messages,
      partial: Number(counted?.scanned ?? 0) >= messagesMax,
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
