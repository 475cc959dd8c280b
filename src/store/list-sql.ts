/**
 * The plan of one list page.
 *
 * A few candidates (one id, a rare external id, a selective prefix) are found by their index and sorted. Everything
 * else walks an index in the order asked for. Filters that no index answers could walk for ever, so a walk ends after
 * `scanMax` messages: the page is then short, and its cursor goes on from the place reached.
 */
import type { InStatement, InValue, Row } from "@libsql/client";
import { messageIdBytesMax } from "../event/limits.ts";
import type { MessageOrder, MessageQuery } from "../event/query.ts";
import { messageStates } from "../event/state.ts";
import { formatCursor, parseCursor } from "./cursor.ts";

/** Messages that one page examines at most. */
export const scanMaxDefault = 5_000;

export interface ListPlan {
  /** Finds the place where the walk has to end; `undefined` where no walk is needed. */
  readonly edge: InStatement | undefined;
  /** Finds the page's messages: `id`, `app_id`, `message_id`, `at`. */
  page(edge: Row | undefined): InStatement;
  nextCursor(rows: readonly Row[], edge: Row | undefined): string | undefined;
}

/** What each order goes by: of `messages`, and for `overdue` of `lives`. */
const columns: Readonly<Record<MessageOrder, string>> = {
  newest: "created_at",
  oldest: "created_at",
  updated: "updated_at",
  overdue: "overdue_since",
};

/** Whether only overdue messages are asked for, in another order than theirs. */
function overdueOnly({ states, overdueSince, order }: MessageQuery): boolean {
  if (order === "overdue") return false;
  return overdueSince !== undefined || (states?.length === 1 && states[0] === "overdue");
}

/**
 * Whether the query's external id, its prefix, or being overdue has few enough messages to find them by it: `few` is 1 if so.
 * `undefined` where there is neither, or an id that needs no counting.
 */
export function countCandidates(query: MessageQuery, scanMax: number): InStatement | undefined {
  const [from, args] =
    query.messageId !== undefined
      ? []
      : query.externalId !== undefined
        ? [`events WHERE ${externalIs}`, [query.externalId]]
        : query.prefix !== undefined
          ? [`messages WHERE ${prefixRange("message_id")}`, prefixBounds(query.prefix)]
          : overdueOnly(query)
            ? ["lives WHERE overdue_since <> 0", []]
            : [];
  if (from === undefined || args === undefined) return undefined;
  return {
    sql: `SELECT count(*) <= ${scanMax} AS few FROM (SELECT 1 FROM ${from} LIMIT ${scanMax + 1})`,
    args,
  };
}

