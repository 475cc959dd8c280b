/** Questions to what is set aside. One of the parts of `query-part.ts`. */
import type { SetAsidePage, SetAsideQuery } from "../../core/set-aside.ts";
import { formatCursor, parseCursor } from "../cursor.ts";
import type { Reads } from "../reads.ts";
import { setAsideOf } from "./set-aside-file.ts";

export class SetAsideQueries {
  readonly #reads: Reads;

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  /** See `SetAside.list`. */
  async list({ limit, cursor }: SetAsideQuery): Promise<SetAsidePage> {
    const [after] = cursor === undefined ? [0] : parseCursor(cursor, "set_aside", [0] as const);
    const [rows = [], counted] = await this.#reads.read([
      { sql: "SELECT * FROM set_aside WHERE seq > ? ORDER BY seq LIMIT ?", args: [after, limit] },
      "SELECT count(*) AS count FROM set_aside",
    ]);
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return {
      items: this.#reads.decode(rows, setAsideOf),
      count: Number(counted?.[0]?.count),
      ...(last !== undefined && { nextCursor: formatCursor("set_aside", [Number(last.seq)]) }),
    };
  }
}
