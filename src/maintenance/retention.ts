/**
 * Retention: deletes messages that are old, and counts and audit of long ago. One small step at a time, so that ingest waits for
 * a step at most.
 *
 * Nothing is deleted by one reading of the wall clock (`clock.ts`): messages go by the time that has passed since their
 * place in the sequence, which is marked as time passes; counts bear dates, and go by the time that is proven.
 */

import { type AuditSize, type Author, auditBytesMax } from "../core/audit.ts";
import { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import type { AppRetentions, RetentionOf, RetentionStats, RetentionStore } from "../core/retention.ts";
import type { Clock } from "../runtime/clock.ts";
import { delay } from "../runtime/delay.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { RetentionPasses } from "./retention-passes.ts";

/** How often the time is recorded, at most: a crash takes as much of it from the age of messages. */
const recordEveryMs = 60_000;
/** How often it is recorded within the retention time, at least. */
const recordsMin = 32;
/** How soon after a step of the clock: the next run would judge by it otherwise. */
const recordStepMs = 1_000;
const countsEveryMs = 60_000;
const auditEveryMs = 60_000;
/** Between two steps of a deletion. */
const stepPauseMs = 2;
const forEver = Number.POSITIVE_INFINITY;
/** Between attempts at a step that failed, in milliseconds. */
const retry = { firstMs: 250, lastMs: 30_000 };

export interface RetentionOptions {
  readonly store: RetentionStore;
  readonly clock: Clock;
  /** How long a message is kept after its last report; `Infinity` for ever. */
  readonly retentionMs: number;
  /** How long what is counted is kept, and the audit. */
  readonly countsRetentionMs: number;
  readonly log: Log;
  readonly supervisor: Supervisor;
  /** Called with the number of events that a step has deleted. */
  readonly deleted: (events: number) => void;
  readonly signal: AbortSignal;
}

export class Retention implements AppRetentions {
  readonly #options: RetentionOptions;
  readonly #passes: RetentionPasses;
  /** By app, in milliseconds, 0 for ever; `undefined` before they are read. */
  #apps: Map<string, number> | undefined;
  /** When the time is recorded next, by `performance.now()`, and how often the clock had stepped at the last time. */
  #recordAt = 0;
  #steps = 0;
  /** `undefined` before the first look. */
  #audit: AuditSize | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#passes = new RetentionPasses(options);
  }

  /** Recalls what time it was when Mars last ran here: before that is known nothing may be raised and nothing deleted. */
  async resume(): Promise<void> {
    const { store, clock, supervisor, signal } = this.#options;
    const loop = supervisor.loop("time_record", retry);
    while (!signal.aborted) {
      try {
        clock.resume(await store.recallTime());
        const apps = await store.appRetentions();
        this.#apps = new Map(apps.map(({ appId, keepFor }) => [appId, keepFor / 1_000]));
        for (const [appId, keepForMs] of this.#apps) this.#passes.put(appId, keepForMs || forEver);
        return loop.succeeded();
      } catch (thrown) {
        await delay(loop.failed(thrown), signal);
      }
    }
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    const { supervisor, signal } = this.#options;
    const loop = (name: string, step: () => Promise<number>) =>
      supervisor.loop(name, retry).run(step, signal);
    await Promise.all([
      loop("time_record", () => this.#record()),
      loop("counts_retention", () => this.#pruneCounts()),
      loop("audit_retention", () => this.#pruneAudit()),
      loop("retention", () => this.#passes.step()),
    ]);
  }

  get(appId: string): RetentionOf {
    const own = this.#known().get(appId);
    if (own !== undefined) return { keepForMs: own, own: true };
    const { retentionMs } = this.#options;
    return { keepForMs: retentionMs === forEver ? 0 : retentionMs, own: false };
  }

  async put(appId: string, keepForMs: number, by: Author): Promise<void> {
    this.#known();
    await this.#options.store.putAppRetention({ appId, keepFor: keepForMs * 1_000 }, by);
    this.#known().set(appId, keepForMs);
    this.#passes.put(appId, keepForMs || forEver);
    // With marks as close as it needs.
    this.#recordAt = 0;
  }

  async remove(appId: string, by: Author): Promise<boolean> {
    this.#known();
    const removed = await this.#options.store.deleteAppRetention(appId, by);
    this.#known().delete(appId);
    this.#passes.remove(appId);
    return removed;
  }

  /** The database has changed by another way than these calls. Rejects as the store does. */
  async readAgain(): Promise<void> {
    // Else `resume` reads it.
    if (this.#apps === undefined) return;
    const read = await this.#options.store.appRetentions();
    const apps = new Map(read.map(({ appId, keepFor }) => [appId, keepFor / 1_000]));
    for (const appId of this.#apps.keys()) if (!apps.has(appId)) this.#passes.remove(appId);
    for (const [appId, keepForMs] of apps) {
      if (this.#apps.get(appId) !== keepForMs) this.#passes.put(appId, keepForMs || forEver);
    }
    this.#apps = apps;
    this.#recordAt = 0;
  }

  stats(): RetentionStats {
    const { messages, events } = this.#passes.totals;
    const { bytes = 0, dropped = 0 } = this.#audit ?? {};
    return {
      apps: this.#apps?.size ?? 0,
      messages,
      events,
      held: this.#options.clock.doubt,
      audit: { bytes, dropped, bytes_max: auditBytesMax },
    };
  }

  /** Records the time, and marks how far the sequences are by now. Also at the end, so that the next run knows. */
  async record(): Promise<void> {
    const { store, clock } = this.#options;
    await store.recordTime(clock.record(), this.#passes.keptFor);
  }

  async #record(): Promise<number> {
    const shortestMs = (this.#passes.keptFor?.shortest ?? forEver) / 1_000;
    const everyMs = Math.min(recordEveryMs, shortestMs / recordsMin);
    const { steps } = this.#options.clock.stats();
    if (performance.now() >= this.#recordAt || steps !== this.#steps) {
      await this.record();
      this.#steps = steps;
      this.#recordAt = performance.now() + everyMs;
    }
    return Math.min(recordStepMs, everyMs);
  }

  async #pruneCounts(): Promise<number> {
    const { store, clock, countsRetentionMs } = this.#options;
    await store.pruneCounts(clock.trusted - countsRetentionMs * 1_000);
    return countsEveryMs;
  }

  async #pruneAudit(): Promise<number> {
    const { store, clock, countsRetentionMs, log } = this.#options;
    const { more, ...size } = await store.pruneAudit(clock.trusted - countsRetentionMs * 1_000);
    const dropped = size.dropped - (this.#audit?.dropped ?? size.dropped);
    if (dropped > 0) {
      log.warn("audit is full, its oldest entries were deleted", {
        event: "audit_dropped",
        entries: dropped,
      });
    }
    this.#audit = size;
    return more ? stepPauseMs : auditEveryMs;
  }

  #known(): Map<string, number> {
    if (this.#apps !== undefined) return this.#apps;
    throw new MarsError("unavailable", "Mars is starting", { retryAfterMs: 1_000 });
  }
}
