/** Lists erasures of apps. Runs on a query thread. */
import type { ErasurePage, ErasureQuery } from "../../core/erasure.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import type { ReadConnection } from "../read-connection.ts";
import { erasureOf } from "./erasure-writer.ts";

export class ErasureQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** The latest first. */
  async list({ appId, apps, limit, cursor }: ErasureQuery): Promise<ErasurePage> {
    const filters = new Conditions();
    filters.addEqual("app_id", appId);
    filters.addApps("app_id", apps);
    const scan = new KeysetScan({
      kind: "erasures",
      cursor,
      columns: "*",
      from: "erasures",
      key: [{ name: "id", sql: "id", type: "integer" }],
      direction: "DESC",
      filters,
      limit,
    });
    const { rows, next } = await readPage(this.#connection, scan);
    return { erasures: this.#connection.decode(rows, erasureOf), ...next };
  }
}
