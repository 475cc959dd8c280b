/** Records the clock, and deletes what is older than the retention time. Runs on the store's thread. */
import type { Author } from "../../core/audit.ts";
import { formatDuration } from "../../core/duration.ts";
import { MarsError } from "../../core/error.ts";
import type { Micros } from "../../core/event.ts";
import {
  type AppRetention,
  appRetentionsMax,
  type KeptFor,
  type PruneQuery,
  type PruneStep,
} from "../../core/retention.ts";
import type { TimeRecord } from "../../core/time-record.ts";
import { pruneSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { incidentTimes, pruneStep } from "./prune.ts";
import { pruneCounts } from "./prune-counts.ts";
import { addMark, dropMarks, knownTime, recordTime, thinMarks, timeOf } from "./time-marks.ts";
import { forgetTombstones, type Tombstones } from "./tombstones.ts";

/** The distance between marks, as a fraction of the retention time. A message stays by as much longer, at most. */
const marksApart = 64;

export class RetentionWriter {
  readonly #database: Database;
  readonly #tombstones: Tombstones;
  readonly #storedSeq: () => number;

  /** @param storedSeq how far the store has come: the end of a batch */
  constructor(database: Database, tombstones: Tombstones, storedSeq: () => number) {
    this.#database = database;
    this.#tombstones = tombstones;
    this.#storedSeq = storedSeq;
  }

  /** See `Store` of `core/ports.ts` for all of these. */
  async recallTime(): Promise<TimeRecord | undefined> {
    return timeOf((await this.#database.execute(knownTime)).rows[0]);
  }

  async recordTime(record: TimeRecord, kept: KeptFor | undefined): Promise<void> {
    const { elapsed } = record;
    const marks =
      kept === undefined
        ? []
        : [
            addMark(elapsed, this.#storedSeq(), Math.floor(kept.shortest / marksApart)),
            thinMarks(elapsed, marksApart),
            dropMarks(elapsed - incidentTimes * kept.longest),
            forgetTombstones(elapsed),
          ];
    await this.#database.batch([recordTime(record), ...marks], "write");
  }

  async appRetentions(): Promise<AppRetention[]> {
    const { rows } = await this.#database.execute("SELECT app_id, keep_for FROM app_retention");
    return rows.map((row) => ({ appId: String(row.app_id), keepFor: Number(row.keep_for) }));
  }

  async putAppRetention({ appId, keepFor }: AppRetention, by?: Author): Promise<void> {
    const old = await this.#appRetention(appId);
    if (old === keepFor) return;
    if (old === undefined) {
      const { rows } = await this.#database.execute("SELECT count(*) AS count FROM app_retention");
      if (Number(rows[0]?.count) >= appRetentionsMax) {
        const message = `at most ${appRetentionsMax} apps may have a retention of their own: delete one first`;
        throw new MarsError("invalid_argument", message);
      }
    }
    await this.#database.durably([
      { sql: pruneSql.putAppRetention, args: [appId, keepFor] },
      ...recordChange(this.#database.now, by, { target: appId, appId, old: shown(old), new: shown(keepFor) }),
    ]);
  }

  async deleteAppRetention(appId: string, by?: Author): Promise<boolean> {
    const old = await this.#appRetention(appId);
    if (old === undefined) return false;
    await this.#database.durably([
      { sql: "DELETE FROM app_retention WHERE app_id = ?", args: [appId] },
      ...recordChange(this.#database.now, by, { target: appId, appId, old: shown(old) }),
    ]);
    return true;
  }

  async #appRetention(appId: string): Promise<Micros | undefined> {
    const { rows } = await this.#database.execute({
      sql: "SELECT keep_for FROM app_retention WHERE app_id = ?",
      args: [appId],
    });
    return rows[0] === undefined ? undefined : Number(rows[0].keep_for);
  }

  prune(query: PruneQuery): Promise<PruneStep> {
    return pruneStep(this.#database, this.#tombstones, query);
  }

  pruneCounts(before: Micros): Promise<number> {
    return pruneCounts(this.#database, before);
  }
}

/** As answers show it. */
function shown(keepFor: Micros | undefined): { readonly retention: string } | undefined {
  if (keepFor === undefined) return undefined;
  return { retention: keepFor === 0 ? "off" : formatDuration(keepFor / 1_000) };
}
