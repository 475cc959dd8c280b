/**
 * Makes backups of a running Mars, one at a time, as a row of bytes that is made while it is read.
 *
 * The database is copied as it is when the backup begins, then the journal from there to the last event that is acknowledged by
 * then: together one point of the sequence. Nothing waits for a backup. But as long as it runs the journal keeps what came since
 * it began, so it is given up when the journal is half full, and when its reader takes nothing for `stallMs`.
 */
import type { Author } from "../core/audit.ts";
import { MarsError } from "../core/error.ts";
import type { Journal } from "../core/journal.ts";
import type { Log } from "../core/ports.ts";
import { copySegments } from "../journal/journal-copy.ts";
import type { JournalRecord } from "../journal/journal-record.ts";
import type { BackupStats } from "../runtime/stats.ts";
import { journalPrefix, keysName } from "./manifest.ts";

/** The thread of one backup. */
export interface BackupThread {
  readonly client: {
    open(
      journalId: string,
      seconds: number,
    ): Promise<{ readonly seq: number; readonly schemaVersion: number }>;
    database(): Promise<Uint8Array | undefined>;
    closeDatabase(): Promise<void>;
    file(name: string, bytes: Uint8Array): Promise<Uint8Array>;
    end(manifest: object): Promise<Uint8Array>;
  };
  stop(timeoutMs: number): Promise<void>;
}

export interface BackupsOptions {
  /** Absent where the database is a server's. */
  readonly start?: () => BackupThread;
  readonly journal: Pick<Journal, "id" | "bytes" | "bytesMax"> & {
    hold(seq?: number): void;
    records(after: number): AsyncIterable<JournalRecord>;
  };
  /** See `GroupCommit.barrier`. */
  readonly acknowledged: () => Promise<number>;
  /** The copy of all keys; `undefined` where there is none. */
  readonly readKeys: () => Promise<string | undefined>;
  /** Records in the audit that a caller has had a backup, up to this seq. */
  readonly audit: (by: Author, seq: number) => Promise<void>;
  readonly version: string;
  readonly log: Pick<Log, "info" | "warn">;
}

const watchMs = 1_000;
export const stallMs = 60_000;
const stopMs = 2_000;
const retryAfterMs = 30_000;

export class Backups {
  readonly #options: BackupsOptions;
  #run: Run | undefined;
  #closed: MarsError | undefined;
  #made = 0;
  #failures = 0;
  #lastError = "";
  #last:
    | { readonly at: string; readonly seq: number; readonly bytes: number; readonly ms: number }
    | undefined;

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  get stats(): BackupStats {
    return {
      running: this.#run !== undefined,
      made: this.#made,
      failures: this.#failures,
      last_error: this.#lastError,
      last: this.#last ?? null,
    };
  }

  /** Ends the backup that runs, and refuses others. */
  close(reason: MarsError): void {
    this.#closed = reason;
    this.#run?.giveUp(reason);
  }

  /**
   * Begins a backup.
   *
   * @param by absent: Mars itself
   * @returns the bytes of the file. `return` has to be called where they are not read to the end. Where they cannot be made, `next`
   * rejects, and what came is no backup
   * @throws `MarsError` `overloaded` while another backup runs, `not_found` where the database is a server's, and as `Snapshot.open`
   */
  async begin(by?: Author): Promise<AsyncIterator<Uint8Array>> {
    const { start } = this.#options;
    if (start === undefined)
      throw new MarsError(
        "not_found",
        "the database is a server's: back it up there, and the journal with Mars stopped",
      );
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#run !== undefined) throw new MarsError("overloaded", "another backup runs", { retryAfterMs });
    const run = new Run(this.#options, start(), (how) => this.#ended(run, how));
    this.#run = run;
    const pieces = this.#pieces(run, by);
    // Up to here a fault is an answer of its own; and a generator that has begun cleans up when it is left.
    let first: IteratorResult<Uint8Array> | undefined = await pieces.next();
    return {
      next: async () => {
        const piece = first ?? (await pieces.next());
        first = undefined;
        return piece;
      },
      return: () => pieces.return(undefined),
    };
  }

  async *#pieces(run: Run, by: Author | undefined): AsyncGenerator<Uint8Array, undefined> {
    try {
      for await (const piece of run.pieces(by)) {
        run.bytes += piece.length;
        run.asked(false);
        yield piece;
        run.asked(true);
        if (run.reason !== undefined) throw run.reason;
      }
      await run.end("complete");
    } catch (thrown) {
      const reason = run.reason ?? thrown;
      await run.end(reason);
      throw reason;
    } finally {
      await run.end(new MarsError("unavailable", "its reader has gone"));
    }
    return undefined;
  }

