/**
 * One connection to a libSQL database: an embedded file, or a server over HTTP or WebSocket. Its faults are `MarsError`s, of
 * the kinds of `database-error.ts`.
 *
 * It opens on first use, and again after a failure, for a server may come back. Embedded calls run synchronously on the
 * calling thread: only workers may use this.
 */
import { createClient, type InStatement, type Row, type Value } from "@libsql/client";
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import { nowMicros } from "../core/time.ts";
import { collectGarbage } from "../runtime/garbage.ts";
import {
  type DatabaseAddress,
  isQuarantined,
  pathOf,
  type Quarantine,
  quarantine,
} from "./database-address.ts";
import { wrapDatabaseError } from "./database-error.ts";
import { EmbeddedConnection, type Result } from "./embedded.ts";

export interface DatabaseOptions extends DatabaseAddress {
  /** Run on every new connection to an embedded file. Settings of a connection do not survive it. */
  readonly pragmas: readonly string[];
  /** Called whenever a new connection is open. */
  readonly connected?: () => void;
  /** Called whenever a transaction of `batch` or `durably` that may write is committed. */
  readonly committed?: (statements: readonly InStatement[]) => void;
}

/** A record of the log that is applied: its time, and the statement that moves the position past it. */
export interface LoggedStep {
  readonly at: Micros;
  readonly move: InStatement;
}

/** What is used of a connection, to a file or to a server. */
type Connection = Pick<EmbeddedConnection, "batch" | "execute" | "script" | "close">;

