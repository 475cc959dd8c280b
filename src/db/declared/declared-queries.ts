/** Reads what files have declared. Runs on a query thread. */
import { declaredSql } from "../../gen/sql.ts";
import type { ReadConnection } from "../read-connection.ts";

export class DeclaredQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `DeclaredReader`. */
  async declaredThings(name: string): Promise<string[]> {
    const [rows] = await this.#connection.read([{ sql: declaredSql.ofName, args: [name] }]);
    return this.#connection.decode(rows, ({ thing }) => String(thing));
  }
}
