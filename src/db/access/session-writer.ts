/** Reads and writes sessions. Runs on the store's thread. */
import type { EndedSession, Session, SessionStore } from "../../access/session.ts";
import type { Change } from "../../core/audit.ts";
import { formatTime } from "../../core/time.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";

export class SessionWriter implements SessionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async readSessions(): Promise<Session[]> {
    const { rows } = await this.#database.execute("SELECT record FROM sessions ORDER BY id");
    return rows.map(({ record }) => JSON.parse(String(record)) as Session);
  }

  /** Synced: a session that has ended must not be back after a power cut. */
  async changeSessions(put: readonly Session[], ended: readonly EndedSession[]): Promise<void> {
    await this.#database.durably([
      {
        sql: `INSERT INTO sessions (id, record) SELECT value ->> 'id', value FROM json_each(?) WHERE true
          ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
        args: [JSON.stringify(put)],
      },
      {
        sql: "DELETE FROM sessions WHERE id IN (SELECT value FROM json_each(?))",
        args: [JSON.stringify(ended.map(({ session }) => session.id))],
      },
      ...ended.flatMap(({ session, by }) => recordChange(this.#database.now, by, endOf(session))),
    ]);
  }
}

function endOf({ id, owner, name, address, createdAt }: Session): Change {
  return { target: id, old: { id, owner, name, address, created_at: formatTime(createdAt) } };
}
