/**
 * What has to be done beside the flow: checkpoints, which make the journal's copy dispensable; dropping that copy; and
 * retention. One loop, one small step at a time, so that ingest waits for a step at most.
 */
import { delay } from "../event/delay.ts";
import type { Micros } from "../event/event.ts";
import type { Journal, Log, Store } from "../event/ports.ts";
import type { Loop, Supervisor } from "../event/supervisor.ts";
import { nowMicros } from "../event/time.ts";
import type { StoreProgress } from "./progress.ts";

/** How often the loop looks whether there is something to do. */
const tickMs = 250;
/**
 * Stored events after which a checkpoint no longer waits for a quiet moment. It bounds the write-ahead log, and what a
 * checkpoint writes at once: the journal's fsync waits for the same disk.
 */
const checkpointEvents = 4_000;
/** Between two steps of a pass of retention, so that ingest and checkpoints have their turn. */
const passPauseMs = 2;
/** How often retention looks for old messages, at most; more often where the retention itself is short. */
const pruneEveryMs = 60_000;
/** Between attempts at a step that failed, in milliseconds; the other steps go on meanwhile. */
const retry = { firstMs: 250, lastMs: 30_000 };

export interface UpkeepOptions {
  readonly journal: Pick<Journal, "trim">;
  readonly store: Pick<Store, "checkpoint" | "prune" | "pruneCounts">;
  readonly progress: StoreProgress;
  /** How long a message is kept after the last that was heard of it; `Infinity` for ever. */
  readonly retentionMs: number;
  /** How long what is counted is kept. */
  readonly countsRetentionMs: number;
  readonly log: Log;
  readonly supervisor: Supervisor;
  readonly trimmed: (bytes: number) => void;
  /** Whether the journal is filling up. */
  readonly pressed: () => boolean;
  readonly signal: AbortSignal;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  /** Everything up to here is on the store's disk. */
  #durableSeq = 0;
  /** Events that retention has deleted since the last checkpoint: they fill the write-ahead log as well. */
  #deleted = 0;
  /** Where the pass of retention that is under way goes on; `undefined` between two. */
  #pass: Pass | undefined;
  /** When a step that failed may be tried again, by `performance.now()`. */
  readonly #retryAt = new Map<Loop, number>();
  readonly #checkpoint: Loop;
  readonly #retention: Loop;
  readonly #countsRetention: Loop;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#checkpoint = options.supervisor.loop("checkpoint", retry);
    this.#retention = options.supervisor.loop("retention", retry);
    this.#countsRetention = options.supervisor.loop("counts_retention", retry);
  }

  /** Runs until the signal aborts. A step that fails is tried again after a while; the others go on meanwhile. */
  async run(): Promise<void> {
    const { signal, retentionMs, progress } = this.#options;
    const pruneMs = Math.min(pruneEveryMs, retentionMs / 4);
    let countedAt = Number.NEGATIVE_INFINITY;
    let seenSeq = progress.storedSeq;
    let seenAt = performance.now();
    let prunedAt = seenAt;
    this.#durableSeq = seenSeq;
    while (!signal.aborted) {
      await delay(this.#pass === undefined ? Math.min(tickMs, pruneMs) : passPauseMs, signal);
      const now = performance.now();
      const { storedSeq } = progress;
      const quiet = storedSeq === seenSeq && now - seenAt >= tickMs;
      if (storedSeq !== seenSeq) seenAt = now;
      seenSeq = storedSeq;
      if (quiet || storedSeq - this.#durableSeq + this.#deleted >= checkpointEvents) {
        await this.#attempt(this.#checkpoint, () => this.release());
        seenAt = now;
      }
      if (now - countedAt >= pruneEveryMs) {
        countedAt = now;
        await this.#attempt(this.#countsRetention, () => this.#pruneCounts());
      }
      // Kept for ever: there is nothing to look for.
      if (retentionMs === Number.POSITIVE_INFINITY) continue;
      if (this.#pass === undefined && now - prunedAt >= pruneMs) {
        this.#pass = { before: nowMicros() - retentionMs * 1000, next: 0, messages: 0, events: 0 };
      }
      if (this.#pass !== undefined) {
        await this.#attempt(this.#retention, () => this.#prune());
        if (this.#pass === undefined) prunedAt = performance.now();
      }
    }
  }

  /** Brings the store to its disk and drops what the journal then need not hold. */
  async release(): Promise<void> {
    const { store, journal, progress, trimmed, pressed } = this.#options;
    if (progress.storedSeq <= this.#durableSeq && this.#deleted === 0) return;
    const durableSeq = await store.checkpoint(pressed());
    if (durableSeq > 0) this.#deleted = 0;
    if (durableSeq <= this.#durableSeq) return;
    this.#durableSeq = durableSeq;
    trimmed(await journal.trim(durableSeq));
  }

  async #pruneCounts(): Promise<void> {
    const { store, countsRetentionMs } = this.#options;
    await store.pruneCounts(nowMicros() - countsRetentionMs * 1_000);
  }

  /** One step of the pass that is under way. */
  async #prune(): Promise<void> {
    const { store, log } = this.#options;
    const pass = this.#pass;
    if (pass === undefined) return;
    const step = await store.prune(pass.before, pass.next);
    pass.messages += step.messages;
    pass.events += step.events;
    this.#deleted += step.events;
    if (step.next !== null) {
      pass.next = step.next;
      return;
    }
    this.#pass = undefined;
    if (pass.messages > 0) {
      log.info("retention deleted old messages", { messages: pass.messages, events: pass.events });
    }
  }

  async #attempt(loop: Loop, step: () => Promise<void>): Promise<void> {
    if (performance.now() < (this.#retryAt.get(loop) ?? 0)) return;
    try {
      await step();
      loop.succeeded();
    } catch (thrown) {
      this.#retryAt.set(loop, performance.now() + loop.failed(thrown));
    }
  }
}

/** A pass of retention over the messages, oldest first. */
interface Pass {
  /** What was last heard of before this goes. */
  readonly before: Micros;
  next: number;
  messages: number;
  events: number;
}