/** @param few whether an external id or a prefix is selective; see `countCandidates` */
export function planList(query: MessageQuery, few: boolean, scanMax: number): ListPlan {
  const column = columns[query.order];
  const ascending = query.order === "oldest" || query.order === "overdue";
  const [direction, past] = ascending ? (["ASC", ">"] as const) : (["DESC", "<"] as const);
  // Few candidates: their own index finds them, and there is no walk to bound. A unary plus keeps every other index
  // from being used: a walk must not turn into a sort, nor a few candidates into a walk.
  const direct = query.messageId !== undefined || few;
  const table = query.order === "overdue" ? "l" : "m";
  const walked = direct ? `+${table}` : table;
  const found = direct ? "m" : "+m";
  const order = `${walked}.${column} ${direction}, m.id ${direction}`;

  const walk = new Conditions();
  if (query.order === "overdue") walk.add("l.overdue_since <> 0");
  if (query.appId !== undefined && query.order === "overdue" && !direct) {
    walk.add("l.app = (SELECT id FROM apps WHERE app_id = ?)", query.appId);
  } else if (query.appId !== undefined) {
    walk.add(`${direct ? "+m" : "m"}.app_id = ?`, query.appId);
  }
  if (query.since !== undefined) walk.add(`${walked}.${column} >= ?`, query.since);
  if (query.until !== undefined) walk.add(`${walked}.${column} < ?`, query.until);
  if (query.cursor !== undefined) {
    const [at, id] = parseCursor(query.cursor, query.order, [0, 0] as const);
    walk.add(`(${walked}.${column}, m.id) ${past} (?, ?)`, at, id);
  }

  const filters = new Conditions();
  if (few && query.externalId === undefined && query.prefix === undefined) {
    filters.add("m.id IN (SELECT message FROM lives WHERE overdue_since <> 0)");
  }
  if (query.states !== undefined) {
    // A message without a life is open.
    const states = query.states.map((state) => messageStates.indexOf(state));
    filters.add(`coalesce((SELECT state FROM lives WHERE message = m.id), 0) IN (${states.join(", ")})`);
  }
  if (query.followed) filters.add("EXISTS (SELECT 1 FROM lives WHERE message = m.id)");
  if (query.overdueSince !== undefined) {
    filters.add(
      "EXISTS (SELECT 1 FROM lives WHERE message = m.id AND overdue_since <> 0 AND overdue_since <= ?)",
      query.overdueSince,
    );
  }
  if (query.stage !== undefined) {
    filters.add(
      `EXISTS (SELECT 1 FROM lives JOIN stages s ON s.app = lives.app AND s.stage = ?
        WHERE lives.message = m.id AND instr(lives.marks, ';' || s.id || ?) > 0)`,
      query.stage.name,
      `${query.stage.mark[0]};`,
    );
  }
  if (query.event !== undefined) {
    filters.add("EXISTS (SELECT 1 FROM events e WHERE e.message = m.id AND e.event = ?)", query.event);
  }
  if (query.missing !== undefined) {
    filters.add("NOT EXISTS (SELECT 1 FROM events e WHERE e.message = m.id AND e.event = ?)", query.missing);
  }

  if (query.messageId !== undefined) filters.add(`${found}.message_id = ?`, query.messageId);
  if (query.externalId !== undefined) {
    filters.add(
      few
        ? `m.id IN (SELECT message FROM events WHERE ${externalIs})`
        : "EXISTS (SELECT 1 FROM events e WHERE e.message = m.id AND e.external_id = ?)",
      query.externalId,
    );
  }
  if (query.prefix !== undefined) {
    const byPrefix = query.externalId === undefined ? found : "+m";
    filters.add(prefixRange(`${byPrefix}.message_id`), ...prefixBounds(query.prefix));
  }

  const from = query.order === "overdue" ? "lives l CROSS JOIN messages m ON m.id = l.message" : "messages m";
  const select = `SELECT m.id, m.app_id, m.message_id, ${table}.${column} AS at FROM ${from}`;
  const filtered = !direct && filters.size > 0;
  return {
    edge: filtered
      ? {
          sql: `SELECT ${table}.${column} AS at, m.id FROM ${from} ${walk.where()} ORDER BY ${order} LIMIT 1 OFFSET ${scanMax - 1}`,
          args: walk.args,
        }
      : undefined,
    page(edge) {
      const all = walk.and(filters);
      if (edge !== undefined) {
        const upTo = ascending ? "<=" : ">=";
        all.add(`(${table}.${column}, m.id) ${upTo} (?, ?)`, Number(edge.at), Number(edge.id));
      }
      return { sql: `${select} ${all.where()} ORDER BY ${order} LIMIT ${query.limit}`, args: all.args };
    },
    nextCursor(rows, edge) {
      const last = rows.at(-1);
      const end = last !== undefined && rows.length === query.limit ? last : edge;
      return end === undefined ? undefined : formatCursor(query.order, [Number(end.at), Number(end.id)]);
    },
  };
}

/** SQL conditions with their arguments, joined by AND. */
class Conditions {
  readonly #sql: string[] = [];
  readonly args: InValue[] = [];

  get size(): number {
    return this.#sql.length;
  }

  add(sql: string, ...args: InValue[]): void {
    this.#sql.push(sql);
    this.args.push(...args);
  }

  and(other: Conditions): Conditions {
    const both = new Conditions();
    both.#sql.push(...this.#sql, ...other.#sql);
    both.args.push(...this.args, ...other.args);
    return both;
  }

  where(): string {
    return this.#sql.length === 0 ? "" : `WHERE ${this.#sql.join(" AND ")}`;
  }
}

/** The second half is what the partial index asks for. */
const externalIs = "external_id = ? AND external_id <> ''";

function prefixRange(column: string): string {
  return `${column} >= ? AND ${column} <= ?`;
}

/** Texts compare by their UTF-8 bytes, and no id of 512 bytes with this prefix sorts past 128 of the last character. */
function prefixBounds(prefix: string): InValue[] {
  return [prefix, prefix + "\u{10FFFF}".repeat(messageIdBytesMax / 4)];
}
