/**
 * The backlog: what is on disk and not yet in a lane, in seq order. What was committed just now is still in memory,
 * up to a bound; the rest is read back from the journal. So catching up after a burst, after a crash and after the
 * database was away is the same loop as the usual case, and a burst costs disk, not memory.
 */

import type { SequencedEvent } from "../core/event.ts";
import type { Journal } from "../core/ports.ts";
import { decodeGroup } from "../journal/journal-format.ts";
import { delay } from "../runtime/delay.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";
import type { CommittedGroup } from "./group-commit.ts";

/** Characters of journal text whose events are kept in memory. */
const memoryCharsMax = 4 * 1024 * 1024;
/** Bytes read back at once: parsing them holds up the thread that answers clients. */
const readBytesMax = 512 * 1024;
/** Between attempts to read a journal that could not be read, in milliseconds. */
const readRetry = { firstMs: 500, lastMs: 5_000 };

/** A group, or what of it is not in a lane yet. */
export interface BacklogGroup {
  readonly lastSeq: number;
  readonly events: readonly SequencedEvent[];
  /** The length of its text in the journal. */
  readonly chars: number;
}

export class Backlog {
  readonly #journal: Pick<Journal, "read">;
  readonly #loop: Loop;
  readonly #signal: AbortSignal;
  #recent: CommittedGroup[] = [];
  #recentChars = 0;
  #lastSeq = 0;
  #arrival: PromiseWithResolvers<void> | undefined;

  constructor(options: { journal: Pick<Journal, "read">; supervisor: Supervisor; signal: AbortSignal }) {
    this.#journal = options.journal;
    this.#loop = options.supervisor.loop("journal_reading", readRetry);
    this.#signal = options.signal;
    this.#signal.addEventListener("abort", () => this.#wake());
  }

  /** What the journal holds at the start. */
  start(lastSeq: number): void {
    this.#lastSeq = lastSeq;
  }

  /** A group has just been committed. When memory is full it is only on disk, and will be read from there. */
  push(group: CommittedGroup): void {
    if (this.#recent.length === 0 || this.#recentChars + group.chars <= memoryCharsMax) {
      this.#recent.push(group);
      this.#recentChars += group.chars;
    }
    this.#lastSeq = group.lastSeq;
    this.#wake();
  }

  /** Yields every group after `afterSeq`, in order and for ever: ends when the signal aborts. */
  async *groups(afterSeq: number): AsyncGenerator<BacklogGroup, void, undefined> {
    let next = afterSeq + 1;
    while (!this.#signal.aborted) {
      const recent = this.#takeRecent(next);
      if (recent !== undefined) {
        next = recent.lastSeq + 1;
        yield recent;
      } else if (next <= this.#lastSeq) {
        for (const group of await this.#read(next)) {
          next = group.lastSeq + 1;
          yield group;
        }
      } else {
        this.#arrival ??= Promise.withResolvers();
        await this.#arrival.promise;
      }
    }
  }

  #takeRecent(seq: number): BacklogGroup | undefined {
    // Groups that were read from disk meanwhile.
    while (this.#recent.length > 0 && this.#recent[0]!.lastSeq < seq) this.#dropFirst();
    if (this.#recent[0] === undefined || this.#recent[0].firstSeq > seq) return undefined;
    const { firstSeq, lastSeq, events, chars } = this.#dropFirst();
    return { lastSeq, chars, events: events.map((event, index) => ({ ...event, seq: firstSeq + index })) };
  }

  #dropFirst(): CommittedGroup {
    const [first] = this.#recent;
    if (first === undefined) throw new Error("the backlog has no recent group");
    this.#recent.shift();
    this.#recentChars -= first.chars;
    return first;
  }

  async #read(fromSeq: number): Promise<BacklogGroup[]> {
    try {
      const groups = await this.#journal.read(fromSeq, readBytesMax);
      if (groups.length === 0) throw new Error(`the journal does not hold seq ${fromSeq}`);
      const read = groups.map((group) => {
        const events = decodeGroup(group).filter((event) => event.seq >= fromSeq);
        return { lastSeq: group.lastSeq, events, chars: group.body.length };
      });
      this.#loop.succeeded();
      return read;
    } catch (error) {
      await delay(this.#loop.failed(error), this.#signal);
      return [];
    }
  }

  #wake(): void {
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }
}
