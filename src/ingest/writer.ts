/** The writer: brings the log to the store, by the topology, until it is asked to drain or Mars stops. */
import type { ChangeStep } from "../core/change-record.ts";
import type { Journal } from "../core/journal.ts";
import type { Log, Store } from "../core/ports.ts";
import type { Spans } from "../core/spans.ts";
import { within } from "../runtime/delay.ts";
import type { WriterStats } from "../runtime/stats.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { AheadMarker } from "./ahead.ts";
import type { StoredBatch } from "./batch.ts";
import { BatchWriter } from "./batch-writer.ts";
import { Batcher } from "./batcher.ts";
import type { Commit } from "./group-commit.ts";
import { LogTail } from "./log-tail.ts";
import { createPace, type Pace } from "./pace.ts";
import { runTopology } from "./topology.ts";

export interface WriterOptions {
  readonly journal: Pick<Journal, "read">;
  readonly store: Pick<Store, "apply" | "setAside">;
  /** See `Changes.make`. */
  readonly make: (step: ChangeStep) => Promise<boolean>;
  /** How many. */
  readonly collectors: number;
  /** Events in one store transaction. */
  readonly batchEventsMax: number;
  /** See `MARS_SKEW_MAX`. */
  readonly skewMaxMs: number;
  /** Called after each store transaction. */
  readonly publish: (stored: StoredBatch) => void;
  /** Called with how many events and messages are set aside now. */
  readonly setAside: (count: number) => void;
  readonly spans?: Spans | undefined;
  readonly supervisor: Supervisor;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class Writer {
  readonly #options: WriterOptions;
  readonly #pace: Pace = createPace();
  readonly #tail: LogTail;
  readonly #ahead: AheadMarker;
  readonly #batcher: Batcher;
  readonly #batches: BatchWriter;
  readonly #ended = Promise.withResolvers<void>();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#tail = new LogTail(options);
    this.#ahead = new AheadMarker(options);
    this.#batcher = new Batcher(options);
    this.#batches = new BatchWriter({ ...options, pace: this.#pace });
  }

  /** @param lastSeq of the journal, at the start */
  start(lastSeq: number): void {
    this.#tail.start(lastSeq);
  }

  /** Adds what has just been committed. */
  push(commit: Commit): void {
    this.#tail.push(commit);
  }

  /**
   * Runs until all is stored after `drain`, or the signal aborts. Rejects when another process has taken over the store.
   *
   * @param after the store's position
   */
  async run(after: number): Promise<void> {
    const { publish, signal } = this.#options;
    this.#batcher.start(after);
    try {
      await runTopology({
        log: this.#ahead.mark(this.#tail.read(after)),
        batcher: this.#batcher,
        write: (batch) => this.#batches.write(batch),
        publish,
        pace: this.#pace,
        signal,
      });
    } finally {
      this.#ended.resolve();
    }
  }

  /** Ends with what is committed by now. Resolves when that is stored, or after `ms`. */
  async drain(ms: number): Promise<void> {
    this.#tail.end();
    await within(ms, this.#ended.promise);
  }

  /** Why the last transaction failed; empty when it did not. */
  get lastError(): string {
    return this.#batches.lastError;
  }

  /** Events since the start. */
  get totals(): { readonly stored: number; readonly duplicates: number; readonly published: number } {
    return this.#batches.totals;
  }

  /** See `BatchWriter.timings`. */
  get timings(): BatchWriter["timings"] {
    return this.#batches.timings;
  }

  /** Problems that keep nothing from being stored. */
  get warnings(): string[] {
    return this.#ahead.warnings;
  }

  get stats(): WriterStats {
    const { collectors, totals } = this.#batcher;
    return {
      event_collector_queue: collectors.reduce((sum, { size }) => sum + size, 0),
      collectors: collectors.map(({ size }) => size),
      collected: {
        events: collectors.map((collector) => collector.totals.events),
        times_full: collectors.map((collector) => collector.totals.timesFull),
      },
      batches: totals,
      events_ahead: this.#ahead.events,
    };
  }
}
