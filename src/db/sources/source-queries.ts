/** Reads sources and their deliveries. Runs on a query thread. */
import { sourcesSql } from "../../gen/sql.ts";
import type { KeptDelivery } from "../../sources/kept.ts";
import type { Source } from "../../sources/source.ts";
import type { ReadConnection } from "../read-connection.ts";
import { deliveryOf, sourceOf } from "./source-rows.ts";

export class SourceQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `SourceReader` of `sources/ports.ts` for both of these. */
  async sources(): Promise<Source[]> {
    const [rows] = await this.#connection.read([sourcesSql.all]);
    return this.#connection.decode(rows, sourceOf);
  }

  async sourceDeliveries(source: string, limit: number): Promise<KeptDelivery[]> {
    const [rows] = await this.#connection.read([{ sql: sourcesSql.deliveries, args: [source, limit] }]);
    return this.#connection.decode(rows, deliveryOf);
  }
}