export class Database {
  readonly embedded: boolean;
  readonly #options: DatabaseOptions;
  readonly #quarantine: Quarantine | undefined;
  #connection: Connection | undefined;
  #logged: LoggedStep | undefined;
  /** Whether a transaction has moved the position past it. */
  #moved = false;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#quarantine = options.quarantine;
    this.embedded = options.url.startsWith("file:");
  }

  /** The time of the record that is applied; else of the clock. What a record writes depends on nothing but the log. */
  get now(): Micros {
    return this.#logged?.at ?? nowMicros();
  }

  /**
   * Applies a record of the log: the first transaction of `make` that writes moves the position with what it writes. Where there is
   * none, one follows that only moves it. One record at a time.
   */
  async logged<T>(step: LoggedStep, make: () => Promise<T>): Promise<T> {
    this.#logged = step;
    this.#moved = false;
    try {
      const answer = await make();
      if (!this.#moved) await this.batch([], "write");
      return answer;
    } finally {
      this.#logged = undefined;
    }
  }

  /** Runs the statements in one transaction: all or none. */
  async batch(statements: InStatement[], mode: "write" | "read"): Promise<Result[]> {
    if (mode === "write" && this.#logged !== undefined && !this.#moved) {
      const results = await this.#batch([this.#logged.move, ...statements], mode);
      this.#moved = true;
      return results.slice(1);
    }
    return this.#batch(statements, mode);
  }

  async #batch(statements: InStatement[], mode: "write" | "read"): Promise<Result[]> {
    // A deferred transaction that only reads is one for reading. A server's driver has another, with a pragma.
    const driversMode = mode === "read" ? "deferred" : "write";
    const results = await this.#use((connection) => connection.batch(statements, driversMode));
    if (mode === "write") this.#options.committed?.(statements);
    return results;
  }

  /** Reads as `batch` does. Integers beyond 2^53 are clamped to the safe range. */
  async readClamped(statements: InStatement[]): Promise<Row[][]> {
    const { url, authToken, pragmas } = this.#options;
    const client = createClient({
      url,
      concurrency: 1,
      intMode: "bigint",
      ...(authToken !== "" && { authToken }),
    });
    try {
      if (this.embedded) for (const pragma of pragmas) await client.execute(`PRAGMA ${pragma}`);
      const reading = client.batch(statements, "deferred");
      const results = await (this.embedded ? reading : this.#within(reading));
      return results.map(({ columns, rows }) => rows.map((row) => rowOf(columns, row)));
    } catch (thrown) {
      throw wrapDatabaseError(thrown);
    } finally {
      client.close();
      if (this.embedded) collectGarbage();
    }
  }

  /**
   * Runs the statements in one transaction. Once this has resolved, a power cut undoes neither it nor any before it. A
   * database server does not say whether it syncs; its answer is trusted.
   */
  durably(statements: InStatement[]): Promise<Result[]> {
    // The log has what a record writes.
    return this.#logged === undefined ? this.synced(statements) : this.batch(statements, "write");
  }

  /** The same of what the log alone does not give again: also while a record is applied. */
  synced(statements: InStatement[]): Promise<Result[]> {
    return this.embedded ? this.#fullySynced(statements) : this.batch(statements, "write");
  }

  async #fullySynced(statements: InStatement[]): Promise<Result[]> {
    await this.execute("PRAGMA synchronous = FULL");
    try {
      return await this.batch(statements, "write");
    } finally {
      await this.execute("PRAGMA synchronous = NORMAL");
    }
  }

  execute(statement: InStatement): Promise<Result> {
    return this.#use((connection) => connection.execute(statement));
  }

  /** Runs a script in one transaction together with `then`. */
  script(sql: string, then: InStatement): Promise<void> {
    return this.#use((connection) => connection.script(sql, then));
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
    // The driver closes the file and releases its lock only when the connection's statements have been collected.
    if (this.embedded) collectGarbage();
  }

  async #use<T>(call: (connection: Connection) => Promise<T>): Promise<T> {
    // A damaged page gives wrong answers, and the driver aborts the process at a text that is not UTF-8.
    if (this.#quarantine !== undefined && isQuarantined(this.#quarantine)) {
      throw new MarsError("corrupt", "the database is damaged, and nothing is read from it or stored in it");
    }
    try {
      const connection = this.#connection ?? (await this.#open());
      return this.embedded ? await call(connection) : await this.#within(call(connection));
    } catch (thrown) {
      const error = wrapDatabaseError(thrown);
      // Events stored in a damaged file could be lost after the journal has dropped them. A file that was never open is not judged.
      const corrupt =
        this.#connection !== undefined && error instanceof MarsError && error.code === "corrupt";
      if (corrupt && this.embedded && this.#quarantine !== undefined) quarantine(this.#quarantine);
      // The next call starts from a fresh connection: a server's stream may be dead, and an embedded connection may have
      // been replaced by the driver with one that lacks its settings. Only the input at fault leaves it as it was.
      if (!(error instanceof MarsError && error.code === "unprocessable")) this.close();
      throw error;
    }
  }

  async #open(): Promise<Connection> {
    const { url, authToken, pragmas } = this.#options;
    const connection = this.embedded
      ? new EmbeddedConnection(pathOf(url))
      : remoteConnection({ url, authToken });
    if (this.embedded) {
      try {
        for (const pragma of pragmas) await connection.execute(`PRAGMA ${pragma}`);
      } catch (error) {
        connection.close();
        throw error;
      }
    }
    this.#connection = connection;
    this.#options.connected?.();
    return connection;
  }

  /** A server that is paused does not answer, and the driver has no timeout. */
  async #within<T>(call: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new MarsError("unavailable", `the database did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([call, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** One stream: settings are its own, and with more they would hold for some calls only. */
function remoteConnection({ url, authToken }: Pick<DatabaseAddress, "url" | "authToken">): Connection {
  const client = createClient({ url, concurrency: 1, ...(authToken !== "" && { authToken }) });
  return {
    execute: (statement) => client.execute(statement),
    batch: (statements, mode) => client.batch([...statements], mode),
    async script(sql, then) {
      const transaction = await client.transaction("write");
      try {
        await transaction.executeMultiple(sql);
        await transaction.execute(then);
        await transaction.commit();
      } finally {
        transaction.close();
      }
    },
    close: () => client.close(),
  };
}

/** As in the driver's rows, the first of two columns with one name counts. */
function rowOf(columns: readonly string[], values: Row): Row {
  const entries = columns.map((name, index) => [name, clamped(values[index])] as const);
  return Object.fromEntries(entries.reverse()) as Row;
}

function clamped(value: Value | undefined): Value | undefined {
  if (typeof value !== "bigint") return value;
  const bounds = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const;
  return Math.min(Math.max(Number(value), bounds[0]), bounds[1]);
}
