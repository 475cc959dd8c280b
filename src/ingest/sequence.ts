/**
 * Where the sequence continues at a start: beyond every seq that the journal's files or the database know. It leaps,
 * since the journal may be an older copy of one that continued elsewhere.
 */

import type { JournalState } from "../core/journal.ts";
import { leapFrom } from "../core/leap.ts";
import type { Log, StorePosition } from "../core/ports.ts";
import { nowMicros } from "../core/time.ts";

export class SequenceStart {
  readonly #log: Pick<Log, "warn" | "error">;
  #nextSeq = 1;
  /** The last seq of the journal's records, and the last that is known to have been assigned. */
  #lastSeq = 0;
  #givenOut = 0;
  #certain = false;

  constructor(log: Pick<Log, "warn" | "error">) {
    this.#log = log;
  }

  /** The first seq to be assigned. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The last seq of a record at the start. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Whether seqs may be assigned. A journal with a history may do so while the database is away; a new one may
   * continue a database's sequence, and waits for it.
   */
  get certain(): boolean {
    return this.#certain;
  }

  begin({ lastSeq, givenOut = lastSeq }: JournalState): void {
    this.#lastSeq = lastSeq;
    this.#givenOut = givenOut;
    this.#certain = givenOut > 0;
    if (givenOut > 0) this.#nextSeq = leapFrom(givenOut, nowMicros()) + 1;
  }

  /** Compares with the database, once it is open. Throws where this journal has assigned seqs that the database has already. */
  meet({ seq, lost, nextSeq, givenOut }: StorePosition, accepting: boolean): void {
    const known = this.#givenOut;
    if (lost > 0) {
      this.#log.error("database older than journal, events between them lost", {
        event: "database_older",
        events: lost,
      });
    }
    if (known > 0 && givenOut > known) {
      this.#log.warn("journal older than database, sequence continues after the database", {
        event: "journal_older",
        journal_seq: known,
        database_seq: givenOut,
        stored_seq: seq,
      });
    }
    if (known === 0 && givenOut > 0) {
      const message =
        "a new journal on a database with a history: events of another journal that were not stored are not here";
      this.#log.warn(message, { event: "journal_new", database_seq: givenOut });
    }
    if (nextSeq !== this.#nextSeq && accepting) {
      throw new Error(
        `the database is at seq ${givenOut} and the journal was at ${known}: it is an older copy by far; start while the database can be reached`,
      );
    }
    this.#nextSeq = nextSeq;
    this.#certain = true;
    // Else events of this journal are still to be stored, behind those that another one has stored beyond them.
    if (seq >= this.#lastSeq) this.#givenOut = Math.max(known, givenOut);
  }

  /** Whether this start has leapt over the seq: a Mars whose data were replaced has given it out. */
  skipped(seq: number): boolean {
    return seq > Math.max(this.#lastSeq, this.#givenOut) && seq < this.#nextSeq - 1;
  }
}
