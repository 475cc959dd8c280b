/** SQL conditions with their arguments, joined by AND. */
import type { InValue } from "@libsql/client";
import { appIdBytesMax } from "../core/limits.ts";

/** The least and the greatest text with this prefix: texts compare by their UTF-8 bytes, and none is longer than `bytesMax`. */
export function prefixBounds(prefix: string, bytesMax: number): [string, string] {
  return [prefix, prefix + "\u{10FFFF}".repeat(bytesMax / 4)];
}

export class Conditions {
  readonly #sql: string[] = [];
  readonly args: InValue[] = [];

  get size(): number {
    return this.#sql.length;
  }

  /** @param sql has one `?` for each argument */
  add(sql: string, ...args: InValue[]): void {
    this.#sql.push(sql);
    this.args.push(...args);
  }

  /** The column has this value, where there is one. */
  addEqual(column: string, value: InValue | undefined): void {
    if (value !== undefined) this.add(`${column} = ?`, value);
  }

  /** The column is the id of an app that one of the patterns names (`AppRights.apps`), where there are patterns. */
  addApps(column: string, patterns: readonly string[] | undefined): void {
    if (patterns === undefined) return;
    const exact = patterns.filter((pattern) => !pattern.endsWith("*"));
    const prefixes = patterns
      .filter((pattern) => pattern.endsWith("*"))
      .map((pattern) => pattern.slice(0, -1));
    const ranges = prefixes.map(() => `${column} BETWEEN ? AND ?`);
    const sql = [`${column} IN (SELECT value FROM json_each(?))`, ...ranges].join(" OR ");
    this.add(
      `(${sql})`,
      JSON.stringify(exact),
      ...prefixes.flatMap((prefix) => prefixBounds(prefix, appIdBytesMax)),
    );
  }

  /** A new object with the conditions of both. */
  and(other: Conditions): Conditions {
    const both = new Conditions();
    both.#sql.push(...this.#sql, ...other.#sql);
    both.args.push(...this.args, ...other.args);
    return both;
  }

  /** The clause, empty where there are no conditions. */
  where(): string {
    return this.#sql.length === 0 ? "" : `WHERE ${this.#sql.join(" AND ")}`;
  }
}
