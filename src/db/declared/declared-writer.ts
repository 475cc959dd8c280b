/** Keeps the record of what files have declared. Runs on the store's thread. */
import type { Author } from "../../core/audit.ts";
import { allDeclaredThingsMax, type DeclaredThings } from "../../core/declared-things.ts";
import { MarsError } from "../../core/error.ts";
import { declaredSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";

export class DeclaredWriter implements DeclaredThings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async putDeclaredThings(name: string, things: readonly string[], by?: Author): Promise<void> {
    const { rows } = await this.#database.execute({ sql: declaredSql.ofName, args: [name] });
    const before = rows.map(({ thing }) => String(thing));
    const now = [...new Set(things)].sort();
    if (JSON.stringify(before) === JSON.stringify(now)) return;
    await this.#assertRoom(now.length - before.length);
    const args = [name, JSON.stringify(now)];
    const [had, has] = [new Set(before), new Set(now)];
    await this.#database.durably([
      { sql: declaredSql.keep, args },
      { sql: declaredSql.add, args },
      ...recordChange(this.#database.now, by, {
        target: name,
        old: { things: before.filter((one) => !has.has(one)) },
        new: { things: now.filter((one) => !had.has(one)) },
      }),
    ]);
  }

  async #assertRoom(more: number): Promise<void> {
    const { rows } = await this.#database.execute(declaredSql.count);
    if (more <= 0 || Number(rows[0]?.count) + more <= allDeclaredThingsMax) return;
    const message = `at most ${allDeclaredThingsMax} things of all files may be on record`;
    throw new MarsError("invalid_argument", message, { problems: [{ field: "things", message }] });
  }
}
