/**
 * A page of rows in the order of an index. Filters that no index answers could make it walk for ever, so a walk ends
 * after a bounded number of rows: the page is then short, and its cursor goes on from the place reached.
 */
import type { InStatement, InValue, Row } from "@libsql/client";
import { formatCursor, parseCursor } from "./cursor.ts";

/** Rows that one page looks at. */
export const scanMaxDefault = 5_000;

export interface WalkOptions {
  /** What the cursor is good for. */
  readonly kind: string;
  readonly cursor: string | undefined;
  /** The columns of a row, besides `at` and `id`. */
  readonly columns: string;
  /** The tables that are walked, and those that only the page needs. */
  readonly from: string;
  readonly join?: string;
  /** The column that the index is in the order of, and the one that tells rows apart where it ties. */
  readonly at: string;
  readonly id: string;
  readonly direction: "ASC" | "DESC";
  /** Answered by the index. */
  readonly along: Conditions;
  readonly filters: Conditions;
  /** Few rows, which another index finds: they are sorted, and nothing is walked. */
  readonly few?: boolean;
  /** Rows of the page, and rows that it looks at, at most. */
  readonly limit: number;
  readonly scanMax: number;
}

export interface Walk {
  /** Finds the place where the walk has to end; `undefined` where it ends by itself. */
  readonly edge: InStatement | undefined;
  page(edge: Row | undefined): InStatement;
  nextCursor(rows: readonly Row[], edge: Row | undefined): string | undefined;
  /** Goes on behind this row. */
  cursorAt(row: Row): string;
}

/** @throws `MarsError("invalid_argument")` for a cursor of another list */
export function planWalk(options: WalkOptions): Walk {
  const { kind, cursor, columns, from, join = "", id, direction, filters, few = false, limit } = options;
  // A unary plus keeps an index from being used: few rows must not turn into a walk.
  const at = few ? `+${options.at}` : options.at;
  const order = `ORDER BY ${at} ${direction}, ${id} ${direction}`;
  const [past, upTo] = direction === "ASC" ? [">", "<="] : ["<", ">="];
  const along = options.along.and(new Conditions());
  if (cursor !== undefined) along.add(`(${at}, ${id}) ${past} (?, ?)`, ...parseCursor(cursor, kind, [0, 0]));
  const cursorAt = (row: Row) => formatCursor(kind, [Number(row.at), Number(row.id)]);
  return {
    edge:
      few || filters.size === 0
        ? undefined
        : {
            sql: `SELECT ${options.at} AS at, ${id} AS id FROM ${from} ${along.where()} ${order} LIMIT 1 OFFSET ${options.scanMax - 1}`,
            args: along.args,
          },
    page(edge) {
      const all = along.and(filters);
      if (edge !== undefined) all.add(`(${at}, ${id}) ${upTo} (?, ?)`, Number(edge.at), Number(edge.id));
      return {
        sql: `SELECT ${options.at} AS at, ${id} AS id, ${columns} FROM ${from} ${join} ${all.where()} ${order} LIMIT ${limit}`,
        args: all.args,
      };
    },
    nextCursor(rows, edge) {
      const last = rows.at(-1);
      const end = last !== undefined && rows.length === limit ? last : edge;
      return end === undefined ? undefined : cursorAt(end);
    },
    cursorAt,
  };
}

/** SQL conditions with their arguments, joined by AND. */
export class Conditions {
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
