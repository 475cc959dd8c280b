/**
 * The log's tail: events that are on disk and not yet in a collector, and changes that are not yet made, in seq order. The latest commits are still in memory, up
 * to a bound; the rest is read back from the journal. So one loop serves the usual case and catching up, be it after a
 * burst, a crash or an outage of the database. A burst costs disk, not memory.
 */

import type { SequencedChange } from "../core/change-record.ts";
import type { SequencedEvent } from "../core/event.ts";
import { isChange, type Journal, type LogEntry } from "../core/journal.ts";
import { delay } from "../runtime/delay.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";
import type { Commit } from "./group-commit.ts";
import { type Partition, partition } from "./partition.ts";

/** Characters of events that are kept in memory. */
const memoryCharsMax = 4 * 1024 * 1024;
/** Between attempts to read a journal that could not be read, in milliseconds. */
const readRetry = { firstMs: 500, lastMs: 5_000 };

/** The events of one commit, or the last ones of them; or a change, and no events. */
export interface LogRecord {
  readonly events: readonly SequencedEvent[];
  readonly partition: Partition;
  readonly change?: SequencedChange;
}

export interface LogTailOptions {
  readonly journal: Pick<Journal, "read">;
  /** How many. */
  readonly collectors: number;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
}

export class LogTail {
  readonly #options: LogTailOptions;
  readonly #loop: Loop;
  /** In memory, oldest first. */
  #commits: Commit[] = [];
  #chars = 0;
  #lastSeq = 0;
  #ended = false;
  #arrival: PromiseWithResolvers<void> | undefined;

  constructor(options: LogTailOptions) {
    this.#options = options;
    this.#loop = options.supervisor.loop("journal_reading", readRetry);
    options.signal.addEventListener("abort", () => this.#wake());
  }

  /** @param lastSeq of the journal, at the start */
  start(lastSeq: number): void {
    this.#lastSeq = lastSeq;
  }

  /** Adds what has just been committed. When memory is full it is only on disk, and will be read from there. */
  push(commit: Commit): void {
    if (this.#commits.length === 0 || this.#chars + commit.chars <= memoryCharsMax) {
      this.#commits.push(commit);
      this.#chars += commit.chars;
    }
    this.#lastSeq = commit.last;
    this.#wake();
  }

  /** Reading ends with what is there now. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Yields everything after the seq, in order, until `end` or the signal aborts. */
  async *read(after: number): AsyncGenerator<LogRecord, void, undefined> {
    const { signal } = this.#options;
    let next = after + 1;
    while (!signal.aborted) {
      const recent = this.#takeRecent(next);
      if (recent !== undefined) {
        next = lastOf(recent) + 1;
        yield recent;
      } else if (next <= this.#lastSeq) {
        for await (const entry of this.#readBack(next)) {
          const record = this.#recordOf(entry);
          next = lastOf(record) + 1;
          yield record;
        }
      } else if (this.#ended) {
        return;
      } else {
        this.#arrival ??= Promise.withResolvers();
        await this.#arrival.promise;
      }
    }
  }

  #takeRecent(seq: number): LogRecord | undefined {
    if (!this.#isInMemory(seq)) return undefined;
    const commit = this.#dropFirst();
    if (commit.change !== undefined)
      return { events: [], partition: [], change: { seq, change: commit.change } };
    const from = seq - commit.first;
    const { events, partition } = from === 0 ? commit : beyond(commit, from);
    return { events: events.map((event, index) => ({ ...event, seq: seq + index })), partition };
  }

  #isInMemory(seq: number): boolean {
    // Those before it were read from disk meanwhile.
    while (this.#commits.length > 0 && this.#commits[0]!.last < seq) this.#dropFirst();
    return this.#commits[0] !== undefined && this.#commits[0].first <= seq;
  }

  #dropFirst(): Commit {
    const commit = this.#commits.shift();
    if (commit === undefined) throw new Error("the log's tail has no commit in memory");
    this.#chars -= commit.chars;
    return commit;
  }

  /** Yields what is on disk, until what follows is in memory. Ends after a pause when it cannot be read. */
  async *#readBack(from: number): AsyncGenerator<LogEntry, void, undefined> {
    const { journal, signal } = this.#options;
    let next = from;
    try {
      for await (const entry of journal.read(from - 1)) {
        next = (isChange(entry) ? entry.seq : entry.at(-1)!.seq) + 1;
        this.#loop.succeeded();
        yield entry;
        if (signal.aborted || this.#isInMemory(next)) return;
      }
      if (next === from) throw new Error(`the journal does not hold seq ${from}`);
    } catch (error) {
      await delay(this.#loop.failed(error), signal);
    }
  }

  #recordOf(entry: LogEntry): LogRecord {
    if (isChange(entry)) return { events: [], partition: [], change: entry };
    return { events: entry, partition: partition(entry, this.#options.collectors) };
  }

  #wake(): void {
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }
}

function lastOf({ events, change }: LogRecord): number {
  return change?.seq ?? events.at(-1)!.seq;
}

/** The rest of a commit whose first events were read from disk. */
function beyond({ events, partition }: Commit, from: number): Pick<Commit, "events" | "partition"> {
  return { events: events.slice(from), partition: partition.slice(from) };
}
