/**
 * What has to be done beside the flow: checkpoints, which make the journal's copy dispensable; dropping that copy; and
 * retention. One loop, one small step at a time, so that ingest waits for a step at most.
 */
import { MarsError } from "../event/error.ts";
import type { Journal, Log, Store } from "../event/ports.ts";
import { nowMicros } from "../event/time.ts";
import { delay } from "./backlog.ts";
import type { StoreProgress } from "./progress.ts";

/** How often the loop looks whether there is something to do. */
const tickMs = 250;
/**
 * Stored events after which a checkpoint no longer waits for a quiet moment. It bounds the write-ahead log, and what a
 * checkpoint writes at once: the journal's fsync waits for the same disk.
 */
const checkpointEvents = 20_000;
/** How often retention looks for old messages, at most; more often where the retention itself is short. */
const pruneEveryMs = 60_000;

export interface UpkeepOptions {
  readonly journal: Pick<Journal, "trim">;
  readonly store: Pick<Store, "checkpoint" | "prune">;
  readonly progress: StoreProgress;
  /** How long a message is kept after the last that was heard of it; `Infinity` for ever. */
  readonly retentionMs: number;
  readonly log: Log;
  readonly trimmed: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  /** Everything up to here is on the store's disk. */
  #durableSeq = 0;
  #seenSeq = 0;
  #prunedAt = 0;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. A step that fails is logged, and tried again at its next turn. */
  async run(): Promise<void> {
    const { signal, retentionMs, progress } = this.#options;
    const pruneMs = Math.min(pruneEveryMs, retentionMs / 4);
    this.#durableSeq = this.#seenSeq = progress.storedSeq;
    this.#prunedAt = performance.now();
    while (!signal.aborted) {
      await delay(Math.min(tickMs, pruneMs), signal);
      const { storedSeq } = progress;
      const quiet = storedSeq === this.#seenSeq;
      this.#seenSeq = storedSeq;
      if (quiet || storedSeq - this.#durableSeq >= checkpointEvents)
        await this.#attempt("checkpoint", () => this.release());
      if (performance.now() - this.#prunedAt >= pruneMs) {
        await this.#attempt("retention", () => this.#prune());
        this.#prunedAt = performance.now();
      }
    }
  }

  /** Brings the store to its disk and drops what the journal then need not hold. */
  async release(): Promise<void> {
    const { store, journal, progress, trimmed } = this.#options;
    if (progress.storedSeq <= this.#durableSeq) return;
    this.#durableSeq = Math.max(this.#durableSeq, await store.checkpoint());
    for (let more = true; more; ) {
      const step = await journal.trim(this.#durableSeq);
      trimmed(step.bytes);
      more = step.more;
    }
  }

  async #prune(): Promise<void> {
    const { store, retentionMs, log, signal } = this.#options;
    const before = nowMicros() - retentionMs * 1000;
    let messages = 0;
    let events = 0;
    for (let next: number | null = 0; next !== null && !signal.aborted; ) {
      const step = await store.prune(before, next);
      messages += step.messages;
      events += step.events;
      next = step.next;
    }
    if (messages > 0) log.info("retention deleted old messages", { messages, events });
  }

  async #attempt(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (thrown) {
      // While a database server is away the flow says so; saying it twice helps nobody.
      const error = MarsError.from(thrown);
      this.#options.log[error.code === "unavailable" ? "debug" : "warn"](`${what} failed, trying again`, {
        error,
      });
    }
  }
}
