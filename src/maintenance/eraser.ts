/**
 * Carries out erasures. A message goes while its caller waits. An app's messages go in small steps beside the normal work; the
 * request is on disk first, so that a restart goes on with it.
 *
 * Afterwards the files still hold bytes of what was erased: the database's write-ahead log has former pages, the journal its own copy. Both are
 * emptied as soon as everything beside it is stored.
 */
import type { Author } from "../core/audit.ts";
import type { Caller } from "../core/caller.ts";
import type { ErasedMessage, Erasure, ErasureStore, Erasures } from "../core/erasure.ts";
import { MarsError } from "../core/error.ts";
import type { MessageKey } from "../core/event.ts";
import type { Journal } from "../core/journal.ts";
import { minSeqWaitMs } from "../core/limits.ts";
import type { Log, Progress } from "../core/ports.ts";
import { nowMicros } from "../core/time.ts";
import { delay } from "../runtime/delay.ts";
import { FairQueue } from "../runtime/fair-queue.ts";
import type { ErasureStats } from "../runtime/stats.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { Wake } from "../runtime/wake.ts";

/** Between two steps, so that ingest and checkpoints have their turn. */
const stepPauseMs = 2;
/** How long a caller waits for an app to be erased, and for the files. */
const appWaitMs = 2_000;
const filesWaitMs = 2_000;
/** Between two attempts to rid the files of what was erased, while a caller waits, and later. */
const purgeMs = 50;
const purgeLaterMs = 1_000;
/** The longest sleep of the loop. */
const sleepMs = 60_000;
/** Between attempts at a step that failed, in milliseconds. */
const retry = { firstMs: 250, lastMs: 30_000 };

export interface EraserOptions {
  readonly store: ErasureStore;
  readonly journal: Pick<Journal, "trim" | "droppedTo">;
  /** Resolves, once everything that was admitted before the call is on disk or refused, to the last seq on disk. */
  readonly acknowledged: () => Promise<number>;
  /** How far the store has come, and how far messages have been followed. */
  readonly progress: Progress;
  readonly projected: Progress;
  /** Takes the ids of erased messages out of what alerts have recorded: see `Alerts.redact`. */
  readonly redact: (appId: string, messageId?: string) => Promise<void>;
  /** Deletes refused messages of brokers that have its id in them. @returns how many */
  readonly forgetRefused: (appId: string, messageId?: string) => Promise<number>;
  /** Called with the number of events that a step has deleted. */
  readonly deleted: (events: number) => void;
  /** Called for each request that is refused because too many wait. */
  readonly onRefused: (caller: Caller) => void;
  readonly supervisor: Supervisor;
  readonly log: Log;
}

export class Eraser implements Erasures {
  readonly #options: EraserOptions;
  readonly #abort = new AbortController();
  readonly #wake = new Wake();
  /** Requests: each holds up the store for a moment, and the evaluator of alerts. */
  readonly #requests: FairQueue;
  /** Callers that wait for an erasure, by its id; bounded by the queue of requests. */
  readonly #waiting = new Map<number, (done: Erasure) => void>();
  #running: Promise<void> = Promise.resolve();
  #messages = 0;
  #events = 0;
  /** What is up to here may still be in the files; 0 for nothing. */
  #tracesTo = 0;
  #underWay = false;

