/**
 * The loop that is the topology: backlog → lanes → store → publish.
 *
 * Two halves run side by side. One feeds groups from the backlog into the lanes and so fills the open batch. The other
 * closes the batch when the store is free or the batch is full, collects every lane's share behind a barrier, stores
 * them in one transaction and publishes. While one batch is being stored the next one fills: batches grow with the
 * load by themselves, and at rest an event passes at once.
 *
 * A batch is a contiguous stretch of the journal, so one number, stored with it, says how far the store has come.
 */
import { delay } from "../event/delay.ts";
import { MarsError } from "../event/error.ts";
import type { SequencedEvent } from "../event/event.ts";
import type { Store, StoreBatch } from "../event/ports.ts";
import type { Loop, Supervisor } from "../event/supervisor.ts";
import { makeChunks, turnEvents } from "./aggregator.ts";
import type { Backlog } from "./backlog.ts";
import { Lane } from "./lane.ts";
import { laneOf } from "./lane-of.ts";
import type { StoreProgress } from "./progress.ts";

/**
 * The least time between two batches, in milliseconds, unless the second is full. A transaction costs some 0.4 ms
 * whatever it holds, so under load a few milliseconds' events share one; after a pause an event passes at once.
 */
const batchIntervalMs = 8;

/**
 * Characters of journal text in one store transaction: 20,000 ordinary events have half of it, but attributes can be
 * large, and a database server has to receive them within its timeout. A group is never split here either.
 */
const batchCharsMax = 4 * 1024 * 1024;

/** Between attempts to reach a store that failed, in milliseconds. */
const retry = { firstMs: 50, lastMs: 2_000 };

export interface FlowOptions {
  readonly lanes: number;
  /** Events in one store transaction. A group is never split, so a batch may pass this by one group. */
  readonly batchEventsMax: number;
  readonly backlog: Backlog;
  readonly store: Pick<Store, "apply">;
  readonly progress: StoreProgress;
  readonly supervisor: Supervisor;
  /** Called after each store transaction with the events that were new, in seq order, and how far it led. */
  readonly publish: (events: readonly SequencedEvent[], upTo: number) => void;
  readonly signal: AbortSignal;
}

/** The batch that is being filled. */
interface OpenBatch {
  from: number;
  to: number;
  /** In seq order. */
  readonly events: SequencedEvent[];
  /** The length of their text in the journal. */
  chars: number;
}

export class Flow {
  readonly #options: FlowOptions;
  readonly #lanes: readonly Lane[];
  readonly #loop: Loop;
  #open: OpenBatch = emptyBatch(0);
  /** Wakes whoever waits for the open batch to change. */
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();
  #stored = 0;
  #published = 0;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#loop = options.supervisor.loop("store", retry);
    this.#lanes = Array.from({ length: options.lanes }, () => new Lane());
    options.signal.addEventListener("abort", () => this.#signalChange());
  }

  /** Events in each lane's channel. */
  get laneSizes(): number[] {
    return this.#lanes.map((lane) => lane.size);
  }

  /** Why the last transaction failed; empty when it did not. */
  get lastError(): string {
    return this.#loop.lastError;
  }

  get totals(): { stored: number; published: number } {
    return { stored: this.#stored, published: this.#published };
  }

  /** Runs until the signal aborts. Rejects when another process has taken over the store. */
  async run(afterSeq: number): Promise<void> {
    this.#open = emptyBatch(afterSeq);
    const lanes = this.#lanes.map((lane) => lane.run());
    try {
      await Promise.all([this.#feed(afterSeq), this.#drain()]);
    } finally {
      for (const lane of this.#lanes) lane.end();
      await Promise.all(lanes);
    }
  }

  async #feed(afterSeq: number): Promise<void> {
    const { backlog, signal } = this.#options;
    for await (const group of backlog.groups(afterSeq)) {
      while (this.#full() && !signal.aborted) await this.#changed.promise;
      if (signal.aborted) return;
      // No await between here and the last push but for a full lane, and the drain waits for `to`: a barrier cannot
      // fall inside a group.
      for (const event of group.events) {
        this.#open.events.push(event);
        const full = this.#lanes[laneOf(event, this.#lanes.length)]!.push(event);
        if (full !== undefined) await full;
      }
      this.#open.chars += group.chars;
      this.#open.to = group.lastSeq;
      this.#signalChange();
    }
  }

  async #drain(): Promise<void> {
    const { signal } = this.#options;
    let storing: Promise<void> | undefined;
    let failure: { readonly error: unknown } | undefined;
    let closedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted && failure === undefined) {
      const full = this.#full();
      if (!this.#closable() || (storing !== undefined && !full)) {
        await this.#changed.promise;
        continue;
      }
      const early = closedAt + batchIntervalMs - performance.now();
      if (early > 0 && !full) {
        await delay(early, signal);
        continue;
      }
      closedAt = performance.now();
      const { batch, events } = await this.#close();
      await storing;
      if (failure !== undefined) break;
      storing = this.#store(batch, events)
        .catch((error: unknown) => {
          failure = { error };
        })
        .finally(() => {
          storing = undefined;
          this.#signalChange();
        });
    }
    await storing;
    if (failure !== undefined) throw failure.error;
  }

  /** Closes the open batch and opens the next one behind it. */
  async #close(): Promise<{ batch: StoreBatch; events: readonly SequencedEvent[] }> {
    const { from, to, events } = this.#open;
    this.#open = emptyBatch(to);
    this.#signalChange();
    // Every lane's part ends here. Making the parts of a large batch takes turns with answering clients.
    let turn = Promise.resolve();
    const shares = await Promise.all(
      this.#lanes.map((lane) => {
        if (events.length > turnEvents) turn = turn.then(nextTurn);
        return lane.close(turn);
      }),
    );
    const batch = { from, to, count: events.length, chunks: await makeChunks(shares.flat(), nextTurn) };
    return { batch, events };
  }

  /** Whether the open batch holds whole groups and nothing else. */
  #closable(): boolean {
    const { events, to } = this.#open;
    return events.length > 0 && events.at(-1)!.seq === to;
  }

  #full(): boolean {
    const { events, chars } = this.#open;
    return events.length >= this.#options.batchEventsMax || chars >= batchCharsMax;
  }

  async #store(batch: StoreBatch, events: readonly SequencedEvent[]): Promise<void> {
    const fresh = await this.#apply(batch);
    if (fresh === undefined) return;
    const known = fresh === null ? undefined : new Set(fresh);
    const published = known === undefined ? events : events.filter((event) => known.has(event.seq));
    this.#stored += batch.count;
    this.#published += published.length;
    this.#options.publish(published, batch.to);
    this.#options.progress.advance(batch.to);
  }

  /** Tries until it succeeds: what was acknowledged is never given up. `undefined` when Mars stops before that. */
  async #apply(batch: StoreBatch): Promise<number[] | null | undefined> {
    const { store, signal } = this.#options;
    while (!signal.aborted) {
      try {
        const fresh = await store.apply(batch);
        this.#loop.succeeded();
        return fresh;
      } catch (thrown) {
        if (thrown instanceof MarsError && thrown.code === "fenced") throw thrown;
        await delay(this.#loop.failed(thrown), signal);
      }
    }
    return undefined;
  }

  #signalChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Resolves when everything else that waits has had its turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function emptyBatch(after: number): OpenBatch {
  return { from: after, to: after, events: [], chars: 0 };
}
