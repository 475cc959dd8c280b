/**
 * Writes batches to the store, one after another, and yields what they added and changed.
 *
 * An acknowledged event is never given up, so a batch that fails is tried again. A batch that can never be applied must not
 * keep all others waiting: its input is at fault, or it has failed by an internal fault twice. It is halved, down to the one
 * event at fault, which is set aside in the transaction that moves the position past it.
 */

import type { ChangeStep } from "../core/change-record.ts";
import { MarsError } from "../core/error.ts";
import type { Log, Store, StoreOutcome } from "../core/ports.ts";
import type { Spans } from "../core/spans.ts";
import { nowMicros } from "../core/time.ts";
import { Timing, type TimingStats } from "../core/timing.ts";
import { delay } from "../runtime/delay.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";
import { type Batch, type BatchContent, foldContent, type StoredBatch } from "./batch.ts";
import type { Pace } from "./pace.ts";
import { publicationOf } from "./publication.ts";
import { addStoreSpans } from "./store-spans.ts";

/** Between attempts to reach a store that failed, in milliseconds. */
const retry = { firstMs: 50, lastMs: 2_000 };
/** An internal fault that a batch meets so often comes from its events. */
const sameFaults = 2;
/** After so many events in a row that are set aside by internal faults, with none stored between, the fault is not theirs. */
const asideInARowMax = 100;

export interface BatchWriterOptions {
  readonly store: Pick<Store, "apply" | "setAside">;
  /** See `Changes.make`. */
  readonly make: (step: ChangeStep) => Promise<boolean>;
  readonly supervisor: Supervisor;
  readonly log: Log;
  /** Called with how many events and messages are set aside now. */
  readonly setAside: (count: number) => void;
  readonly pace: Pace;
  readonly spans?: Spans | undefined;
  readonly signal: AbortSignal;
}

export class BatchWriter {
  readonly #options: BatchWriterOptions;
  readonly #loop: Loop;
  #stored = 0;
  #duplicates = 0;
  #published = 0;
  #asideInARow = 0;
  readonly #transactions = new Timing();
  readonly #storedAfter = new Timing();

  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.#loop = options.supervisor.loop("store", retry);
  }

  /** Why the last transaction failed; empty when it did not. */
  get lastError(): string {
    return this.#loop.lastError;
  }

  /** Events since the start. */
  get totals(): { readonly stored: number; readonly duplicates: number; readonly published: number } {
    return { stored: this.#stored, duplicates: this.#duplicates, published: this.#published };
  }

  /** Transactions, failed ones too; and from the receipt of the oldest event of each until it was stored. */
  get timings(): Readonly<Record<"transactions" | "stored_after", TimingStats>> {
    return { transactions: this.#transactions.stats, stored_after: this.#storedAfter.stats };
  }

  /**
   * Yields the batch, or one range of it after the other, when that is stored or set aside. Ends when all of it is, or the
   * signal aborts. Throws, as `fenced`, when another process has taken over the store.
   */
  async *write(batch: Batch, faultsMax = sameFaults): AsyncGenerator<StoredBatch, void, undefined> {
    const { from, to, change } = batch;
    if (change !== undefined) {
      if (await this.#options.make({ from, to, change })) yield { upTo: to, events: [] };
      return;
    }
    const result = await this.#attempt(batch, faultsMax);
    if (result === undefined) return;
    if (!(result instanceof MarsError)) {
      yield result;
      return;
    }
    if (batch.events.length === 1) {
      const aside = await this.#putAside(batch, result);
      if (aside !== undefined) yield aside;
      return;
    }
    for (const half of halvesOf(batch)) {
      if (this.#options.signal.aborted) return;
      // The whole has failed twice, so once is enough for a half.
      yield* this.write(half, 1);
    }
  }

  /** Tries until it succeeds. @returns why the batch can never be applied; `undefined` when Mars stops */
  async #attempt(batch: Batch, faultsMax: number): Promise<StoredBatch | MarsError | undefined> {
    const { store, pace, spans, signal } = this.#options;
    const { from, to, events } = batch;
    for (let faults = 0; !signal.aborted; ) {
      let content: BatchContent;
      let outcome: StoreOutcome | null;
      const beganAt = performance.now();
      try {
        content = batch.content ?? (await foldContent(events, pace));
        const { chunks } = content;
        outcome = await this.#transactions.during(() =>
          store.apply({ from, to, count: events.length, chunks }),
        );
      } catch (thrown) {
        const error = MarsError.from(thrown);
        if (error.code === "fenced") throw error;
        if (error.code === "unprocessable") return error;
        const pauseMs = this.#loop.failed(error);
        if (error.code === "internal") {
          faults += 1;
          if (faults >= faultsMax) return error;
        }
        await delay(pauseMs, signal);
        continue;
      }
      this.#loop.succeeded();
      this.#asideInARow = 0;
      if (spans !== undefined) addStoreSpans(spans, events, beganAt);
      return this.#count(batch, publicationOf(events, content.repeated, outcome), outcome);
    }
    return undefined;
  }

  #count({ to, events }: Batch, published: StoredBatch["events"], outcome: StoreOutcome | null): StoredBatch {
    this.#storedAfter.observe((nowMicros() - events[0]!.receivedAt) / 1_000);
    this.#stored += events.length;
    this.#duplicates += outcome === null ? 0 : events.length - outcome.fresh.length;
    this.#published += published.length;
    return { upTo: to, events: published };
  }

  /**
   * Sets the one event aside, or stores it after all: tries both until one succeeds. Meanwhile all others wait, and nothing
   * is lost.
   */
  async #putAside(batch: Batch, fault: MarsError): Promise<StoredBatch | undefined> {
    const { store, log, setAside, signal } = this.#options;
    const { from, to } = batch;
    const event = batch.events[0]!;
    const { seq, appId, messageId } = event;
    const { code, message: reason } = fault;
    const item = { seq, appId, messageId, at: nowMicros(), code, reason, event };
    while (!signal.aborted) {
      try {
        if (code === "internal" && this.#asideInARow >= asideInARowMax) {
          const message = `${asideInARowMax} events in a row could not be applied`;
          throw new MarsError("unprocessable", message, { cause: fault });
        }
        const count = await store.setAside({ from, to, item });
        this.#asideInARow += 1;
        log.error("event set aside", { event: "event_set_aside", seq, count, error: fault });
        this.#loop.succeeded();
        setAside(count);
        return { upTo: to, events: [] };
      } catch (thrown) {
        const error = MarsError.from(thrown);
        if (error.code === "fenced") throw error;
        await delay(this.#loop.failed(error), signal);
      }
      const again = await this.#attempt(batch, 1);
      if (!(again instanceof MarsError)) return again;
    }
    return undefined;
  }
}

function halvesOf({ from, to, events }: Batch): readonly [Batch, Batch] {
  const middle = events.length >> 1;
  const at = events[middle - 1]!.seq;
  return [
    { from, to: at, events: events.slice(0, middle), content: undefined },
    { from: at, to, events: events.slice(middle), content: undefined },
  ];
}
