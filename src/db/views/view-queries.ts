/** Reads saved views. Runs on a query thread. */
import type { SavedView } from "../../core/saved-view.ts";
import { viewsSql } from "../../gen/sql.ts";
import type { ReadConnection } from "../read-connection.ts";
import { viewOf } from "./view-row.ts";

export class ViewQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `ViewReader`. */
  async savedViews(owner: string): Promise<SavedView[]> {
    const [rows] = await this.#connection.read([{ sql: viewsSql.visible, args: [owner] }]);
    return this.#connection.decode(rows, viewOf);
  }
}