  /** @param how complete, or why not */
  #ended(run: Run, how: unknown): void {
    const { log } = this.#options;
    const { seq, bytes } = run;
    const ms = Math.round(performance.now() - run.began);
    if (how === "complete") {
      this.#made += 1;
      this.#lastError = "";
      this.#last = { at: new Date().toISOString(), seq, bytes, ms };
      log.info("backup complete", { event: "backup_complete", seq, bytes, ms });
    } else {
      this.#failures += 1;
      this.#lastError = (how as Error).message;
      log.warn("backup given up", { event: "backup_failed", error: how, bytes, ms });
    }
    this.#run = undefined;
  }
}

/** One backup, from its thread's start to its end. */
class Run {
  readonly #options: BackupsOptions;
  readonly #thread: BackupThread;
  readonly #ended: (how: unknown) => void;
  readonly #watch: ReturnType<typeof setInterval>;
  /** Whether its reader has all that there is by now. */
  #waitsForReader = false;
  /** How long it has waited. */
  #idleMs = 0;
  #stopped: Promise<void> | undefined;
  readonly began = performance.now();
  seq = 0;
  bytes = 0;
  /** Why it was given up. */
  reason: MarsError | undefined;

  constructor(options: BackupsOptions, thread: BackupThread, ended: (how: unknown) => void) {
    this.#options = options;
    this.#thread = thread;
    this.#ended = ended;
    options.journal.hold(0);
    this.#watch = setInterval(() => this.#look(), watchMs);
    this.#watch.unref();
  }

  asked(waits: boolean): void {
    this.#waitsForReader = !waits;
    this.#idleMs = 0;
  }

  async *pieces(by: Author | undefined): AsyncGenerator<Uint8Array> {
    const { journal, acknowledged, readKeys, audit, version } = this.#options;
    const { client } = this.#thread;
    const { seq, schemaVersion } = await client.open(journal.id, Math.floor(Date.now() / 1_000));
    // Behind it: no event of the copy was received later.
    const began = new Date();
    journal.hold(seq);
    if (by !== undefined) await audit(by, seq);
    for (let piece = await client.database(); piece !== undefined; piece = await client.database())
      yield piece;
    await client.closeDatabase();
    const keys = await readKeys();
    if (keys !== undefined) yield await client.file(keysName, Buffer.from(keys));
    const range = { id: journal.id, after: seq, upTo: await acknowledged() };
    const ended = new Date();
    for await (const { name, bytes, lastSeq } of copySegments(journal.records(seq), range)) {
      this.seq = lastSeq;
      yield await client.file(journalPrefix + name, bytes);
    }
    yield await client.end({
      format: 1,
      mars_version: version,
      schema_version: schemaVersion,
      journal_id: journal.id,
      began_at: began.toISOString(),
      ended_at: ended.toISOString(),
      snapshot_seq: seq,
      seq: this.seq,
    });
  }

  giveUp(reason: MarsError): void {
    this.reason ??= reason;
    // What waits for the thread ends with it; what waits for a reader ends when that asks again.
    void this.end(this.reason);
  }

  /** The first call says how it has ended. */
  end(how: unknown): Promise<void> {
    this.#stopped ??= this.#stop(how);
    return this.#stopped;
  }

  async #stop(how: unknown): Promise<void> {
    const { journal, log } = this.#options;
    clearInterval(this.#watch);
    journal.hold();
    try {
      await this.#thread.stop(stopMs);
    } catch (error) {
      log.warn("backup thread does not end", { event: "stop_failed", error });
    }
    this.#ended(how);
  }

  #look(): void {
    const { journal } = this.#options;
    this.#idleMs += this.#waitsForReader ? watchMs : 0;
    if (journal.bytes > journal.bytesMax / 2) {
      const message = "the journal is half full: the backup was given up, so that events are accepted";
      this.giveUp(new MarsError("unavailable", message, { retryAfterMs }));
    } else if (this.#idleMs >= stallMs) {
      this.giveUp(new MarsError("subscriber_too_slow", "the reader of the backup took nothing for too long"));
    }
  }
}
