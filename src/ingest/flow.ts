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

import type { SequencedEvent } from "../core/event.ts";
import { delay } from "../runtime/delay.ts";
import { turnEvents } from "./aggregator.ts";
import type { Backlog } from "./backlog.ts";
import { Lane } from "./lane.ts";
import { laneOf } from "./lane-of.ts";
import { type ClosedBatch, makeBatch, Storing, type StoringOptions } from "./storing.ts";

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

export interface FlowOptions extends Omit<StoringOptions, "nextTurn"> {
  readonly lanes: number;
  /** Events in one store transaction. A group is never split, so a batch may pass this by one group. */
  readonly batchEventsMax: number;
  readonly backlog: Backlog;
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
  readonly #storing: Storing;
  #open: OpenBatch = emptyBatch(0);
  /** Wakes whoever waits for the open batch to change. */
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#storing = new Storing({ ...options, nextTurn });
    this.#lanes = Array.from({ length: options.lanes }, () => new Lane());
    options.signal.addEventListener("abort", () => this.#signalChange());
  }

  /** Events in each lane's channel. */
  get laneSizes(): number[] {
    return this.#lanes.map((lane) => lane.size);
  }

  /** Why the last transaction failed; empty when it did not. */
  get lastError(): string {
    return this.#storing.lastError;
  }

  get totals(): { stored: number; duplicates: number; published: number } {
    return this.#storing.totals;
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
      const batch = await this.#close();
      await storing;
      if (failure !== undefined) break;
      storing = this.#storing
        .store(batch)
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
  async #close(): Promise<ClosedBatch> {
    const { from, to, events } = this.#open;
    this.#open = emptyBatch(to);
    this.#signalChange();
    // Every lane's part ends here. Making the parts of a large batch takes turns with answering clients.
    let turn = Promise.resolve();
    const shares = this.#lanes.map((lane) => {
      if (events.length > turnEvents) turn = turn.then(nextTurn);
      return lane.close(turn);
    });
    try {
      return { from, to, events, made: await makeBatch((await Promise.all(shares)).flat(), nextTurn) };
    } catch {
      // It is made again where the fault is dealt with.
      return { from, to, events, made: undefined };
    }
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
