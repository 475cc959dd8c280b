/** Writes silences. The active incidents that one is about change with it, so that their topics say so. Runs on the store's thread. */
import type { InStatement } from "@libsql/client";
import { type AlertSilence, type SilenceMatch, silencesMax } from "../../alerting/silence.ts";
import type { Author } from "../../core/audit.ts";
import type { Micros } from "../../core/event.ts";
import { alertsSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { parseObject } from "../read-connection.ts";
import { silenceChange } from "./alert-changes.ts";
import { refuseBeyond } from "./alert-writer.ts";

interface NamedSilence {
  readonly id: number;
  readonly until: Micros;
  readonly text: string;
}

export class SilenceWriter {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** See `AlertStore` of `alerting/ports.ts` for both. */
  async add(silence: Omit<AlertSilence, "id">, by?: Author): Promise<number> {
    const { rows } = await this.#database.execute({
      sql: alertsSql.silencesAndNext,
      args: [silence.createdAt],
    });
    const known = await this.#named(silence.name);
    if ((known?.until ?? 0) <= silence.createdAt)
      refuseBeyond(Number(rows[0]?.count), silencesMax, "silences");
    const id = known?.id ?? Number(rows[0]?.next);
    await this.#database.durably([
      {
        sql: "INSERT OR REPLACE INTO alert_silences (id, until, silence) VALUES (?, ?, ?)",
        args: [id, silence.until, JSON.stringify(silence)],
      },
      ...touch(known?.text, silence),
      ...recordChange(
        this.#database.now,
        by,
        silenceChange(this.#database.now, id, known?.text, { ...silence, id }),
      ),
    ]);
    return id;
  }

  async #named(name: string | undefined): Promise<NamedSilence | undefined> {
    if (name === undefined) return undefined;
    const { rows } = await this.#database.execute({ sql: alertsSql.silenceNamed, args: [name] });
    const [row] = rows;
    return row && { id: Number(row.id), until: Number(row.until), text: String(row.silence) };
  }

  async delete(id: number, by?: Author): Promise<boolean> {
    const sql = "SELECT silence FROM alert_silences WHERE id = ?";
    const { rows } = await this.#database.execute({ sql, args: [id] });
    if (rows[0] === undefined) return false;
    const before = String(rows[0].silence);
    await this.#database.durably([
      { sql: "DELETE FROM alert_silences WHERE id = ?", args: [id] },
      ...touch(before),
      ...recordChange(this.#database.now, by, silenceChange(this.#database.now, id, before)),
    ]);
    return true;
  }
}

/** @param text a silence that goes; `undefined` for none @param now one that comes */
function touch(text: string | undefined, now?: SilenceMatch): InStatement[] {
  const matches: SilenceMatch[] = now === undefined ? [] : [now];
  try {
    if (text !== undefined) matches.push(parseObject<AlertSilence>(text));
  } catch {
    // One that cannot be read silences nothing.
  }
  return matches.flatMap(({ appId = null, rule = null, stage = null, kind = null }) => [
    { sql: alertsSql.touchIncidents, args: [appId, rule, stage, kind] },
    alertsSql.moveIncidentSeq,
  ]);
}