  constructor(options: EraserOptions) {
    this.#options = options;
    const { onRefused } = options;
    this.#requests = new FairQueue({
      what: "erasures",
      activeMax: 1,
      waitingMax: 64,
      waitMs: 10_000,
      onRefused,
    });
  }

  get stats(): ErasureStats {
    return {
      messages: this.#messages,
      events: this.#events,
      under_way: this.#underWay,
      traces_up_to_seq: this.#tracesTo,
      requests: this.#requests.stats,
    };
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the loop; the next start goes on with what is under way. */
  async stop(): Promise<void> {
    this.#requests.close(new MarsError("draining", "Mars is stopping", { retryAfterMs: 1_000 }));
    this.#abort.abort();
    await this.#running;
  }

  eraseMessage(key: MessageKey, caller: Caller, by: Author): Promise<ErasedMessage> {
    return this.#requests.run(caller, async () => {
      const { store, redact, forgetRefused, deleted, progress } = this.#options;
      const upTo = await this.#everythingFollowed(caller);
      const events = await store.eraseMessage(key, upTo, by);
      // No reader finds a large message since the first step.
      while ((await store.eraseRemains()) > 0) await delay(stepPauseMs, this.#abort.signal);
      if (events !== undefined) {
        this.#messages += 1;
        this.#events += events;
        deleted(events);
      }
      await redact(key.appId, key.messageId);
      const refused = await forgetRefused(key.appId, key.messageId);
      // Events that came meanwhile may have gone with it.
      const tracesLeft = !(await this.#purge(Math.max(upTo, progress.storedSeq)));
      if (events === undefined && refused === 0)
        throw new MarsError("not_found", "nothing is stored of this message");
      return { events: events ?? 0, tracesLeft };
    });
  }

  eraseApp(appId: string, caller: Caller, by: Author): Promise<Erasure> {
    return this.#requests.run(caller, async () => {
      const upTo = await this.#everythingFollowed(caller);
      const erasure = await this.#options.store.requestErasure(appId, upTo, nowMicros(), by);
      if (erasure === undefined) throw new MarsError("not_found", "there is no app with this id");
      const done = new Promise<Erasure>((resolve) => this.#waiting.set(erasure.id, resolve));
      this.#underWay = true;
      this.#wake.ring();
      const late = delay(appWaitMs, this.#abort.signal).then(() => erasure);
      try {
        return await Promise.race([done, late]);
      } finally {
        this.#waiting.delete(erasure.id);
      }
    });
  }

  /** Waits until all that is acknowledged is stored and counted, so that nothing of it comes back, and no count lacks it. */
  async #everythingFollowed(caller: Caller): Promise<number> {
    const { acknowledged, progress, projected } = this.#options;
    const upTo = await acknowledged();
    await progress.reached(upTo, minSeqWaitMs, caller);
    await projected.reached(upTo, minSeqWaitMs, caller);
    return upTo;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const loop = this.#options.supervisor.loop("erasures", retry);
    while (!signal.aborted) {
      let pauseMs: number;
      try {
        pauseMs = await this.#step();
        loop.succeeded();
      } catch (thrown) {
        pauseMs = loop.failed(thrown);
      }
      await this.#wake.sleep(pauseMs, signal);
    }
  }

  /** @returns the pause until the next step */
  async #step(): Promise<number> {
    const { store, deleted, progress } = this.#options;
    const { messages, events, done, erased } = await store.eraseStep();
    this.#messages += messages;
    this.#events += events;
    deleted(events);
    this.#underWay = !done;
    if (messages > 0) this.#tracesTo = Math.max(this.#tracesTo, progress.storedSeq);
    if (done) {
      if (this.#tracesTo === 0) return sleepMs;
      return (await this.#tryPurge(this.#tracesTo)) ? sleepMs : purgeLaterMs;
    }
    if (erased !== undefined) await this.#finish(erased);
    return stepPauseMs;
  }

  async #finish(erasure: Erasure): Promise<void> {
    const { store, redact, forgetRefused, log, progress } = this.#options;
    await redact(erasure.appId);
    await forgetRefused(erasure.appId);
    const now = await store.finishErasure(erasure, nowMicros());
    if (now.doneAt === undefined) return;
    log.info("messages of an app erased", {
      event: "app_erased",
      erasure: now.id,
      messages: now.messages,
    });
    this.#tracesTo = Math.max(this.#tracesTo, progress.storedSeq);
    await this.#purge(this.#tracesTo);
    this.#waiting.get(now.id)?.(now);
  }

  /** Rids the files of it, for as long as a caller may wait. @returns whether nothing is left; else the loop goes on */
  async #purge(erasedTo: number): Promise<boolean> {
    this.#tracesTo = Math.max(this.#tracesTo, erasedTo);
    const end = performance.now() + filesWaitMs;
    while (!(await this.#tryPurge(this.#tracesTo))) {
      if (performance.now() >= end || this.#abort.signal.aborted) {
        this.#wake.ring();
        return false;
      }
      await delay(purgeMs, this.#abort.signal);
    }
    return true;
  }

  async #tryPurge(erasedTo: number): Promise<boolean> {
    const { store, journal } = this.#options;
    const { durableSeq, logEmpty } = await store.purge();
    await journal.trim(durableSeq, erasedTo);
    if (!logEmpty || journal.droppedTo < erasedTo) return false;
    if (this.#tracesTo === erasedTo) this.#tracesTo = 0;
    return true;
  }
}
