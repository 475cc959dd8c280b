/**
 * A connection that cannot write, shared by all queries of a thread.
 *
 * One row that cannot be read must not make its whole page unreadable. Numbers beyond 2^53 are clamped to it, a row that
 * cannot be decoded is left out, and both are reported.
 */
import type { InStatement, Row } from "@libsql/client";
import { MarsError } from "../core/error.ts";
import type { Notify } from "../core/ports.ts";
import { Database } from "./database.ts";
import type { DatabaseAddress } from "./database-address.ts";

export class ReadConnection {
  readonly #database: Database;
  readonly #notify: Notify;
  #journalId = "";

  /** @param notify called with rows that cannot be read */
  constructor(address: DatabaseAddress, notify: Notify = () => undefined) {
    this.#notify = notify;
    this.#database = new Database({
      ...address,
      pragmas: ["busy_timeout = 5000", "query_only = 1", "cache_size = -32768", "temp_store = MEMORY"],
    });
  }

  /** The journal whose position is the seq that answers are as of. */
  get journalId(): string {
    return this.#journalId;
  }

  open(journalId: string): void {
    this.#journalId = journalId;
  }

  /**
   * Runs the statements in one transaction, so that their answers agree.
   *
   * @throws `MarsError` of the kinds of `database-error.ts`
   */
  async read(statements: InStatement[]): Promise<Row[][]> {
    try {
      return (await this.#database.batch(statements, "read")).map((result) => result.rows);
    } catch (error) {
      if (!(error instanceof MarsError && error.cause instanceof RangeError)) throw error;
      const rows = await this.#database.readClamped(statements);
      this.#notify({ message: "number out of range clamped", event: "unreadable_row", error });
      return rows;
    }
  }

  /** One statement: see `read`. */
  async execute(statement: InStatement): Promise<{ readonly rows: Row[] }> {
    const [rows = []] = await this.read([statement]);
    return { rows };
  }

  /** Decodes rows one by one, without those that cannot be decoded. */
  decode<T>(rows: readonly Row[] | undefined, decode: (row: Row) => T): T[] {
    return (rows ?? []).flatMap((row) => {
      try {
        return [decode(row)];
      } catch (error) {
        this.#notify({ message: "row cannot be read, skipped", event: "unreadable_row", error });
        return [];
      }
    });
  }

  close(): void {
    this.#database.close();
  }
}

/** An object that is kept as JSON. Throws for any other text, without a part of it: the log must not show a sink's secret. */
export function parseObject<T>(text: unknown): T {
  const value = parsed(String(text));
  if (typeof value !== "object" || value === null) throw new SyntaxError("this is no JSON object");
  return value as T;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's error has a part of the text.
    return undefined;
  }
}
