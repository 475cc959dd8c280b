/** Writes what is set aside: see `core/set-aside.ts`. Runs on the store's thread. */
import type { InStatement, Row } from "@libsql/client";
import type { Author, Change } from "../../core/audit.ts";
import { type ErrorCode, MarsError } from "../../core/error.ts";
import { type SetAsideItem, setAsideMax } from "../../core/set-aside.ts";
import { formatTime } from "../../core/time.ts";
import { setAsideSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";

export class SetAsideWriter {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** How many events and messages are set aside. */
  async count(): Promise<number> {
    const { rows } = await this.#database.execute("SELECT count(*) AS count FROM set_aside");
    return Number(rows[0]?.count);
  }

  /**
   * Only this thread writes, so the room is still there when it is used.
   *
   * @throws `MarsError("unprocessable")` when there is none
   */
  async assertRoom(): Promise<void> {
    if ((await this.count()) < setAsideMax) return;
    await this.#database.execute(setAsideSql.deleteGone);
    if ((await this.count()) < setAsideMax) return;
    const message = `${setAsideMax} events and messages are set aside already: replay or delete some of them`;
    throw new MarsError("unprocessable", message);
  }

  async find(seq: number): Promise<SetAsideItem | undefined> {
    const { rows } = await this.#database.execute({
      sql: "SELECT * FROM set_aside WHERE seq = ?",
      args: [seq],
    });
    return rows[0] && setAsideOf(rows[0]);
  }

  /** @param then what else belongs to it. @returns how many are left, `undefined` where it was not there */
  async remove(seq: number, by?: Author, then: readonly InStatement[] = []): Promise<number | undefined> {
    const { rows } = await this.#database.execute({
      sql: "SELECT seq, kind, app_id, at, code FROM set_aside WHERE seq = ?",
      args: [seq],
    });
    const removal = { sql: "DELETE FROM set_aside WHERE seq = ?", args: [seq] };
    const record = rows.flatMap((row) => recordChange(this.#database.now, by, removalOf(row)));
    await this.#database.batch([removal, ...then, ...record], "write");
    return rows.length === 0 ? undefined : this.count();
  }
}

/** Without data of the message: it must be gone when the message is erased. */
function removalOf({ seq, kind, app_id, at, code }: Row): Change {
  return {
    target: String(seq),
    appId: String(app_id),
    old: { seq, kind, app_id, at: formatTime(Number(at)), code },
  };
}

/** Setting the same item aside again changes its reason only. */
export function insertSetAside(item: SetAsideItem): InStatement {
  const { seq, appId, messageId, at, code, reason, event } = item;
  return {
    sql: setAsideSql.insert,
    args: [
      seq,
      event === undefined ? "message" : "event",
      appId,
      messageId,
      at,
      code,
      reason,
      event === undefined ? "" : JSON.stringify(event),
    ],
  };
}

/** @param row of the table `set_aside` */
export function setAsideOf(row: Row): SetAsideItem {
  return {
    seq: Number(row.seq),
    appId: String(row.app_id),
    messageId: String(row.message_id),
    at: Number(row.at),
    code: row.code as ErrorCode,
    reason: String(row.reason),
    ...(row.kind === "event" && {
      // Of those that were set aside before there were parents.
      event: { parentId: "", ...JSON.parse(String(row.event)) },
    }),
  };
}
