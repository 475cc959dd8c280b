/**
 * Backups that Mars makes by itself, at fixed intervals: the next one is due so long after the newest that is kept, so a restart changes
 * nothing. One that fails is tried again after a pause that grows. Mars goes on all the same; after `warnAfter` failures in a row
 * health has a warning.
 */
import type { Log } from "../core/ports.ts";
import { delay } from "../runtime/delay.ts";
import type { BackupScheduleStats } from "../runtime/stats.ts";
import { type BackupTarget, backupName, timeOfName } from "./targets/target.ts";

export interface BackupScheduleOptions {
  readonly target: BackupTarget;
  /** As it is shown: without a secret. */
  readonly url: string;
  readonly everyMs: number;
  readonly keep: number;
  /** See `Backups.begin`. */
  readonly begin: () => Promise<AsyncIterator<Uint8Array>>;
  readonly log: Pick<Log, "info" | "warn" | "error">;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const warnAfter = 2;
const retry = { firstMs: 10_000, lastMs: 600_000 };
/** A clock that is put right, and a timer's bound: it looks again so often. */
const lookMsMax = 3_600_000;

export class BackupSchedule {
  readonly #options: BackupScheduleOptions;
  readonly #now: () => number;
  readonly #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #cleaned = false;
  #nextAt = 0;
  #last: { readonly at: string; readonly name: string; readonly bytes: number | null } | undefined;
  #kept = 0;
  #failures = 0;
  #error = "";

  constructor(options: BackupScheduleOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get stats(): BackupScheduleStats {
    const { url, everyMs, keep } = this.#options;
    return {
      url,
      every_ms: everyMs,
      keep,
      kept: this.#kept,
      last: this.#last ?? null,
      next_at: this.#nextAt === 0 ? null : new Date(this.#nextAt).toISOString(),
      failures_in_a_row: this.#failures,
      last_error: this.#error,
    };
  }

  warnings(): string[] {
    if (this.#failures < warnAfter) return [];
    const since = this.#last === undefined ? "none is there" : `the last one is of ${this.#last.at}`;
    return [`scheduled backups fail, ${this.#failures} in a row, and ${since}: ${this.#error}`];
  }

  start(): void {
    this.#running = this.#run();
  }

  /** To be called when no backup runs any more: see `Backups.close`. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await delay(await this.#step(), signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failures += 1;
        this.#error = error instanceof Error ? error.message : String(error);
        const pauseMs = Math.min(
          retry.firstMs * 2 ** (this.#failures - 1),
          retry.lastMs,
          this.#options.everyMs,
        );
        const fields = { event: "scheduled_backup_failed", in_a_row: this.#failures, error };
        this.#options.log.error("scheduled backup failed, trying again", fields);
        await delay(pauseMs, signal);
      }
    }
  }

  /** @returns the time until there is something to do, in milliseconds */
  async #step(): Promise<number> {
    const { target, everyMs, keep } = this.#options;
    if (!this.#cleaned) await target.clean();
    this.#cleaned = true;
    const names = await target.list();
    this.#kept = names.length;
    const newest = names.at(-1);
    if (newest !== undefined && newest !== this.#last?.name)
      this.#last = { at: new Date(timeOfName(newest)).toISOString(), name: newest, bytes: null };
    const now = this.#now();
    // One from the future, by a clock that was wrong, must not keep the others away.
    const newestAt = newest === undefined ? 0 : Math.min(timeOfName(newest), now);
    this.#nextAt = newestAt + everyMs;
    if (this.#nextAt > now) return Math.min(this.#nextAt - now, lookMsMax);
    await this.#make(names, keep);
    return 0;
  }

  async #make(names: readonly string[], keep: number): Promise<void> {
    const { target, begin, log } = this.#options;
    const time = new Date(this.#now());
    const name = backupName(time);
    const pieces = await begin();
    let bytes: number;
    try {
      bytes = await target.write(name, { [Symbol.asyncIterator]: () => pieces });
    } finally {
      await pieces.return?.();
    }
    this.#last = { at: time.toISOString(), name, bytes };
    this.#failures = 0;
    this.#error = "";
    log.info("scheduled backup complete", { event: "scheduled_backup_complete", name, bytes });
    for (const old of names.filter((one) => one !== name).slice(0, Math.max(0, names.length + 1 - keep)))
      await target.delete(old);
  }
}
