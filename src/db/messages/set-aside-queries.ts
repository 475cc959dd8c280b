/** Lists what is set aside. Runs on a query thread. */
import type { SetAsidePage, SetAsideQuery } from "../../core/set-aside.ts";
import { KeysetScan } from "../keyset-scan.ts";
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
      columns: "*, octet_length(event) AS own",
      from: "set_aside",
      key: [{ name: "seq", sql: "seq", type: "integer" }],
      direction: "ASC",
      limit,
    });
    const { sql, args } = scan.page();
    const [rows = [], counted] = await this.#connection.read([
      {
        sql: `SELECT * FROM (SELECT *, sum(own) OVER (ORDER BY seq) AS bytes FROM (${sql}))
          WHERE bytes - own < ${pageBytesMax} ORDER BY seq`,
        args,
      },
      "SELECT count(*) AS count FROM set_aside",
    ]);
    const last = rows.at(-1);
    const full = last !== undefined && (rows.length === limit || Number(last.bytes) >= pageBytesMax);
    return {
      items: this.#connection.decode(rows, setAsideOf),
      count: Number(counted?.[0]?.count),
      ...(full && { nextCursor: scan.cursorAt(last) }),
    };
  }
}
