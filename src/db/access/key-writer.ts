/** Reads and writes keys. Runs on the store's thread. */
import type { InStatement } from "@libsql/client";
import type { Key, KeyStore } from "../../access/key.ts";
import { keyToJson } from "../../access/key-json.ts";
import type { Author } from "../../core/audit.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";

export class KeyWriter implements KeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async readKeys(): Promise<Key[]> {
    const { rows } = await this.#database.execute("SELECT record FROM keys ORDER BY id");
    return rows.map(({ record }) => JSON.parse(String(record)) as Key);
  }

  /** Synced: a key that was shown must be good after a power cut, and one that was revoked must not. */
  async putKeys(keys: readonly Key[], by?: Author): Promise<void> {
    const records =
      by === undefined ? [] : await Promise.all(keys.map((key) => this.#change(key.id, key, by)));
    await this.#database.durably([
      {
        sql: `INSERT INTO keys (id, record) SELECT value ->> 'id', value FROM json_each(?) WHERE true
          ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
        args: [JSON.stringify(keys)],
      },
      ...records.flat(),
    ]);
  }

  async deleteKey(id: string, by?: Author): Promise<void> {
    const record = await this.#change(id, undefined, by);
    await this.#database.durably([{ sql: "DELETE FROM keys WHERE id = ?", args: [id] }, ...record]);
  }

  async #change(id: string, now: Key | undefined, by: Author | undefined): Promise<InStatement[]> {
    const { rows } = await this.#database.execute({
      sql: "SELECT record FROM keys WHERE id = ?",
      args: [id],
    });
    const before = rows[0] && (JSON.parse(String(rows[0].record)) as Key);
    if (before === undefined && now === undefined) return [];
    return recordChange(this.#database.now, by, {
      target: id,
      old: before && keyToJson(before),
      new: now && keyToJson(now),
    });
  }
}
