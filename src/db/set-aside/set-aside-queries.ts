/** Lists what is set aside. Runs on a query thread. */
import type { SetAsidePage, SetAsideQuery } from "../../core/set-aside.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { knownPosition } from "../messages/apply-sql.ts";
import type { ReadConnection } from "../read-connection.ts";
import { setAsideOf } from "./set-aside-writer.ts";

/**
 * Bytes of the events on one page, the last one aside. Clients of RPC take 4 MiB unless configured otherwise, and attributes that
 * are small numbers are 5.5 times as long in a `google.protobuf.Struct` as in JSON.
 */
const pageBytesMax = 512 * 1024;

export class SetAsideQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `SetAside.list`. */
  async list({ limit, cursor }: SetAsideQuery): Promise<SetAsidePage> {
    const scan = new KeysetScan({
      kind: "set_aside",
      cursor,
      columns: "*",
      from: "set_aside",
      key: [{ name: "seq", sql: "seq", type: "integer" }],
      direction: "ASC",
      limit,
      bytes: { sql: "octet_length(event)", max: pageBytesMax },
    });
    const { rows, next, others } = await readPage(this.#connection, scan, () => [
      "SELECT count(*) AS count FROM set_aside",
      knownPosition(this.#connection.journalId),
    ]);
    return {
      items: this.#connection.decode(rows, setAsideOf),
      count: Number(others[0]?.[0]?.count),
      ...next,
      asOfSeq: Number(others[1]?.[0]?.seq ?? 0),
    };
  }
}
