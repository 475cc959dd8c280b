/**
 * Sends due deliveries to their sinks. Deliveries are in the database, and each attempt is recorded there before the next
 * one: after a crash the attempt that was under way is made again, with the same id. A sink has one attempt under way at most,
 * so one that hangs delays only itself.
 */

import { MarsError } from "../../core/error.ts";
import type { Log } from "../../core/ports.ts";
import type { Spans } from "../../core/spans.ts";
import { nowMicros } from "../../core/time.ts";
import { Timing } from "../../core/timing.ts";
import { delay } from "../../runtime/delay.ts";
import type { AlertingStats } from "../../runtime/stats.ts";
import type { Loop, Supervisor } from "../../runtime/supervisor.ts";
import { Wake } from "../../runtime/wake.ts";
import type { AttemptRecord, DueDelivery } from "../delivery.ts";
import type { AlertReader, AlertStore } from "../ports.ts";
import { retryDelayMs } from "./backoff.ts";
import type { Sender } from "./sender.ts";

/** The longest sleep of the loop. */
const sleepMsMax = 60_000;
/** Between attempts to read the database, in milliseconds. */
const retry = { firstMs: 1_000, lastMs: 5_000 };

export interface DelivererOptions {
  readonly store: Pick<AlertStore, "recordAttempt">;
  readonly reader: Pick<AlertReader, "dueDeliveries">;
  readonly send: Sender;
  readonly retryDelaysMs: readonly number[];
  readonly spans?: Spans | undefined;
  readonly supervisor: Supervisor;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #wake = new Wake();
  /** By sink; bounded by `sinksMax`. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #loop: Loop;
  readonly #attempts: Loop;
  readonly #records: Loop;
  readonly #times = new Timing();
  readonly #ended = { delivered: 0, failed: 0, given_up: 0 };

  constructor(options: DelivererOptions) {
    this.#options = options;
    const { supervisor } = options;
    this.#loop = supervisor.loop("deliveries", retry);
    this.#attempts = supervisor.loop("delivery_attempts", { firstMs: sleepMsMax, lastMs: sleepMsMax });
    this.#records = supervisor.loop("delivery_records", retry);
  }

  /** Attempts since the start, and how they ended. */
  get stats(): Pick<AlertingStats, "attempts" | "deliveries"> {
    return { attempts: this.#times.stats, deliveries: { ...this.#ended } };
  }

  /** Wakes the loop: there may be a new delivery. */
  nudge(): void {
    this.#wake.ring();
  }

  /** Runs the call while nothing is sent to the sink: when an attempt that is under way is on record. */
  async exclusively<T>(sink: string, call: () => Promise<T>): Promise<T> {
    while (this.#busy.has(sink)) await this.#busy.get(sink);
    const called = call();
    this.#busy.set(sink, called.then(nothing, nothing));
    try {
      return await called;
    } finally {
      this.#busy.delete(sink);
      this.#wake.ring();
    }
  }

  /** Runs until the signal aborts, and resolves when the last attempt has ended. */
  async run(): Promise<void> {
    const { reader, signal } = this.#options;
    while (!signal.aborted) {
      let sleepMs = sleepMsMax;
      try {
        const { due, unreadable, nextAt } = await reader.dueDeliveries(nowMicros(), [...this.#busy.keys()]);
        for (const delivery of unreadable) await this.#giveUp(delivery);
        this.#loop.succeeded();
        if (unreadable.length > 0) sleepMs = 0;
        for (const delivery of due) this.#start(delivery);
        if (nextAt !== undefined) sleepMs = Math.min(sleepMs, Math.ceil((nextAt - nowMicros()) / 1_000));
      } catch (thrown) {
        sleepMs = this.#loop.failed(thrown);
      }
      await this.#wake.sleep(sleepMs, signal);
    }
    await Promise.all(this.#busy.values());
  }

  async #giveUp({ id, attempts }: Pick<DueDelivery, "id" | "attempts">): Promise<void> {
    const error = "the notification cannot be read";
    const attempt = {
      at: nowMicros(),
      durationMs: 0,
      outcome: "failed",
      status: 0,
      error,
      response: "",
    } as const;
    const record = { delivery: id, number: attempts + 1, attempt, state: "failed", nextAt: 0 } as const;
    await this.#options.store.recordAttempt(record);
    this.#options.log.error("delivery cannot be read, giving up", { event: "delivery_unreadable" });
  }

  #start(delivery: DueDelivery): void {
    const { id } = delivery.sink;
    // Exclusive since the deliveries were asked for: it is due again at the next turn.
    if (this.#busy.has(id)) return;
    const running = this.#deliver(delivery)
      .then(
        () => this.#attempts.succeeded(),
        // By our own fault, and the delivery is still due: wait, so that the sink is not called in a circle.
        (thrown: unknown) => delay(this.#attempts.failed(thrown), this.#options.signal),
      )
      .finally(() => {
        this.#busy.delete(id);
        this.#wake.ring();
      });
    this.#busy.set(id, running);
  }

  async #deliver(delivery: DueDelivery): Promise<void> {
    const { send, retryDelaysMs, spans, log, signal } = this.#options;
    const span = spans?.begin({ kind: "client", name: "alert delivery" });
    const { attempt, retryAfterMs, final } = await send(
      { ...delivery, traceparent: span?.traceparent },
      signal,
    );
    const fields = { "mars.sink.type": delivery.sink.type, "mars.attempt": delivery.attempts + 1 };
    span?.end({ failed: attempt.outcome === "failed", fields });
    // Aborted because Mars stops: made again at the next start.
    if (signal.aborted && attempt.outcome === "failed") return;
    const number = delivery.attempts + 1;
    const delayMs = final
      ? undefined
      : retryDelayMs({ attempts: number, delaysMs: retryDelaysMs, retryAfterMs, random: Math.random() });
    const failed = attempt.outcome === "failed";
    this.#times.observe(attempt.durationMs);
    const state = !failed ? "delivered" : delayMs === undefined ? "failed" : "pending";
    this.#ended[!failed ? "delivered" : delayMs === undefined ? "given_up" : "failed"] += 1;
    if (failed) {
      const fields = { sink: delivery.sink.id, attempt: number, reason: attempt.error };
      if (state === "failed")
        log.error("alert delivery failed, giving up", { event: "delivery_failed", ...fields });
      else log.warn("alert delivery failed, trying again", { event: "delivery_failing", ...fields });
    }
    const nextAt = state === "pending" ? nowMicros() + (delayMs ?? 0) * 1_000 : 0;
    await this.#record({ delivery: delivery.id, number, attempt, state, nextAt });
  }

  /** The sink stays busy until the attempt is recorded, so that the delivery is not sent twice. */
  async #record(record: AttemptRecord): Promise<void> {
    const { store, signal } = this.#options;
    for (;;) {
      try {
        await store.recordAttempt(record);
        this.#records.succeeded();
        return;
      } catch (thrown) {
        if (!MarsError.from(thrown).transient) throw thrown;
        if (signal.aborted) return;
        await delay(this.#records.failed(thrown), signal);
      }
    }
  }
}

function nothing(): void {}
