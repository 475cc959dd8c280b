/** Keeps saved views. Runs on the store's thread. */
import type { Author } from "../../core/audit.ts";
import { MarsError } from "../../core/error.ts";
import {
  type SavedView,
  type SavedViews,
  viewsMax,
  viewsOfOwnerMax,
  viewToJson,
} from "../../core/saved-view.ts";
import { viewsSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { viewOf } from "./view-row.ts";

export class ViewWriter implements SavedViews {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async putView(view: SavedView, by?: Author): Promise<void> {
    const { owner, ownerName, name, address, appId = "", shared } = view;
    const before = await this.#one(owner, name);
    if (before === undefined) await this.#assertRoom(owner);
    else if (JSON.stringify(viewToJson(before)) === JSON.stringify(viewToJson(view))) return;
    await this.#database.durably([
      { sql: viewsSql.put, args: [owner, name, ownerName, address, appId, shared ? 1 : 0] },
      ...recordChange(this.#database.now, by, {
        target: name,
        appId,
        old: before && viewToJson(before),
        new: viewToJson(view),
      }),
    ]);
  }

  async deleteView(owner: string, name: string, by?: Author): Promise<boolean> {
    const before = await this.#one(owner, name);
    if (before === undefined) return false;
    await this.#database.durably([
      { sql: viewsSql.remove, args: [owner, name] },
      ...recordChange(this.#database.now, by, { target: name, appId: before.appId, old: viewToJson(before) }),
    ]);
    return true;
  }

  async #one(owner: string, name: string): Promise<SavedView | undefined> {
    const { rows } = await this.#database.execute({ sql: viewsSql.one, args: [owner, name] });
    return rows[0] && viewOf(rows[0]);
  }

  async #assertRoom(owner: string): Promise<void> {
    const own = await this.#database.execute({ sql: viewsSql.countOfOwner, args: [owner] });
    const all = await this.#database.execute(viewsSql.count);
    const full =
      Number(own.rows[0]?.count) >= viewsOfOwnerMax
        ? `at most ${viewsOfOwnerMax} views of one owner may be saved`
        : Number(all.rows[0]?.count) >= viewsMax
          ? `at most ${viewsMax} views of all owners may be saved`
          : undefined;
    if (full === undefined) return;
    const message = `${full}: delete one first`;
    throw new MarsError("invalid_argument", message, { problems: [{ field: "name", message }] });
  }
}
