/**
 * Group commit: the calls that wait when the journal becomes free go to disk as one commit, and one fsync answers all of
 * them. At rest an event passes at once; under load commits grow by themselves.
 */
import type { ChangeRecord } from "../core/change-record.ts";
import { MarsError } from "../core/error.ts";
import type { MarsEvent } from "../core/event.ts";
import type { Journal, SeqRange } from "../core/journal.ts";
import type { Ingest } from "../core/ports.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";
import { Admission, type AppendRequest } from "./admission.ts";
import type { Partition } from "./partition.ts";

/** Events or a change that are on disk, and still in memory. */
export interface Commit extends SeqRange {
  /** None of a change. */
  readonly events: readonly MarsEvent[];
  readonly change?: ChangeRecord;
  readonly partition: Partition;
  /** See `eventChars`; of a change, those of its arguments. */
  readonly chars: number;
}

export interface GroupCommitOptions {
  /** How many. */
  readonly collectors: number;
  readonly journal: Pick<Journal, "append" | "appendChange" | "probe" | "refusal">;
  readonly supervisor: Supervisor;
  /** Called in seq order, before the answers go out. */
  readonly committed: (commit: Commit) => void;
  /** Called with events that are refused, and the error that says why. */
  readonly refused: (error: unknown, events: readonly MarsEvent[]) => void;
}

/** Between attempts to write a journal that failed, in milliseconds. */
const probeRetry = { firstMs: 1_000, lastMs: 1_000 };

export class GroupCommit implements Ingest {
  readonly #options: GroupCommitOptions;
  readonly #admission: Admission;
  readonly #loop: Loop;
  #lastSeq: number | undefined;
  #writing: Promise<void> | undefined;
  #closed = false;
  #blocked = "";
  #probing: ReturnType<typeof setTimeout> | undefined;
  #accepted = 0;
  #refused = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#admission = new Admission(options.collectors);
    this.#loop = options.supervisor.loop("journal", probeRetry);
  }

  /** Events that wait for the journal, by collector. */
  get waiting(): readonly number[] {
    return this.#admission.waiting;
  }

  /** The last seq on disk; 0 before `start`. */
  get lastSeq(): number {
    return this.#lastSeq ?? 0;
  }

  get totals(): { accepted: number; refused: number } {
    return { accepted: this.#accepted, refused: this.#refused };
  }

  /** Why an event would be refused now; empty when it would not. */
  get refusal(): string {
    if (this.#blocked !== "") return this.#blocked;
    if (this.#lastSeq === undefined) return "starting: the database has not been reached yet";
    if (this.#closed) return "draining";
    return this.#options.journal.refusal()?.message ?? this.#loop.lastError;
  }

  /** From here on events are accepted. @param lastSeq the last seq on disk */
  start(lastSeq: number): void {
    this.#lastSeq = lastSeq;
  }

  admit(bytes: number): void {
    try {
      this.#assertAccepting();
      this.#admission.assertRoom(bytes);
    } catch (error) {
      this.#refused += 1;
      throw error;
    }
  }

  async accept(events: readonly MarsEvent[]): Promise<number> {
    try {
      this.#assertAccepting();
      return await new Promise<number>((resolve, reject) => {
        this.#admission.admit({ events, resolve, reject });
        this.#writing ??= this.#write();
      });
    } catch (error) {
      this.#refused += events.length;
      this.#options.refused(error, events);
      throw error;
    }
  }

  /**
   * Rejects as `accept` does.
   *
   * @param written called with the change's seq as soon as it is on disk, before it is made
   */
  async change(change: ChangeRecord, written: (seq: number) => void): Promise<void> {
    this.#assertOpen();
    await new Promise<void>((resolve, reject) => {
      const done = (seq: number) => {
        written(seq);
        resolve();
      };
      this.#admission.admit({ events: [], change, resolve: done, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Resolves, once everything that was admitted before the call is on disk or refused, to the last seq on disk. */
  async barrier(): Promise<number> {
    if (this.#writing !== undefined) {
      // A request without events, in its place of the queue.
      await new Promise<void>((resolve) => {
        this.#admission.admit({ events: [], resolve: () => resolve(), reject: () => resolve() });
      });
    }
    return this.lastSeq;
  }

  /** Refuses events for that reason; the empty one accepts them again. */
  block(reason: string): void {
    this.#blocked = reason;
  }

  /** Refuses from now on; resolves when all that was admitted has its answer. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#probing);
    await this.#writing;
  }

  #assertAccepting(): void {
    this.#assertOpen();
    // Events that wait will be in the journal as well.
    const refusal = this.#options.journal.refusal(this.#admission.chars);
    if (refusal !== undefined) throw refusal;
  }

  #assertOpen(): void {
    if (this.#closed) throw new MarsError("draining", "Mars is stopping", { retryAfterMs: 1_000 });
    if (this.#blocked !== "") throw new MarsError("unavailable", this.#blocked, { retryAfterMs: 5_000 });
    if (this.#lastSeq === undefined) {
      throw new MarsError("unavailable", "Mars is starting: the database has not been reached yet", {
        retryAfterMs: 1_000,
      });
    }
  }

  /**
   * Notes that the journal could not be written, and tries it until it can be: while Mars is unready it may get no events to
   * try it with.
   */
  #failed(error: MarsError): void {
    const retryMs = this.#loop.failed(error);
    this.#probing ??= setTimeout(() => {
      this.#probing = undefined;
      if (this.#closed || this.#loop.lastError === "") return;
      this.#options.journal.probe().then(
        () => this.#loop.succeeded(),
        (thrown: unknown) => this.#failed(MarsError.from(thrown)),
      );
    }, retryMs);
  }

  async #write(): Promise<void> {
    // One turn of the microtask queue: requests that were parsed together are written together.
    await undefined;
    while (!this.#admission.empty) {
      const taken = this.#admission.take();
      await this.#commit(taken);
      this.#admission.release(taken);
    }
    this.#writing = undefined;
  }

  async #commit(taken: readonly AppendRequest[]): Promise<void> {
    const events = taken.length === 1 ? taken[0]!.events : taken.flatMap((request) => request.events);
    const change = taken[0]!.change;
    if (events.length === 0 && change === undefined) {
      for (const request of taken) request.resolve(this.lastSeq);
      return;
    }
    let range: SeqRange;
    try {
      // A call that begins below the bound is taken as a whole, so the journal passes it by one call at most.
      const { journal } = this.#options;
      const passBound = taken.length === 1;
      range = await (change === undefined
        ? journal.append(events, { passBound })
        : journal.appendChange(change));
    } catch (thrown) {
      const error = MarsError.from(thrown);
      if (error.code === "unavailable") this.#failed(error);
      else if (taken.length > 1) {
        // For want of room, or by a fault in one of them, which must not cost the others their answer.
        for (const request of taken) await this.#commit([request]);
        return;
      }
      for (const request of taken) request.reject(error);
      return;
    }
    this.#loop.succeeded();
    this.#lastSeq = range.last;
    this.#accepted += events.length;
    this.#options.committed({
      ...range,
      events,
      ...(change !== undefined && { change }),
      partition: taken.length === 1 ? taken[0]!.partition : taken.flatMap((request) => request.partition),
      chars: taken.reduce((sum, request) => sum + request.chars, 0),
    });
    let seq = range.first - 1;
    for (const request of taken) {
      seq += request.change === undefined ? request.events.length : 1;
      request.resolve(seq);
    }
  }
}
