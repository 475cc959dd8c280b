/** Writes what people do with incidents and deliveries. Runs on the store's thread. */

import type { CareRecord } from "../../alerting/care.ts";
import { notesMax } from "../../alerting/care-limits.ts";
import { careToJson } from "../../alerting/json.ts";
import { refuse } from "../../alerting/refuse.ts";
import type { Author } from "../../core/audit.ts";
import { alertsSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { writeIncidents, writeWithSeq } from "./incident-rows.ts";

export class CareWriter {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** See `AlertStore` of `alerting/ports.ts` for all of these. */
  async care({ before, incident, deliveries, note }: CareRecord, by?: Author): Promise<number> {
    const { id, appId } = incident;
    if (note !== undefined) await this.#boundNotes(id);
    return writeWithSeq(this.#database, [
      ...writeIncidents({ incidents: [incident], deliveries }),
      ...(note === undefined
        ? []
        : [{ sql: alertsSql.insertNote, args: [id, note.at, note.who, note.text] }]),
      // Without a note's text: it may name messages.
      ...recordChange(this.#database.now, by, {
        ...{ target: String(id), appId },
        ...(note === undefined && { old: careToJson(before), new: careToJson(incident) }),
      }),
    ]);
  }

  async redeliver(id: number, force: boolean, by?: Author): Promise<boolean> {
    const { rows } = await this.#database.execute({ sql: alertsSql.redeliverable, args: [id] });
    const row = rows[0];
    if (row === undefined) return false;
    if (row.reachable !== 1)
      refuse([{ field: "id", message: "must be of a sink that is there: it is deleted" }]);
    const waits = row.state === "pending";
    if (row.outdated === 1 && !waits && !force) {
      const message = "must be the last word to its sink, unless force is given: it is out of date";
      refuse([{ field: "id", message }]);
    }
    await this.#database.durably([
      { sql: alertsSql.redeliver, args: [id, this.#database.now] },
      ...recordChange(this.#database.now, by, {
        target: String(id),
        appId: row.app_id === null ? undefined : String(row.app_id),
        old: { state: row.state },
        new: { state: "pending" },
      }),
    ]);
    return true;
  }

  async publish(delivery: number): Promise<number> {
    await this.#database.durably([{ sql: alertsSql.publish, args: [delivery] }]);
    const { rows } = await this.#database.execute(alertsSql.lastPublished);
    return Number(rows[0]?.seq);
  }

  /** Only this thread writes, so what is counted does not change before it is used. */
  async #boundNotes(incident: number): Promise<void> {
    const { rows } = await this.#database.execute({
      sql: "SELECT count(*) AS count FROM alert_notes WHERE incident = ?",
      args: [incident],
    });
    if (Number(rows[0]?.count) < notesMax) return;
    refuse([{ field: "text", message: `must be one of at most ${notesMax} notes of an incident` }]);
  }
}
