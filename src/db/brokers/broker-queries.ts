/** Lists the messages of brokers that were refused. Runs on a query thread. */
import type { RefusedPage, RefusedQuery, RefusedReader } from "../../core/broker-collector.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import type { ReadConnection } from "../read-connection.ts";
import { refusedOf } from "./refused-row.ts";

/** Bytes of the bodies on one page, the last one aside. As text they are longer by a third, or more. */
const pageBytesMax = 512 * 1024;

export class BrokerQueries implements RefusedReader {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `RefusedReader`. */
  async refusedMessages({ collector, limit, cursor }: RefusedQuery): Promise<RefusedPage> {
    const indexed = new Conditions();
    indexed.add("collector = ?", collector);
    const scan = new KeysetScan({
      kind: "broker_refused",
      cursor,
      columns: "collector, position, at, broker_at, event_id, reason, body, body_bytes, headers, app_id",
      from: "broker_refused",
      key: [{ name: "id", sql: "id", type: "integer" }],
      direction: "DESC",
      indexed,
      limit,
      bytes: { sql: "length(body)", max: pageBytesMax },
    });
    const { rows, next } = await readPage(this.#connection, scan);
    return { messages: this.#connection.decode(rows, refusedOf), ...next };
  }
}
