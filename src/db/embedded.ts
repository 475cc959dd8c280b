/**
 * A connection to a database file, with the statements that it used last kept prepared. `@libsql/client` prepares every statement at
 * every call, which costs most of a small read, and looks twice at each value of each row; so this uses the driver below it.
 *
 * Calls run synchronously on the calling thread: only workers may use this. Errors are those of `@libsql/client`.
 */
import { type InArgs, type InStatement, LibsqlError, type ResultSet, type Row } from "@libsql/client";
import Driver from "libsql";
import { primaryCodeOf } from "./database-error.ts";

/** What is used of a driver's answer. */
export type Result = Pick<ResultSet, "rows" | "rowsAffected">;

/** Statements that are kept; each takes some 10 KiB. Which there are depends on the filters that are in use. */
const statementsMax = 200;
/** A statement keeps what is bound to it. With more UTF-16 units than this it is not kept: preparing is little of the whole then. */
const keptCharsMax = 32_768;
/** Some pragmas act when they are prepared, and what changes the schema is not run again. */
const keptKinds = /^(?:--[^\n]*\n|\s)*(?:SELECT|WITH|INSERT|UPDATE|DELETE|BEGIN|COMMIT)\b/i;

const begin = { write: "BEGIN IMMEDIATE", deferred: "BEGIN" } as const;

type Bound = null | string | number | bigint | Uint8Array;

interface Prepared {
  readonly statement: Driver.Statement;
  /** `undefined` of one that answers no rows. */
  columns: Columns | undefined;
}

interface Columns {
  readonly width: number;
  /** By their places; of two with one name the first counts. */
  readonly names: readonly (readonly [name: string, place: number])[];
}

export class EmbeddedConnection {
  readonly #driver: Driver.Database;
  /** By their SQL, the last used at the end. */
  readonly #statements = new Map<string, Prepared>();

  /** @throws the driver's error where the file cannot be opened */
  constructor(path: string) {
    this.#driver = new Driver(path, {});
  }

  async execute(statement: InStatement): Promise<Result> {
    return this.#run(statement);
  }

  /** All in one transaction, or none. */
  async batch(statements: readonly InStatement[], mode: keyof typeof begin): Promise<Result[]> {
    // Alone it is a transaction, and one that only reads waits for nobody.
    if (mode === "deferred" && statements.length === 1) return [this.#run(statements[0]!)];
    return this.#transact(begin[mode], () => statements.map((statement) => this.#run(statement)));
  }

  /** Runs a script in one transaction together with `then`. */
  async script(sql: string, then: InStatement): Promise<void> {
    this.#statements.clear();
    this.#transact(begin.write, () => {
      mapped(() => this.#driver.exec(sql));
      this.#run(then);
    });
  }

  close(): void {
    // The file is let go when these have been collected.
    this.#statements.clear();
    if (this.#driver.open) this.#driver.close();
  }

  #transact<T>(begin: string, carryOut: () => T): T {
    this.#run(begin);
    try {
      const answer = carryOut();
      this.#run("COMMIT");
      return answer;
    } catch (error) {
      // Some failures have ended it already.
      if (this.#driver.inTransaction) mapped(() => this.#driver.exec("ROLLBACK"));
      throw error;
    }
  }

  #run(statement: InStatement): Result {
    const { sql, args = [] } = typeof statement === "string" ? { sql: statement } : statement;
    const bound = boundOf(args);
    return mapped(() => {
      const prepared = this.#statement(sql, bound);
      if (prepared.columns === undefined) {
        return { rows: [], rowsAffected: Number(prepared.statement.run(bound).changes) };
      }
      const found = prepared.statement.all(bound) as unknown[][];
      // The schema has changed under a `SELECT *`.
      if (found[0] !== undefined && found[0].length !== prepared.columns.width)
        prepared.columns = columnsOf(prepared.statement);
      return { rows: rowsOf(found, prepared.columns), rowsAffected: 0 };
    });
  }

  #statement(sql: string, bound: readonly Bound[]): Prepared {
    const known = this.#statements.get(sql);
    if (known !== undefined) this.#statements.delete(sql);
    const prepared = known ?? prepare(this.#driver, sql);
    if (!isKept(sql, bound)) return prepared;
    this.#statements.set(sql, prepared);
    if (this.#statements.size > statementsMax) {
      for (const first of this.#statements.keys()) {
        this.#statements.delete(first);
        break;
      }
    }
    return prepared;
  }
}

function prepare(driver: Driver.Database, sql: string): Prepared {
  const statement: Driver.Statement = driver.prepare(sql);
  try {
    statement.raw(true);
  } catch {
    // The driver's way to say that it answers no rows.
    return { statement, columns: undefined };
  }
  return { statement, columns: columnsOf(statement) };
}

function columnsOf(statement: Driver.Statement): Columns {
  const all = statement.columns().map(({ name }) => name);
  return {
    width: all.length,
    names: [...all.entries()].flatMap(([place, name]) =>
      all.indexOf(name) === place ? [[name, place]] : [],
    ),
  };
}

function isKept(sql: string, bound: readonly Bound[]): boolean {
  let chars = 0;
  for (const value of bound) if (typeof value === "string") chars += value.length;
  return chars <= keptCharsMax && keptKinds.test(sql);
}

function rowsOf(found: readonly (readonly unknown[])[], { names }: Columns): Row[] {
  return found.map((values) => {
    const row: Record<string, unknown> = {};
    for (const [name, place] of names) row[name] = checked(values[place]);
    return row as Row;
  });
}

/** @throws `RangeError` for a number that is too large to be an exact integer, as the driver above does */
function checked(value: unknown): unknown {
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new RangeError("an integer beyond 2^53");
  }
  return value instanceof Buffer
    ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)
    : value;
}

function boundOf(args: InArgs): Bound[] {
  if (!Array.isArray(args)) throw new TypeError("arguments by name are not used");
  return args.map((value) => {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("a number that is none");
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (value === undefined || value instanceof Date) throw new TypeError(`${value} cannot be bound`);
    return value;
  });
}

/** Turns the driver's errors into those of `@libsql/client`, which have their kinds by `database-error.ts`. */
function mapped<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    if (!(thrown instanceof Driver.SqliteError)) throw thrown;
    const { message, code, rawCode } = thrown as Error & { readonly code: string; readonly rawCode?: number };
    throw new LibsqlError(message, primaryCodeOf(rawCode), code, rawCode, thrown);
  }
}
