/** Lists what is set aside. Runs on a query thread. */
import type { SetAsidePage, SetAsideQuery } from "../../core/set-aside.ts";
import { formatCursor, parseCursor } from "../cursor.ts";
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
    const [after] = cursor === undefined ? [0] : parseCursor(cursor, "set_aside", [0] as const);
    const [rows = [], counted] = await this.#connection.read([
      { sql: pageSql, args: [after, limit, pageBytesMax] },
      "SELECT count(*) AS count FROM set_aside",
    ]);
    const last = rows.at(-1);
    const full = last !== undefined && (rows.length === limit || Number(last.bytes) >= pageBytesMax);
    return {
      items: this.#connection.decode(rows, setAsideOf),
      count: Number(counted?.[0]?.count),
      ...(full && { nextCursor: formatCursor("set_aside", [Number(last.seq)]) }),
    };
  }
}

/** `bytes`: of the events up to this one. */
const pageSql = `SELECT * FROM (
    SELECT *, sum(length(CAST(event AS BLOB))) OVER (ORDER BY seq) AS bytes
    FROM (SELECT * FROM set_aside WHERE seq > ?1 ORDER BY seq LIMIT ?2)
  ) WHERE bytes - length(CAST(event AS BLOB)) < ?3 ORDER BY seq`;
