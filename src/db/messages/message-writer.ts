/**
 * Writes batches of events, and has changes made, and the position that says how far the log has come, in one transaction. Runs on the store's thread.
 *
 * An embedded database commits without an fsync (`synchronous=NORMAL`): the journal still has everything, and a power
 * cut takes back whole transactions, position included. `checkpoint` is what makes the journal's copy dispensable.
 */

import type { ChangeStep } from "../../core/change-record.ts";
import type { ErasureGate } from "../../core/erasure.ts";
import { MarsError } from "../../core/error.ts";
import type { JournalState } from "../../core/journal.ts";
import type { ChangeOutcome, StoreBatch, StoreOutcome, StorePosition } from "../../core/ports.ts";
import type { SetAsideStep } from "../../core/set-aside.ts";
import { storeSchema } from "../../gen/schema.ts";
import { storeMigrations } from "../../gen/sql.ts";
import type { Database } from "../database.ts";
import type { Lease } from "../lease.ts";
import { type MigrationStep, migrate } from "../migrate.ts";
import { insertSetAside, SetAsideWriter } from "../set-aside/set-aside-writer.ts";
import {
  collectLate,
  countStored,
  insertEvents,
  knownPosition,
  movePosition,
  outcome,
  outcomeOf,
  resolveAliases,
  upsertMessages,
} from "./apply-sql.ts";
import { findPosition } from "./position.ts";

/** Longer than Linux leaves written pages unsynced by itself. */
const serverSyncMs = 40_000;
/** Bound on the write-ahead log while a reader keeps it from being emptied. */
const logBytesMax = 1024 ** 3;
/** How long a statement of the store waits for a lock, and how long the emptying of the log waits for readers. */
export const busyTimeoutMs = 5_000;
const purgeWaitMs = 100;
/** A page and its head. */
const logFrameBytes = 4096 + 24;

export class MessageWriter {
  readonly #database: Database;
  readonly #what: string;
  readonly #aside: SetAsideWriter;
  readonly #late: () => void;
  readonly #lease: Lease;
  readonly #erasures: ErasureGate | undefined;
  #journalId = "";
  /** Positions that a database server had stored, with their times; bounded by `serverSyncMs` over the time between checkpoints. */
  readonly #marks: { readonly seq: number; readonly at: number }[] = [];
  #seq = 0;
  #logBytes = 0;
  /** How far the projector was at the start. */
  #projectedTo = 0;

  /**
   * @param what names the database in messages
   * @param late called when events have been stored that the projector has to follow though it is beyond them
   * @param erasures asked before each batch
   */
  constructor(
    database: Database,
    what: string,
    lease: Lease,
    late: () => void = () => undefined,
    erasures?: ErasureGate,
  ) {
    this.#database = database;
    this.#what = what;
    this.#late = late;
    this.#lease = lease;
    this.#erasures = erasures;
    this.#aside = new SetAsideWriter(database);
  }

  /** Everything up to here is stored. */
  get seq(): number {
    return this.#seq;
  }

