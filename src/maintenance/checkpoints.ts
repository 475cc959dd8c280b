/** Checkpoints: they bring what is stored to the disk, so the journal can drop its copy. */

import type { Journal } from "../core/journal.ts";
import type { Store } from "../core/ports.ts";
import { delay } from "../runtime/delay.ts";
import type { StoreProgress } from "../runtime/progress.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";

/** How often the loop looks whether there is something to do. */
const tickMs = 250;
/**
 * Stored events after which a checkpoint no longer waits for a quiet moment. It bounds the write-ahead log, and what a
 * checkpoint writes at once: the journal's fsync waits for the same disk.
 */
const checkpointEvents = 4_000;
/** Between attempts at a step that failed, in milliseconds; the other steps go on meanwhile. */
const retry = { firstMs: 250, lastMs: 30_000 };

export interface CheckpointsOptions {
  readonly journal: Pick<Journal, "trim">;
  readonly store: Pick<Store, "checkpoint" | "logBytes">;
  readonly progress: StoreProgress;
  readonly supervisor: Supervisor;
  /** Whether the journal is filling up. */
  readonly pressed: () => boolean;
  readonly signal: AbortSignal;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  /** Everything up to here is on the store's disk. */
  #durableSeq = 0;
  /** Events that retention has deleted since the last checkpoint: they fill the write-ahead log as well. */
  #deleted = 0;
  #logBytes = 0;
  /** When a checkpoint that failed may be tried again, by `performance.now()`. */
  #retryAt = 0;
  readonly #loop: Loop;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#loop = options.supervisor.loop("checkpoint", retry);
  }

  /** Runs until the signal aborts. A checkpoint that fails is tried again after a pause that grows. */
  async run(): Promise<void> {
    const { signal, progress } = this.#options;
    let seenSeq = progress.storedSeq;
    let seenAt = performance.now();
    this.#durableSeq = seenSeq;
    while (!signal.aborted) {
      await delay(tickMs, signal);
      const now = performance.now();
      const { storedSeq } = progress;
      const quiet = storedSeq === seenSeq && now - seenAt >= tickMs;
      if (storedSeq !== seenSeq) seenAt = now;
      seenSeq = storedSeq;
      if (quiet || storedSeq - this.#durableSeq + this.#deleted >= checkpointEvents) {
        await this.#attempt();
        seenAt = now;
      }
    }
  }

  /** The database's write-ahead log that a reader keeps from being emptied. */
  get logBytes(): number {
    return this.#logBytes;
  }

  /** Adds events that retention has deleted. */
  deleted(events: number): void {
    this.#deleted += events;
  }

  /** Brings the store to its disk, and drops what the journal need no longer hold, where something has changed. */
  async release(): Promise<void> {
    const { progress } = this.#options;
    if (progress.storedSeq > this.#durableSeq || this.#deleted > 0) await this.finish();
  }

  /** The same, whether events have changed or not. */
  async finish(): Promise<void> {
    const { store, journal, pressed } = this.#options;
    const durableSeq = await store.checkpoint(pressed());
    this.#logBytes = await store.logBytes();
    if (durableSeq > 0) this.#deleted = 0;
    if (durableSeq <= this.#durableSeq) return;
    this.#durableSeq = durableSeq;
    await journal.trim(durableSeq);
  }

  async #attempt(): Promise<void> {
    if (performance.now() < this.#retryAt) return;
    try {
      await this.release();
      this.#loop.succeeded();
    } catch (thrown) {
      this.#retryAt = performance.now() + this.#loop.failed(thrown);
    }
  }
}
