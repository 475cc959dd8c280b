/** Reads and writes keys. Runs on the store's thread. */
import type { Key, KeyStore } from "../../access/key.ts";
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
  async putKeys(keys: readonly Key[]): Promise<void> {
    await this.#database.durably([
      {
        sql: `INSERT INTO keys (id, record) SELECT value ->> 'id', value FROM json_each(?) WHERE true
          ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
        args: [JSON.stringify(keys)],
      },
    ]);
  }

  async deleteKey(id: string): Promise<void> {
    await this.#database.durably([{ sql: "DELETE FROM keys WHERE id = ?", args: [id] }]);
  }
}
