/**
 * Admission: the queue of calls whose events wait for the journal.
 *
 * One list in order of arrival, so that seqs follow arrival, and a count for each collector, so that one message that
 * floods its collector cannot take the room of the others. Full: the call is refused as `overloaded`, as a whole.
 */
import type { ChangeRecord } from "../core/change-record.ts";
import { MarsError } from "../core/error.ts";
import type { MarsEvent } from "../core/event.ts";
import { bulkEventsMax } from "../core/limits.ts";
import { eventChars } from "./event-size.ts";
import { collectorOf, type Partition } from "./partition.ts";

/** Events of one collector that wait. Two whole bulk requests for one message fit. */
const collectorEventsMax = 2 * bulkEventsMax;
/** Characters of all events that wait: some 8 bulk requests. */
const charsMax = 64 * 1024 * 1024;
/** When a commit is closed although more waits: as much as one fsync should take. A call is never split. */
const commitEventsMax = 16_384;
const commitCharsMax = 4 * 1024 * 1024;

/** By then a full queue is empty again, unless the journal hangs. */
const retryAfterMs = 1_000;

/** One call of `accept` or `change` that waits for its answer. */
export interface AppendRequest {
  /** None of a change. */
  readonly events: readonly MarsEvent[];
  readonly change?: ChangeRecord;
  readonly partition: Partition;
  /** See `eventChars`. */
  readonly chars: number;
  resolve(lastSeq: number): void;
  reject(error: MarsError): void;
}

export class Admission {
  /** Events that wait, by collector. */
  readonly #waiting: number[];
  #requests: AppendRequest[] = [];
  #chars = 0;

  constructor(collectors: number) {
    this.#waiting = Array.from({ length: collectors }, () => 0);
  }

  /** Events that wait, by collector. */
  get waiting(): readonly number[] {
    return this.#waiting;
  }

  /** Characters that wait. */
  get chars(): number {
    return this.#chars;
  }

  get empty(): boolean {
    return this.#requests.length === 0;
  }

  /** Admits a call. Throws `overloaded` when a bound would be passed; then none of its events is admitted. */
  admit(request: Omit<AppendRequest, "partition" | "chars">): void {
    const partition: number[] = [];
    let chars = request.change?.args.length ?? 0;
    for (const event of request.events) {
      const collector = collectorOf(event, this.#waiting.length);
      chars += eventChars(event);
      partition.push(collector);
      this.#waiting[collector]! += 1;
      if (this.#waiting[collector]! > collectorEventsMax) {
        this.#subtract(partition);
        const message = `${collectorEventsMax} events wait for collector ${collector}`;
        throw new MarsError("overloaded", message, { retryAfterMs });
      }
    }
    try {
      this.assertRoom(chars);
    } catch (error) {
      this.#subtract(partition);
      throw error;
    }
    this.#chars += chars;
    this.#requests.push({ ...request, partition, chars });
  }

  /** Throws `overloaded` when so many characters more would pass the bound on all that waits. */
  assertRoom(chars: number): void {
    if (this.#chars + chars <= charsMax) return;
    throw new MarsError("overloaded", `events of ${this.#chars} characters wait for the journal`, {
      retryAfterMs,
    });
  }

  /** Takes as much as one commit holds, oldest first: some calls with events, or one change. Empty when nothing waits. */
  take(): AppendRequest[] {
    let count = 0;
    let events = 0;
    let chars = 0;
    for (const request of this.#requests) {
      events += request.events.length;
      chars += request.chars;
      const change = request.change !== undefined;
      if (count > 0 && (change || events > commitEventsMax || chars > commitCharsMax)) break;
      count++;
      if (change) break;
    }
    const taken = this.#requests.slice(0, count);
    this.#requests = this.#requests.slice(count);
    return taken;
  }

  /** The calls have their answer: their room is free again. */
  release(taken: readonly AppendRequest[]): void {
    for (const { partition, chars } of taken) {
      this.#subtract(partition);
      this.#chars -= chars;
    }
  }

  #subtract(partition: Partition): void {
    for (const collector of partition) this.#waiting[collector]! -= 1;
  }
}
