/**
 * The collectors: one for each lane, the place where an accepted event waits for its fsync.
 *
 * They are counted queues over one list in order of arrival, so that seqs follow arrival and yet one message that
 * floods its lane cannot take the room of the others. Full: the call is refused as `overloaded`, as a whole.
 */
import { MarsError } from "../core/error.ts";
import type { MarsEvent } from "../core/event.ts";
import { bulkEventsMax } from "../core/limits.ts";
import { laneOf } from "./lane-of.ts";

/** Events that wait in one collector. Two whole bulk requests for one message fit. */
const collectorEventsMax = 2 * bulkEventsMax;
/** Characters of the ids, names and attributes that wait in all collectors together: some 8 bulk requests. */
const collectedCharsMax = 64 * 1024 * 1024;
/** When a group is closed although more waits: what one fsync should take at most. A call is never split. */
const groupEventsMax = 16_384;
const groupCharsMax = 4 * 1024 * 1024;

/** The time in which a full collector is certainly empty again, unless the journal hangs. */
const retryAfterMs = 1_000;

/** One call to `accept`, waiting for its answer. */
export interface Submission {
  readonly events: readonly MarsEvent[];
  /** The lane of each event. */
  readonly lanes: readonly number[];
  readonly chars: number;
  resolve(lastSeq: number): void;
  reject(error: MarsError): void;
}

export class Collectors {
  readonly #waiting: number[];
  #submissions: Submission[] = [];
  #chars = 0;

  constructor(lanes: number) {
    this.#waiting = Array.from({ length: lanes }, () => 0);
  }

  /** Events that wait, by lane. */
  get waiting(): readonly number[] {
    return this.#waiting;
  }

  /** Characters that wait. */
  get chars(): number {
    return this.#chars;
  }

  get empty(): boolean {
    return this.#submissions.length === 0;
  }

  /** Takes a call's events in. Throws `overloaded` when a bound would be passed; then none of them is taken. */
  collect(submission: Omit<Submission, "chars" | "lanes">): void {
    const lanes: number[] = [];
    let chars = 0;
    for (const event of submission.events) {
      const lane = laneOf(event, this.#waiting.length);
      chars += charsOf(event);
      lanes.push(lane);
      this.#waiting[lane]! += 1;
      if (this.#waiting[lane]! > collectorEventsMax) {
        this.#forget(lanes);
        throw new MarsError("overloaded", `collector ${lane} is full with ${collectorEventsMax} events`, {
          retryAfterMs,
        });
      }
    }
    try {
      this.assertRoom(chars);
    } catch (error) {
      this.#forget(lanes);
      throw error;
    }
    this.#chars += chars;
    this.#submissions.push({ ...submission, lanes, chars });
  }

  /** Throws `overloaded` when so many characters more would pass the bound on all collectors. */
  assertRoom(chars: number): void {
    if (this.#chars + chars <= collectedCharsMax) return;
    throw new MarsError("overloaded", `the collectors are full with ${this.#chars} characters`, {
      retryAfterMs,
    });
  }

  /** Takes what waits, oldest first, as much as one group holds. Empty when nothing waits. */
  take(): Submission[] {
    let count = 0;
    let events = 0;
    let chars = 0;
    for (const submission of this.#submissions) {
      events += submission.events.length;
      chars += submission.chars;
      if (count > 0 && (events > groupEventsMax || chars > groupCharsMax)) break;
      count++;
    }
    const taken = this.#submissions.slice(0, count);
    this.#submissions = this.#submissions.slice(count);
    return taken;
  }

  /** The taken calls have their answer: their room is free again. */
  release(taken: readonly Submission[]): void {
    for (const { lanes, chars } of taken) {
      this.#forget(lanes);
      this.#chars -= chars;
    }
  }

  #forget(lanes: readonly number[]): void {
    for (const lane of lanes) this.#waiting[lane]! -= 1;
  }
}

function charsOf(event: MarsEvent): number {
  return (
    event.appId.length +
    event.messageId.length +
    event.event.length +
    event.eventId.length +
    event.externalId.length +
    event.attributes.length +
    64
  );
}
