/**
 * Keeps deliveries in the database, some times a second and many at once: beside the way of the events, which do not wait for it.
 *
 * Bound: `waitingMax` deliveries and `waitingBytesMax` wait. What comes beyond it, as while the database is away, is not kept, which its
 * source's counter has. What waits when the process is killed is not kept either; its events are.
 */
import type { Log } from "../core/ports.ts";
import { nowMicros } from "../core/time.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { keptBytesMax, keptMsMax, type NewKeptDelivery } from "./kept.ts";
import type { SourceStore } from "./ports.ts";

const flushMs = 500;
const pruneEveryMs = 3_600_000;
const retry = { firstMs: 500, lastMs: 5_000 };
const waitingMax = 2_000;
const waitingBytesMax = 32 * 1024 * 1024;
const bodyBytesMax = Math.min(1024 * 1024, keptBytesMax);
/** The log says so often that something is not kept. */
const warnEveryMs = 60_000;

export interface KeeperOptions {
  readonly store: Pick<SourceStore, "keepDeliveries" | "pruneDeliveries">;
  readonly log: Pick<Log, "warn">;
  onNotKept(source: string): void;
}

export class Keeper {
  readonly #options: KeeperOptions;
  #waiting: NewKeptDelivery[] = [];
  #bytes = 0;
  #flushing: Promise<void> = Promise.resolve();
  #prunedAt = Number.NEGATIVE_INFINITY;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  add(delivery: NewKeptDelivery): void {
    const { byteLength } = delivery.body;
    if (
      byteLength > bodyBytesMax ||
      this.#waiting.length >= waitingMax ||
      this.#bytes + byteLength > waitingBytesMax
    ) {
      this.#notKept(delivery.source, byteLength);
      return;
    }
    this.#waiting.push(delivery);
    this.#bytes += byteLength;
  }

  /** Resolves when all that has come before is in the database. Rejects as the store does; it is tried again. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => undefined).then(() => this.#write());
    return this.#flushing;
  }

  /** Runs until the signal aborts, and then once more. */
  async run(supervisor: Pick<Supervisor, "loop">, signal: AbortSignal): Promise<void> {
    const step = async () => {
      await this.flush();
      if (performance.now() - this.#prunedAt > pruneEveryMs) {
        await this.#options.store.pruneDeliveries(nowMicros() - keptMsMax * 1_000);
        this.#prunedAt = performance.now();
      }
      return flushMs;
    };
    await supervisor.loop("source_deliveries", retry).run(step, signal);
    await this.flush().catch(() => {
      for (const { source, body } of this.#waiting.splice(0)) this.#notKept(source, body.byteLength);
    });
  }

  async #write(): Promise<void> {
    const batch = this.#waiting.slice();
    if (batch.length === 0) return;
    await this.#options.store.keepDeliveries(batch);
    this.#waiting.splice(0, batch.length);
    for (const { body } of batch) this.#bytes -= body.byteLength;
  }

  #notKept(source: string, bytes: number): void {
    this.#options.onNotKept(source);
    if (performance.now() - this.#warnedAt < warnEveryMs) return;
    this.#warnedAt = performance.now();
    const fields = { event: "delivery_not_kept", source, bytes };
    this.#options.log.warn("delivery not kept for replay", fields);
  }
}
