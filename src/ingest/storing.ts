/**
 * Stores closed batches, one after another, and publishes what they added and changed.
 *
 * An acknowledged event is never given up, so a batch that fails is tried again. One that can never be applied, for the input is
 * at fault or because it fails by the same fault of ours twice, must not keep all else waiting: it is halved, down to the one
 * event, which is set aside in the transaction that moves the position past it.
 */

import { MarsError } from "../core/error.ts";
import type { SequencedEvent } from "../core/event.ts";
import type { Log, Store, StoreChunk, StoreOutcome } from "../core/ports.ts";
import { nowMicros } from "../core/time.ts";
import { delay } from "../runtime/delay.ts";
import type { StoreProgress } from "../runtime/progress.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";
import { Aggregator, type FoldedMessage, makeChunks } from "./aggregator.ts";
import { publicationOf, repeatedIn } from "./publication.ts";

/** Between attempts to reach a store that failed, in milliseconds. */
const retry = { firstMs: 50, lastMs: 2_000 };
/** A fault of ours that comes back so often for one batch is the batch's. */
const sameFaults = 2;
/** Events set aside one after another, with none stored in between, by faults of ours: then it is not the events. */
const asideInARowMax = 100;

/** A contiguous stretch `(from, to]` of the sequence. */
export interface ClosedBatch {
  readonly from: number;
  readonly to: number;
  /** In seq order; at least one, the last with `to`. */
  readonly events: readonly SequencedEvent[];
  /** Made of them by the lanes; `undefined` where that failed, or is still to be done. */
  readonly made: MadeBatch | undefined;
}

/** What the store gets of a batch, and what has to be known to publish it. */
export interface MadeBatch {
  readonly chunks: readonly StoreChunk[];
  /** See `repeatedIn`. */
  readonly repeated: ReadonlyMap<number, SequencedEvent>;
}

export async function makeBatch(
  folded: readonly FoldedMessage[],
  nextTurn: () => Promise<void>,
): Promise<MadeBatch> {
  return { chunks: await makeChunks(folded, nextTurn), repeated: repeatedIn(folded) };
}

export interface StoringOptions {
  readonly store: Pick<Store, "apply" | "setAside">;
  readonly progress: StoreProgress;
  readonly supervisor: Supervisor;
  readonly log: Log;
  /** Called after each store transaction with the events that it added or changed, in seq order, and how far it led. */
  readonly publish: (events: readonly SequencedEvent[], upTo: number) => void;
  /** Called with how many events and messages are set aside now. */
  readonly setAside: (count: number) => void;
  /** Resolves when everything else that waits has had its turn. */
  readonly nextTurn: () => Promise<void>;
  readonly signal: AbortSignal;
}

export class Storing {
  readonly #options: StoringOptions;
  readonly #loop: Loop;
  #stored = 0;
  #duplicates = 0;
  #published = 0;
  #asideInARow = 0;

  constructor(options: StoringOptions) {
    this.#options = options;
    this.#loop = options.supervisor.loop("store", retry);
  }

  /** Why the last transaction failed; empty when it did not. */
  get lastError(): string {
    return this.#loop.lastError;
  }

  get totals(): { stored: number; duplicates: number; published: number } {
    return { stored: this.#stored, duplicates: this.#duplicates, published: this.#published };
  }

  /**
   * Resolves when all of it is stored or set aside, or the signal aborts. Rejects, as `fenced`, when another process has
   * taken over the store.
   */
  async store(batch: ClosedBatch): Promise<void> {
    const fault = await this.#attempt(batch, sameFaults);
    if (fault !== undefined) await this.#part(batch, fault);
  }

  /** Halves what cannot be applied; sets aside what is one event. */
  async #part({ from, to, events }: ClosedBatch, fault: MarsError): Promise<void> {
    if (events.length === 1) return this.#putAside({ from, to, events, made: undefined }, fault);
    const middle = events.length >> 1;
    const at = events[middle - 1]!.seq;
    for (const half of [
      { from, to: at, events: events.slice(0, middle), made: undefined },
      { from: at, to, events: events.slice(middle), made: undefined },
    ]) {
      if (this.#options.signal.aborted) return;
      // What the whole has failed by twice, a half may fail by once.
      const again = await this.#attempt(half, 1);
      if (again !== undefined) await this.#part(half, again);
    }
  }

  /** Tries until it succeeds. @returns why the batch can never be applied, `undefined` when it is, or Mars stops */
  async #attempt(batch: ClosedBatch, faultsMax: number): Promise<MarsError | undefined> {
    const { store, signal } = this.#options;
    for (let faults = 0; !signal.aborted; ) {
      let made: MadeBatch;
      let outcome: StoreOutcome | null;
      try {
        const { from, to, events } = batch;
        made = batch.made ?? (await this.#make(events));
        outcome = await store.apply({ from, to, count: events.length, chunks: made.chunks });
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
      this.#asideInARow = 0;
      this.#done(batch, made, outcome);
      return undefined;
    }
    return undefined;
  }

  #done({ to, events }: ClosedBatch, { repeated }: MadeBatch, outcome: StoreOutcome | null): void {
    const published = publicationOf(events, repeated, outcome);
    this.#loop.succeeded();
    this.#stored += events.length;
    this.#duplicates += outcome === null ? 0 : events.length - outcome.fresh.length;
    this.#published += published.length;
    this.#options.publish(published, to);
    this.#options.progress.advance(to);
  }

  /**
   * Tries until it succeeds, or until the event can be stored after all: one that can be neither keeps all else waiting, and
   * is not lost.
   */
  async #putAside(batch: ClosedBatch, fault: MarsError): Promise<void> {
    const { store, log, publish, progress, setAside, signal } = this.#options;
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
        publish([], to);
        progress.advance(to);
        return;
      } catch (thrown) {
        const error = MarsError.from(thrown);
        if (error.code === "fenced") throw error;
        await delay(this.#loop.failed(error), signal);
      }
      if ((await this.#attempt(batch, 1)) === undefined) return;
    }
  }

  /** The lanes make a batch once; a part of it is made here. */
  #make(events: readonly SequencedEvent[]): Promise<MadeBatch> {
    const aggregator = new Aggregator();
    for (const event of events) aggregator.add(event);
    return makeBatch(aggregator.take(), this.#options.nextTurn);
  }
}
