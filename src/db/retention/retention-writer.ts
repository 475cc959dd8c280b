/** Records the clock, and deletes what is older than the retention time. Runs on the store's thread. */
import type { Micros } from "../../core/event.ts";
import type { PruneQuery, PruneStep } from "../../core/retention.ts";
import type { TimeRecord } from "../../core/time-record.ts";
import type { Database } from "../database.ts";
import { incidentTimes, pruneStep } from "./prune.ts";
import { pruneCounts } from "./prune-counts.ts";
import { addMark, dropMarks, knownTime, recordTime, timeOf } from "./time-marks.ts";
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

  async recordTime(record: TimeRecord, keepFor: Micros | undefined): Promise<void> {
    const { elapsed } = record;
    const marks =
      keepFor === undefined
        ? []
        : [
            addMark(elapsed, this.#storedSeq(), Math.floor(keepFor / marksApart)),
            dropMarks(elapsed - incidentTimes * keepFor),
            forgetTombstones(elapsed - keepFor),
          ];
    await this.#database.batch([recordTime(record), ...marks], "write");
  }

  prune(query: PruneQuery): Promise<PruneStep> {
    return pruneStep(this.#database, this.#tombstones, query);
  }

  pruneCounts(before: Micros): Promise<number> {
    return pruneCounts(this.#database, before);
  }
}
