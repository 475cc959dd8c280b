/**
 * Pages of rows in the order of an index: keyset pagination.
 *
 * Filters that no index answers could make a page read the whole index, so a page examines a bounded number of rows. It
 * may then be short, and its cursor goes on from the last row examined, the boundary.
 */
import type { InStatement, InValue, Row } from "@libsql/client";
import { Conditions } from "./conditions.ts";
import { formatCursor, parseCursor } from "./cursor.ts";
import type { ReadConnection } from "./read-connection.ts";

/** Default of `KeysetScanOptions.scanMax`. */
export const scanMaxDefault = 5_000;

/** A column of the key. */
export interface KeyColumn {
  /** Of the column in the page's rows. */
  readonly name: string;
  readonly sql: string;
  readonly type: "integer" | "text";
}

export interface KeysetScanOptions {
  /** The kind of list: its cursors are good for no other. */
  readonly kind: string;
  readonly cursor: string | undefined;
  /** Of the page's rows, besides those of the key. */
  readonly columns: string;
  /** The tables that are scanned, and those that only the page needs. */
  readonly from: string;
  readonly join?: string;
  /** The order of the index, whose last column makes rows unique. */
  readonly key: readonly KeyColumn[];
  readonly direction: "ASC" | "DESC";
  /** Conditions that the index answers, and the others. */
  readonly indexed?: Conditions;
  readonly filters?: Conditions;
  /** Whether the rows are few and another index finds them: they are sorted, and all are examined. */
  readonly sorted?: boolean;
  /** The most rows of a page, and the most that it examines. */
  readonly limit: number;
  readonly scanMax?: number;
  /** The bytes of a row, in SQL, and the most that the rows of a page have together, the last one aside. Absent: not bounded. */
  readonly bytes?: { readonly sql: string; readonly max: number };
}

/** A statement with its arguments in order, fit to be part of another. */
export interface Statement {
  readonly sql: string;
  readonly args: InValue[];
}

export class KeysetScan {
  readonly #options: KeysetScanOptions;
  readonly #indexed: Conditions;
  readonly #filters: Conditions;
  readonly #columns: string;
  readonly #order: string;

  /** @throws `MarsError("invalid_argument")` for a cursor of another list */
  constructor(options: KeysetScanOptions) {
    const { kind, cursor, key, direction, indexed = new Conditions(), sorted = false } = options;
    this.#options = options;
    this.#filters = options.filters ?? new Conditions();
    // A unary plus keeps SQLite from choosing the index of the order over the one that finds few rows.
    const columns = key.map(({ sql }, at) => (sorted && at === 0 ? `+${sql}` : sql));
    this.#columns = columns.join(", ");
    this.#order = `ORDER BY ${columns.map((sql) => `${sql} ${direction}`).join(", ")}`;
    this.#indexed = indexed.and(new Conditions());
    if (cursor !== undefined) {
      const values = parseCursor(
        cursor,
        kind,
        key.map(({ type }) => type),
      );
      this.#compare(this.#indexed, direction === "ASC" ? ">" : "<", values);
    }
  }

  /** Finds the last row that the page may examine; `undefined` where nothing bounds it but its limit. */
  get boundary(): Statement | undefined {
    const { from, sorted = false, scanMax = scanMaxDefault } = this.#options;
    if (sorted || this.#filters.size === 0) return undefined;
    return {
      sql: `SELECT ${this.#named()} FROM ${from} ${this.#indexed.where()} ${this.#order} LIMIT 1 OFFSET ${scanMax - 1}`,
      args: this.#indexed.args,
    };
  }

  /** @param boundary the row that `boundary` has found */
  page(boundary?: Row): Statement {
    const { columns, from, join = "", direction, limit, bytes } = this.#options;
    const all = this.#indexed.and(this.#filters);
    if (boundary !== undefined) this.#compare(all, direction === "ASC" ? "<=" : ">=", this.#keyOf(boundary));
    const own = bytes === undefined ? "" : `, ${bytes.sql} AS own`;
    const sql = `SELECT ${this.#named()}, ${columns}${own} FROM ${from} ${join} ${all.where()} ${this.#order} LIMIT ${limit}`;
    if (bytes === undefined) return { sql, args: all.args };
    const order = this.#options.key.map(({ name }) => `${name} ${direction}`).join(", ");
    return {
      sql: `SELECT * FROM (SELECT *, sum(own) OVER (ORDER BY ${order}) AS bytes FROM (${sql}))
        WHERE bytes - own < ${bytes.max} ORDER BY ${order}`,
      args: all.args,
    };
  }

  /** The cursor of the next page; `undefined` where this was the last. */
  nextCursor(rows: readonly Row[], boundary?: Row): string | undefined {
    const end = this.endOf(rows, boundary);
    return end === undefined ? undefined : this.cursorAt(end);
  }

  /** The row up to which everything is in the page; `undefined` where nothing is behind it. */
  endOf(rows: readonly Row[], boundary?: Row): Row | undefined {
    const { limit, bytes } = this.#options;
    const last = rows.at(-1);
    const full = rows.length === limit || (bytes !== undefined && Number(last?.bytes) >= bytes.max);
    return full ? last : boundary;
  }

  /** The order of its rows, for `sort`. The key's columns are numbers. */
  readonly compare = (a: Row, b: Row): number => {
    const { key, direction } = this.#options;
    const column = key.find(({ name }) => Number(a[name]) !== Number(b[name]));
    if (column === undefined) return 0;
    const order = Number(a[column.name]) - Number(b[column.name]);
    return direction === "ASC" ? order : -order;
  };

  /** A cursor that goes on behind this row. */
  cursorAt(row: Row): string {
    return formatCursor(this.#options.kind, this.#keyOf(row));
  }

  #keyOf(row: Row): (number | string)[] {
    return this.#options.key.map(({ name, type }) =>
      type === "integer" ? Number(row[name]) : String(row[name]),
    );
  }

  #named(): string {
    return this.#options.key.map(({ name, sql }) => `${sql} AS ${name}`).join(", ");
  }

  #compare(conditions: Conditions, operator: string, values: readonly InValue[]): void {
    conditions.add(`(${this.#columns}) ${operator} (${values.map(() => "?").join(", ")})`, ...values);
  }
}

export interface KeysetPage {
  readonly rows: Row[];
  /** Empty where this was the last page. */
  readonly next: { readonly nextCursor?: string };
  readonly boundary: Row | undefined;
  /** The rows of the other statements. */
  readonly others: Row[][];
}

/** @param others makes, of the page's statement, others that are read in the same transaction */
export async function readPage(
  connection: ReadConnection,
  scan: KeysetScan,
  others: (page: Statement) => InStatement[] = () => [],
): Promise<KeysetPage> {
  const bounding = scan.boundary;
  const [found] = bounding === undefined ? [] : await connection.read([bounding]);
  const boundary = found?.[0];
  const page = scan.page(boundary);
  const [rows = [], ...rest] = await connection.read([page, ...others(page)]);
  const nextCursor = scan.nextCursor(rows, boundary);
  return { rows, next: nextCursor === undefined ? {} : { nextCursor }, boundary, others: rest };
}