  /** See `Store.open`. @param report see `MigrateOptions` */
  async open(
    journal: JournalState,
    nextSeq = journal.lastSeq + 1,
    report?: (step: MigrationStep) => void,
  ): Promise<StorePosition> {
    await migrate(this.#database, storeMigrations, this.#what, {
      whole: storeSchema,
      ...(report !== undefined && { report }),
    });
    await this.#lease.take();
    const position = await findPosition(this.#database, journal, nextSeq);
    this.#journalId = journal.id;
    this.#seq = position.seq;
    this.#projectedTo = position.projected;
    return { ...position, setAside: await this.#aside.count() };
  }

  async apply(batch: StoreBatch): Promise<StoreOutcome | null> {
    // A journal that was away brings what lies before what another one has brought meanwhile, and the projector is beyond.
    const late = batch.from < this.#projectedTo;
    try {
      await this.#lease.confirm();
      const erasing = this.#erasures?.beforeBatch(batch.chunks);
      if (erasing !== undefined) await erasing;
      const results = await this.#database.batch(
        [
          movePosition(this.#journalId, batch),
          ...batch.chunks.flatMap((chunk) => [upsertMessages(chunk), insertEvents(chunk)]),
          // When all events are in: those of a message may be in several chunks.
          resolveAliases,
          ...(late ? collectLate(batch) : []),
          countStored(batch),
        ],
        "write",
      );
      this.#seq = batch.to;
      if (late) this.#late();
      if (results.at(-1)?.rows[0]?.stored === batch.count) return null;
      return outcomeOf(await this.#database.execute(outcome(batch)));
    } catch (error) {
      return await this.#resolveCommit(batch, error);
    }
  }

  /** See `Store.setAside`. */
  async setAside({ from, to, item }: SetAsideStep): Promise<number> {
    try {
      await this.#aside.assertRoom();
      const move = movePosition(this.#journalId, { from, to });
      await this.#database.batch([move, insertSetAside(item)], "write");
      this.#seq = to;
    } catch (error) {
      await this.#resolveCommit({ from, to, count: 0 }, error);
    }
    return this.#aside.count();
  }

  /** See `Store.applyChange`. @param make makes the change */
  async applyChange({ from, to, change }: ChangeStep, make: () => Promise<unknown>): Promise<ChangeOutcome> {
    const move = movePosition(this.#journalId, { from, to });
    let outcome: ChangeOutcome = { lost: true };
    try {
      await this.#lease.confirm();
      const { at } = change;
      outcome = { answer: await this.#database.logged({ at, move }, make) };
    } catch (error) {
      await this.#resolveCommit({ from, to, count: 0 }, error);
    }
    this.#seq = to;
    return outcome;
  }

  /** See `Store.skipChange`. */
  async skipChange({ from, to }: Omit<ChangeStep, "change">): Promise<void> {
    try {
      await this.#database.batch([movePosition(this.#journalId, { from, to })], "write");
      this.#seq = to;
    } catch (error) {
      await this.#resolveCommit({ from, to, count: 0 }, error);
    }
  }

  /** A failed answer does not say whether the transaction took place. The position does. */
  async #resolveCommit(batch: Omit<StoreBatch, "chunks">, error: unknown): Promise<StoreOutcome | null> {
    const [position, result] = await this.#database.batch(
      [knownPosition(this.#journalId), outcome(batch)],
      "read",
    );
    const seq = position?.rows[0]?.seq;
    if (seq === batch.to) {
      this.#seq = batch.to;
      return outcomeOf(result);
    }
    if (seq === batch.from) throw error;
    throw new MarsError(
      "fenced",
      `the database was at ${batch.from} in our journal and is now at ${seq ?? "nothing"}: another process writes to it, or it was replaced while Mars ran`,
      { cause: error },
    );
  }

  async checkpoint(hurry: boolean): Promise<number> {
    const seq = this.#seq;
    if (!this.#database.embedded) return hurry ? seq : this.#syncedBefore(seq);
    const { rows } = await this.#database.execute("PRAGMA wal_checkpoint(PASSIVE)");
    const row = rows[0];
    // Another process may hold the checkpoint's lock (busy), or a reader the end of the log.
    const done = row !== undefined && row.busy === 0 && Number(row.log) >= 0 && row.log === row.checkpointed;
    this.#logBytes = done ? 0 : Math.max(0, Number(row?.log)) * logFrameBytes;
    if (done) return seq;
    // It grows as long as that reader stays; beyond the bound the journal does, and then events are refused.
    if (this.#logBytes > logBytesMax) return 0;
    // A synced log is as safe as the file, and so is all that was written to it before.
    await this.#database.durably(["UPDATE lease SET beat = beat + 1"]);
    return seq;
  }

  /**
   * Checkpoints, and empties the write-ahead log, whose file still has pages as they were. See `ErasureStore.purge`. A database
   * server's log is its own.
   */
  async purge(): Promise<{ durableSeq: number; logEmpty: boolean }> {
    if (!this.#database.embedded) return { durableSeq: await this.checkpoint(false), logEmpty: true };
    // It waits for readers with the store's thread, so not for long.
    await this.#database.execute(`PRAGMA busy_timeout = ${purgeWaitMs}`);
    let busy: unknown;
    try {
      const { rows } = await this.#database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
      busy = rows[0]?.busy;
    } finally {
      await this.#database.execute(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    }
    return { durableSeq: await this.checkpoint(false), logEmpty: busy === 0 };
  }

  /** The write-ahead log that a reader keeps from being emptied; 0 when there is none. */
  get logBytes(): number {
    return this.#logBytes;
  }

  /**
   * A database server does not say when it syncs, and its machine can lose power too. Events that it stored a while ago count
   * as on its disk; until then the journal keeps them.
   */
  #syncedBefore(seq: number): number {
    const now = performance.now();
    if (seq > (this.#marks.at(-1)?.seq ?? 0)) this.#marks.push({ seq, at: now });
    let synced = 0;
    while (this.#marks[0] !== undefined && now - this.#marks[0].at >= serverSyncMs) {
      synced = this.#marks.shift()?.seq ?? 0;
    }
    return synced;
  }
}
