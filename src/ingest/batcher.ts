/**
 * The batcher: fills the collectors, and decides when the open batch ends. It is read as an async iterable of batches, each of
 * which is a contiguous range of the log; every collector has its partition of it ready by then.
 *
 * A batch is full when a transaction or one of the collectors holds no more. Then the log waits until the batch is closed.
 */
import type { SequencedChange } from "../core/change-record.ts";
import type { SequencedEvent } from "../core/event.ts";
import { Wake } from "../runtime/wake.ts";
import { Collector } from "./collector.ts";
import { eventChars } from "./event-size.ts";

/**
 * Why a batch ends: it, or a collector, has as many events, or as many bytes, as it may have; the interval since the last
 * one is over; the log has ended; a change follows, which is a batch of its own.
 */
export type Trigger = "size" | "bytes" | "interval" | "drain" | "change";

/** The range `(from, to]` of the sequence. */
export interface BatchRange {
  readonly from: number;
  readonly to: number;
  readonly trigger: Trigger;
  /** All of the range; then the collectors have nothing of it. */
  readonly change?: SequencedChange["change"];
}

/**
 * The least time between two batches, in milliseconds, unless the second is full. A transaction costs some 0.4 ms
 * with any number of events, so under load it holds those of a few milliseconds; after a pause an event passes at once.
 */
const batchIntervalMs = 8;
/**
 * Characters of one batch, by `eventChars`: 20,000 ordinary events have half of it, but attributes can be large, and a
 * database server has to receive them within its timeout.
 */
const batchCharsMax = 4 * 1024 * 1024;
/** Of an even share of the batch, so that a batch of usual messages fills no collector. */
const collectorShares = 2;
/** The longest that a timer can be. */
const foreverMs = 2 ** 31 - 1;

export interface BatcherOptions {
  /** How many. */
  readonly collectors: number;
  /** Events in one batch. */
  readonly batchEventsMax: number;
  readonly batchCharsMax?: number;
  readonly intervalMs?: number;
  readonly signal: AbortSignal;
}

export class Batcher implements AsyncIterable<BatchRange> {
  readonly collectors: readonly Collector[];
  readonly #eventsMax: number;
  readonly #charsMax: number;
  readonly #intervalMs: number;
  readonly #signal: AbortSignal;
  readonly #wake = new Wake();
  readonly #totals: Record<Trigger, number> = { size: 0, bytes: 0, interval: 0, drain: 0, change: 0 };
  #from = 0;
  #to = 0;
  #events = 0;
  #chars = 0;
  #full: Trigger | undefined;
  /** Follows the open batch. */
  #change: SequencedChange | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(options: BatcherOptions) {
    const { collectors: count, batchEventsMax, signal } = options;
    const eventsMax = Math.min(batchEventsMax, Math.ceil((collectorShares * batchEventsMax) / count));
    this.collectors = Array.from({ length: count }, () => new Collector(eventsMax));
    this.#eventsMax = batchEventsMax;
    this.#charsMax = options.batchCharsMax ?? batchCharsMax;
    this.#intervalMs = options.intervalMs ?? batchIntervalMs;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#room?.resolve());
  }

  /** Batches since the start, by trigger. */
  get totals(): Readonly<Record<Trigger, number>> {
    return this.#totals;
  }

  /** The first batch begins behind this seq. */
  start(after: number): void {
    this.#from = after;
  }

  /**
   * Adds the next event of the log to its collector.
   *
   * @returns a promise when the batch is full: push no more until it resolves, when the batch is closed or Mars stops
   */
  push(event: SequencedEvent, collector: number): Promise<void> | undefined {
    const collectorFull = this.collectors[collector]!.push(event);
    this.#to = event.seq;
    this.#events += 1;
    this.#chars += eventChars(event);
    if (collectorFull || this.#events >= this.#eventsMax) this.#full = "size";
    else if (this.#chars >= this.#charsMax) this.#full = "bytes";
    if (this.#events === 1 || this.#full !== undefined) this.#wake.ring();
    if (this.#full === undefined) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Adds a change behind the open batch. Resolves when it is a batch itself, or Mars stops: push no more before. */
  pushChange(change: SequencedChange): Promise<void> {
    this.#change = change;
    if (this.#events > 0) this.#full ??= "change";
    this.#wake.ring();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** The log has ended: what is left is the last batch. */
  end(): void {
    this.#ended = true;
    this.#wake.ring();
  }

  /** Ends the iteration by this error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake.ring();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BatchRange, void, undefined> {
    let closedAt = Number.NEGATIVE_INFINITY;
    while (!this.#signal.aborted) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const early = closedAt + this.#intervalMs - performance.now();
      if (this.#events === 0 && this.#change !== undefined) {
        yield this.#closeChange(this.#change);
      } else if (this.#events === 0) {
        if (this.#ended) break;
        await this.#wake.sleep(foreverMs, this.#signal);
      } else if (this.#full === undefined && !this.#ended && early > 0) {
        await this.#wake.sleep(early, this.#signal);
      } else {
        closedAt = performance.now();
        yield this.#close(this.#full ?? (this.#ended ? "drain" : "interval"));
      }
    }
    for (const collector of this.collectors) collector.end();
  }

  /** Closes the batch, and opens the next one behind it. */
  #close(trigger: Trigger): BatchRange {
    const range = { from: this.#from, to: this.#to, trigger };
    for (const collector of this.collectors) collector.close();
    this.#totals[trigger] += 1;
    this.#from = this.#to;
    this.#events = 0;
    this.#chars = 0;
    this.#full = undefined;
    if (this.#change === undefined) this.#goOn();
    return range;
  }

  #closeChange({ seq, change }: SequencedChange): BatchRange {
    const range = { from: this.#from, to: seq, trigger: "change" as const, change };
    this.#from = seq;
    this.#to = seq;
    this.#change = undefined;
    this.#goOn();
    return range;
  }

  /** The log may go on. */
  #goOn(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
