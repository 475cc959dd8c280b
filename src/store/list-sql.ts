/**
 * The plan of one list page.
 *
 * A few candidates (one id, a rare external id, a selective prefix) are found by their index and sorted. Everything
 * else walks an index in the order asked for. Filters that no index answers could walk for ever, so a walk ends after
 * `scanMax` messages: the page is then short, and its cursor goes on from the place reached.
 */
import type { InStatement, InValue, Row } from "@libsql/client";
import { MarsError } from "../event/error.ts";
import { messageIdBytesMax } from "../event/limits.ts";
import type { MessageQuery } from "../event/query.ts";

/** Messages that one page examines at most. */
export const scanMaxDefault = 5_000;

export interface ListPlan {
  /** Finds the place where the walk has to end; `undefined` where no walk is needed. */
  readonly edge: InStatement | undefined;
  /** Finds the page's messages: `id`, `app_id`, `message_id`, `at`. */
  page(edge: Row | undefined): InStatement;
  nextCursor(rows: readonly Row[], edge: Row | undefined): string | undefined;
}

interface Place {
  readonly at: number;
  readonly id: number;
}

/**
 * Whether the query's external id, or its prefix, has few enough messages to find them by it: `few` is 1 if so.
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
          : [];
  if (from === undefined || args === undefined) return undefined;
  return {
    sql: `SELECT count(*) <= ${scanMax} AS few FROM (SELECT 1 FROM ${from} LIMIT ${scanMax + 1})`,
    args,
  };
}

/** @param few whether an external id or a prefix is selective; see `countCandidates` */
export function planList(query: MessageQuery, few: boolean, scanMax: number): ListPlan {
  const column = query.order === "updated" ? "updated_at" : "created_at";
  const [direction, past] = query.order === "oldest" ? (["ASC", ">"] as const) : (["DESC", "<"] as const);
  // Few candidates: their own index finds them, and there is no walk to bound. A unary plus keeps every other index
  // from being used: a walk must not turn into a sort, nor a few candidates into a walk.
  const direct = query.messageId !== undefined || few;
  const walked = direct ? "+m" : "m";
  const found = direct ? "m" : "+m";
  const order = `${walked}.${column} ${direction}, m.id ${direction}`;

  const walk = new Conditions();
  if (query.appId !== undefined) walk.add(`${walked}.app_id = ?`, query.appId);
  if (query.since !== undefined) walk.add(`${walked}.${column} >= ?`, query.since);
  if (query.until !== undefined) walk.add(`${walked}.${column} < ?`, query.until);
  if (query.cursor !== undefined) {
    const place = parseCursor(query.cursor, query.order);
    walk.add(`(${walked}.${column}, m.id) ${past} (?, ?)`, place.at, place.id);
  }

  const filters = new Conditions();
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

  const select = `SELECT m.id, m.app_id, m.message_id, m.${column} AS at FROM messages m`;
  const filtered = !direct && filters.size > 0;
  return {
    edge: filtered
      ? {
          sql: `SELECT m.${column} AS at, m.id FROM messages m ${walk.where()} ORDER BY ${order} LIMIT 1 OFFSET ${scanMax - 1}`,
          args: walk.args,
        }
      : undefined,
    page(edge) {
      const all = walk.and(filters);
      if (edge !== undefined) {
        const upTo = query.order === "oldest" ? "<=" : ">=";
        all.add(`(m.${column}, m.id) ${upTo} (?, ?)`, Number(edge.at), Number(edge.id));
      }
      return { sql: `${select} ${all.where()} ORDER BY ${order} LIMIT ${query.limit}`, args: all.args };
    },
    nextCursor(rows, edge) {
      const last = rows.at(-1);
      const end = last !== undefined && rows.length === query.limit ? last : edge;
      return end === undefined
        ? undefined
        : formatCursor(query.order, { at: Number(end.at), id: Number(end.id) });
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

function formatCursor(order: string, { at, id }: Place): string {
  return Buffer.from(JSON.stringify([order, at, id])).toString("base64url");
}

/** A cursor belongs to the order it was made for; with another order it would skip and repeat. */
function parseCursor(cursor: string, order: string): Place {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    place = undefined;
  }
  if (Array.isArray(place) && place.length === 3) {
    const [of, at, id] = place as [unknown, unknown, unknown];
    if (of === order && Number.isSafeInteger(at) && Number.isSafeInteger(id)) {
      return { at: Number(at), id: Number(id) };
    }
  }
  const message = `must be the next_cursor of a page in the same order (${order})`;
  throw new MarsError("invalid_argument", `cursor ${message}`, { problems: [{ field: "cursor", message }] });
}
