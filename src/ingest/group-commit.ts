/**
 * Group commit: the calls that wait when the journal becomes free go to disk as one commit, and one fsync answers all of
 * them. At rest an event passes at once; under load commits grow by themselves.
 */
import { MarsError } from "../core/error.ts";
import type { MarsEvent } from "../core/event.ts";
import type { Ingest, Journal, JournalGroup } from "../core/ports.ts";
import { encodeGroup } from "../journal/journal-format.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";
import { Admission, type AppendRequest } from "./admission.ts";
import type { Partition } from "./partition.ts";

/** Events that are on disk, and still in memory. */
export interface Commit {
  /** The seqs of the first and the last event; those between are consecutive. */
  readonly first: number;
  readonly last: number;
  readonly events: readonly MarsEvent[];
  readonly partition: Partition;
  /** See `eventChars`. */
  readonly chars: number;
}

export interface GroupCommitOptions {
  /** How many. */
  readonly collectors: number;
  /** Refuse events while the journal holds more than this. */
  readonly journalBytesMax: number;
  readonly journal: Pick<Journal, "append" | "probe">;
  readonly supervisor: Supervisor;
  /** Called in seq order, before the answers go out. */
  readonly committed: (commit: Commit) => void;
  /** Called with events that are refused, and the error that says why. */
  readonly refused: (error: unknown, events: readonly MarsEvent[]) => void;
}

/** How long clients are asked to wait when the journal is full: the store needs time, not a moment. */
const journalFullRetryMs = 5_000;
const journalFailing = "the journal cannot be written";

export class GroupCommit implements Ingest {
  readonly #options: GroupCommitOptions;
  readonly #admission: Admission;
  readonly #loop: Loop;
  #lastSeq: number | undefined;
  #nextSeq = 0;
  #journalBytes = 0;
  #writing: Promise<void> | undefined;
  #closed = false;
  #blocked = "";
  #probing: ReturnType<typeof setTimeout> | undefined;
  #accepted = 0;
  #refused = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#admission = new Admission(options.collectors);
    this.#loop = options.supervisor.loop("journal", { firstMs: 1_000, lastMs: 1_000 });
  }

  /** Events that wait for the journal, by collector. */
  get waiting(): readonly number[] {
    return this.#admission.waiting;
  }

  /** The last seq on disk; 0 before `start`. */
  get lastSeq(): number {
    return this.#lastSeq ?? 0;
  }

  get journalBytes(): number {
    return this.#journalBytes;
  }

  get totals(): { accepted: number; refused: number } {
    return { accepted: this.#accepted, refused: this.#refused };
  }

  /** Why an event would be refused now; empty when it would not. */
  get refusal(): string {
    if (this.#blocked !== "") return this.#blocked;
    if (this.#lastSeq === undefined) return "starting: the database has not been reached yet";
    if (this.#closed) return "draining";
    if (this.#isFull) return this.#journalFull();
    return this.#loop.lastError;
  }

  /**
   * From here on events are accepted.
   *
   * @param lastSeq the last seq on disk
   * @param nextSeq the first to be given out; later than the one after it where the sequence leaps
   */
  start({
    lastSeq,
    nextSeq,
    journalBytes,
  }: {
    lastSeq: number;
    nextSeq: number;
    journalBytes: number;
  }): void {
    this.#lastSeq = lastSeq;
    this.#nextSeq = nextSeq;
    this.#journalBytes = journalBytes;
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

  /** Resolves, once everything that was taken before the call is on disk or refused, to the last seq on disk. */
  async barrier(): Promise<number> {
    if (this.#writing !== undefined) {
      // It takes its place in the queue, and asks for nothing.
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

  /** The journal has dropped this much. */
  trimmed(bytes: number): void {
    this.#journalBytes -= bytes;
  }

  /** Refuses from now on; resolves when all that was taken has its answer. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#probing);
    await this.#writing;
  }

  #assertAccepting(): void {
    if (this.#closed) throw new MarsError("draining", "Mars is stopping", { retryAfterMs: 1_000 });
    if (this.#blocked !== "") throw new MarsError("unavailable", this.#blocked, { retryAfterMs: 5_000 });
    if (this.#lastSeq === undefined) {
      throw new MarsError("unavailable", "Mars is starting: the database has not been reached yet", {
        retryAfterMs: 1_000,
      });
    }
    // What waits will be there as well.
    if (this.#isFull || !(this.#admission.empty || this.#fits(this.#admission.chars))) {
      throw new MarsError("overloaded", this.#journalFull(), { retryAfterMs: journalFullRetryMs });
    }
  }

  /**
   * The journal could not be written. Whoever is unready gets no events to try it with, so Mars tries by itself until it can
   * be written again.
   */
  #failed(error: MarsError, bytes: number): void {
    const retryMs = this.#loop.failed(error);
    this.#probing ??= setTimeout(() => {
      this.#probing = undefined;
      if (this.#closed || this.#loop.lastError === "") return;
      this.#options.journal.probe(bytes).then(
        () => this.#loop.succeeded(),
        (cause: unknown) => this.#failed(new MarsError("unavailable", journalFailing, { cause }), bytes),
      );
    }, retryMs);
  }

  /** A call that begins below the bound is taken as a whole, so the journal passes it by one call at most. */
  get #isFull(): boolean {
    return this.#journalBytes > this.#options.journalBytesMax;
  }

  #fits(bytes: number): boolean {
    return this.#journalBytes + bytes <= this.#options.journalBytesMax;
  }

  #journalFull(): string {
    return `the journal is full: it holds ${this.#journalBytes} bytes of at most ${this.#options.journalBytesMax} that are not safely in the database yet`;
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
    if (events.length === 0) {
      for (const request of taken) request.resolve(this.lastSeq);
      return;
    }
    const firstSeq = this.#nextSeq;
    let group: JournalGroup;
    let bytes: number;
    try {
      group = encodeGroup(firstSeq, events);
    } catch (thrown) {
      // A fault of ours, and nothing that the disk is to blame for: it must not cost the others their answer.
      if (taken.length === 1) taken[0]!.reject(MarsError.from(thrown));
      else for (const request of taken) await this.#commit([request]);
      return;
    }
    // Three bytes is the most that UTF-8 spends on one UTF-16 unit: far from the bound the text is not counted.
    if (!this.#fits(group.body.length * 3) && !this.#fits(Buffer.byteLength(group.body))) {
      if (taken.length > 1) {
        for (const request of taken) await this.#commit([request]);
        return;
      }
      if (this.#isFull) {
        const error = new MarsError("overloaded", this.#journalFull(), { retryAfterMs: journalFullRetryMs });
        taken[0]!.reject(error);
        return;
      }
    }
    try {
      bytes = await this.#options.journal.append(group);
    } catch (cause) {
      const error = new MarsError("unavailable", journalFailing, { cause, retryAfterMs: 1_000 });
      this.#failed(error, Buffer.byteLength(group.body));
      for (const request of taken) request.reject(error);
      return;
    }
    this.#loop.succeeded();
    this.#lastSeq = group.lastSeq;
    this.#nextSeq = group.lastSeq + 1;
    this.#journalBytes += bytes;
    this.#accepted += events.length;
    this.#options.committed({
      first: firstSeq,
      last: group.lastSeq,
      events,
      partition: taken.length === 1 ? taken[0]!.partition : taken.flatMap((request) => request.partition),
      chars: taken.reduce((sum, request) => sum + request.chars, 0),
    });
    let seq = firstSeq - 1;
    for (const request of taken) {
      seq += request.events.length;
      request.resolve(seq);
    }
  }
}
