/** SQL conditions with their arguments, joined by AND. */
import type { InValue } from "@libsql/client";

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
