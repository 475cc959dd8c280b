/**
 * The database of messages, as the pipeline sees it: batches in, a position that says how far. One of
 * the parts of `store-part.ts`.
 *
 * An embedded database commits without an fsync (`synchronous=NORMAL`): the journal still has everything, and a power
 * cut takes back whole transactions, position included. `checkpoint` is what makes the journal's copy dispensable.
 */
import { MarsError } from "../event/error.ts";
import { seqLeap } from "../event/limits.ts";
import type { JournalState, StoreBatch, StoreOutcome, StorePosition } from "../event/ports.ts";
import type { SetAsideStep } from "../event/set-aside.ts";
import {
  insertEvents,
  knownPosition,
  movePosition,
  outcome,
  outcomeOf,
  settleAliases,
  upsertMessages,
} from "./apply-sql.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { storeMigrations } from "./migrations.ts";
import { insertSetAside, SetAsideFile } from "./set-aside-file.ts";

/** Longer than Linux leaves written pages unsynced by itself. */
const serverSettleMs = 40_000;

export class MessageFile {
  readonly #database: Database;
  readonly #what: string;
  readonly #aside: SetAsideFile;
  #journalId = "";
  /** What a database server had stored when; bounded by `serverSettleMs` over the time between checkpoints. */
  readonly #marks: { readonly seq: number; readonly at: number }[] = [];
  #seq = 0;

  /** @param what names the database in messages */
  constructor(database: Database, what: string) {
    this.#database = database;
    this.#what = what;
    this.#aside = new SetAsideFile(database);
  }

  /** Everything up to here is stored. */
  get seq(): number {
    return this.#seq;
  }

  async open(journal: JournalState): Promise<StorePosition> {
    await migrate(this.#database, storeMigrations, this.#what);
    const position = { ...(await this.#findPosition(journal)), setAside: await this.#aside.count() };
    this.#journalId = journal.id;
    this.#seq = position.seq;
    return position;
  }

  async apply(batch: StoreBatch): Promise<StoreOutcome | null> {
    try {
      const results = await this.#database.batch(
        [
          movePosition(this.#journalId, batch),
          ...batch.chunks.flatMap((chunk) => [upsertMessages(chunk), insertEvents(chunk)]),
          // When all events are in: those of a message may be in several chunks.
          settleAliases,
          outcome(batch),
        ],
        "write",
      );
      this.#seq = batch.to;
      return outcomeOf(results.at(-1));
    } catch (error) {
      return await this.#settle(batch, error);
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
      await this.#settle({ from, to, count: 0 }, error);
    }
    return this.#aside.count();
  }

  /** A failed answer does not say whether the transaction took place. The position does. */
  async #settle(batch: Omit<StoreBatch, "chunks">, error: unknown): Promise<StoreOutcome | null> {
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
    if (!this.#database.embedded) return hurry ? seq : this.#settled(seq);
    const { rows } = await this.#database.execute("PRAGMA wal_checkpoint(PASSIVE)");
    const row = rows[0];
    // Another process may hold the checkpoint's lock (busy), or a reader the end of the log; a later one will do.
    const done = row !== undefined && row.busy === 0 && Number(row.log) >= 0 && row.log === row.checkpointed;
    return done ? seq : 0;
  }

  /**
   * A database server does not say when it syncs, and its machine can lose power too: what it stored a while ago is
   * taken to be on its disk, and until then the journal keeps it.
   */
  #settled(seq: number): number {
    const now = performance.now();
    if (seq > (this.#marks.at(-1)?.seq ?? 0)) this.#marks.push({ seq, at: now });
    let settled = 0;
    while (this.#marks[0] !== undefined && now - this.#marks[0].at >= serverSettleMs) {
      settled = this.#marks.shift()?.seq ?? 0;
    }
    return settled;
  }

  async #findPosition(journal: JournalState): Promise<Omit<StorePosition, "setAside">> {
    const [known, last] = await this.#database.batch(
      [
        knownPosition(journal.id),
        `SELECT max(coalesce((SELECT max(seq) FROM positions), 0), coalesce((SELECT max(seq) FROM events), 0),
           (SELECT seq FROM pruned)) AS seq,
           coalesce((SELECT received_at FROM events ORDER BY seq DESC LIMIT 1), 0) AS received_at`,
      ],
      "read",
    );
    // What lies before the journal's first group was stored, or is gone.
    const trimmedTo = Math.max(journal.firstSeq - 1, 0);
    const stored = known?.rows[0]?.seq;
    const receivedAt = Number(last?.rows[0]?.received_at);
    if (stored !== undefined && Number(stored) >= trimmedTo)
      return { seq: Number(stored), lost: 0, receivedAt };
    // A journal that has run elsewhere brings what it still holds. A new one goes on behind those before it.
    const before = Number(last?.rows[0]?.seq);
    const seq = journal.lastSeq > 0 ? trimmedTo : before === 0 ? 0 : before + seqLeap;
    await this.#database.batch(
      [
        stored === undefined
          ? {
              sql: "INSERT INTO positions (journal_id, continues_from, seq) VALUES (?1, ?2, ?2)",
              args: [journal.id, seq],
            }
          : movePosition(journal.id, { from: Number(stored), to: seq }),
        // Whoever watched up to somewhere in between cannot be told everything.
        { sql: "UPDATE pruned SET seq = max(seq, ?)", args: [seq] },
      ],
      "write",
    );
    return { seq, lost: journal.lastSeq === 0 ? 0 : trimmedTo - Number(stored ?? 0), receivedAt };
  }
}
