/** The connection of the query thread, which cannot write; shared by the parts that ask questions. */
import type { InStatement, Row } from "@libsql/client";
import { Database, type DatabaseAddress } from "./database.ts";

export class Reads {
  readonly #database: Database;
  #journalId = "";

  constructor(address: DatabaseAddress) {
    this.#database = new Database({
      ...address,
      pragmas: ["busy_timeout = 5000", "query_only = 1", "cache_size = -32768", "temp_store = MEMORY"],
    });
  }

  /** By whose position answers name the seq that they are as of. */
  get journalId(): string {
    return this.#journalId;
  }

  open(journalId: string): void {
    this.#journalId = journalId;
  }

  /**
   * Runs the statements in one transaction, so that their answers belong together.
   *
   * @throws `MarsError` of the kinds of `database-error.ts`
   */
  async read(statements: InStatement[]): Promise<Row[][]> {
    return (await this.#database.batch(statements, "read")).map((result) => result.rows);
  }

  close(): void {
    this.#database.close();
  }
}
