/**
 * Retention: deletes messages that are old, and counts and audit of long ago. One small step at a time, so that ingest waits for
 * a step at most.
 *
 * Nothing is deleted by one reading of the wall clock (`clock.ts`): messages go by the time that has passed since their
 * place in the sequence, which is marked as time passes; counts bear dates, and go by the time that is proven.
 */

import { type AuditSize, auditBytesMax } from "../core/audit.ts";
import type { Log } from "../core/ports.ts";
import type { RetentionStats, RetentionStore } from "../core/retention.ts";
import type { Clock } from "../runtime/clock.ts";
import { delay } from "../runtime/delay.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

/** How often the time is recorded, at most: a crash takes as much of it from the age of messages. */
const recordEveryMs = 60_000;
/** How often it is recorded within the retention time, at least. */
const recordsMin = 32;
/** How soon after a step of the clock: the next run would judge by it otherwise. */
const recordStepMs = 1_000;
/** How often retention looks for old messages, at most; more often where the retention itself is short. */
const pruneEveryMs = 60_000;
const countsEveryMs = 60_000;
const auditEveryMs = 60_000;
/** Between two steps of a pass, so that ingest and checkpoints have their turn. */
const passPauseMs = 2;
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

/** A pass over the messages, oldest first. */
interface Pass {
  after: number;
  messages: number;
  events: number;
}

export class Retention {
  readonly #options: RetentionOptions;
  #messages = 0;
  #events = 0;
  /** The pass that is under way; `undefined` between two. */
  #pass: Pass | undefined;
  /** When the time is recorded next, by `performance.now()`, and how often the clock had stepped at the last time. */
  #recordAt = 0;
  #steps = 0;
  /** `undefined` before the first look. */
  #audit: AuditSize | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Recalls what time it was when Mars last ran here: before that is known nothing may be raised and nothing deleted. */
  async resume(): Promise<void> {
    const { store, clock, supervisor, signal } = this.#options;
    const loop = supervisor.loop("time_record", retry);
    while (!signal.aborted) {
      try {
        clock.resume(await store.recallTime());
        return loop.succeeded();
      } catch (thrown) {
        await delay(loop.failed(thrown), signal);
      }
    }
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    const { supervisor, signal, retentionMs } = this.#options;
    const loop = (name: string, step: () => Promise<number>) =>
      supervisor.loop(name, retry).run(step, signal);
    await Promise.all([
      loop("time_record", () => this.#record()),
      loop("counts_retention", () => this.#pruneCounts()),
      loop("audit_retention", () => this.#pruneAudit()),
      // Kept for ever: there is nothing to look for.
      ...(retentionMs === Number.POSITIVE_INFINITY ? [] : [loop("retention", () => this.#step())]),
    ]);
  }

  stats(): RetentionStats {
    const { bytes = 0, dropped = 0 } = this.#audit ?? {};
    return {
      messages: this.#messages,
      events: this.#events,
      held: this.#options.clock.doubt,
      audit: { bytes, dropped, bytes_max: auditBytesMax },
    };
  }

  /** Records the time, and marks how far the sequences are by now. Also at the end, so that the next run knows. */
  async record(): Promise<void> {
    const { store, clock, retentionMs } = this.#options;
    await store.recordTime(
      clock.record(),
      retentionMs === Number.POSITIVE_INFINITY ? undefined : retentionMs * 1_000,
    );
  }

  async #record(): Promise<number> {
    const everyMs = Math.min(recordEveryMs, this.#options.retentionMs / recordsMin);
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
    return more ? passPauseMs : auditEveryMs;
  }

  async #step(): Promise<number> {
    const { store, clock, retentionMs, deleted, log } = this.#options;
    this.#pass ??= { after: 0, messages: 0, events: 0 };
    const pass = this.#pass;
    const { elapsed, latest } = clock;
    const step = await store.prune({ elapsed, latest, keepFor: retentionMs * 1_000, after: pass.after });
    pass.messages += step.messages;
    pass.events += step.events;
    this.#messages += step.messages;
    this.#events += step.events;
    deleted(step.events);
    if (step.next !== null) {
      pass.after = step.next;
      return passPauseMs;
    }
    this.#pass = undefined;
    if (pass.messages > 0) {
      const { messages, events } = pass;
      log.info("retention deleted old messages", { event: "retention_deleted", messages, events });
    }
    return Math.min(pruneEveryMs, retentionMs / 4);
  }
}
