/**
 * The journal as files: numbers events and changes, encodes each commit as one record, and refuses what it has no room for. Its
 * records lie in segments.
 */
import type { ChangeRecord } from "../core/change-record.ts";
import { MarsError } from "../core/error.ts";
import type { MarsEvent } from "../core/event.ts";
import {
  type AppendOptions,
  isChange,
  type Journal,
  type JournalState,
  type JournalStats,
  type LogEntry,
  type SeqRange,
} from "../core/journal.ts";
import { Timing } from "../core/timing.ts";
import { decodeRecord, encodeChange, encodeEvents, kindOf } from "./journal-format.ts";
import type { JournalRecord } from "./journal-record.ts";
import { SegmentedJournal, type SegmentedJournalOptions } from "./segmented-journal.ts";

/** How long clients are asked to wait when it is full: the store needs time, not a moment. */
const fullRetryMs = 5_000;
/** How long clients are asked to wait when it cannot be written: as long as Mars waits before it tries again. */
const failingRetryMs = 1_000;

/** Room for changes beyond the bound: while events are refused, a key must be revoked and an alert silenced all the same. */
const changesReserveBytes = 16 * 1024 * 1024;

export class FileJournal implements Journal {
  readonly bytesMax: number;
  readonly #records: SegmentedJournal;
  readonly #writes = new Timing();
  #id = "";
  #nextSeq = 0;
  #bytes = 0;
  #appending = false;
  #lastChange = 0;
  /** Of the record whose write failed last. */
  #failedBytes = 0;
  /** Nothing beyond this seq is dropped. */
  #held = Number.POSITIVE_INFINITY;

  constructor(options: Omit<SegmentedJournalOptions, "look">) {
    this.bytesMax = options.bytesMax;
    this.#records = new SegmentedJournal({
      ...options,
      look: (seq, beginning) => {
        if (kindOf(beginning, seq).kind !== "events") this.#lastChange = seq;
      },
    });
  }

  /** See `SegmentedJournal.open`. */
  async open(): Promise<JournalState> {
    const state = await this.#records.open();
    this.#id = state.id;
    this.#bytes = state.bytes;
    return { ...state, ...(this.#lastChange > 0 && { lastChange: this.#lastChange }) };
  }

  get id(): string {
    return this.#id;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get stats(): JournalStats {
    return { segments: this.#records.count, writes: this.#writes.stats };
  }

  /** See `Journal.startAt`. */
  startAt(nextSeq: number): void {
    this.#nextSeq = nextSeq;
  }

  async append(events: readonly MarsEvent[], { passBound = false }: AppendOptions = {}): Promise<SeqRange> {
    const body = encodeEvents(events);
    // Three bytes is the most that UTF-8 spends on one UTF-16 unit: far from the bound the text is not counted.
    if (!this.#fits(body.length * 3) && !this.#fits(Buffer.byteLength(body))) {
      if (!passBound || !this.#fits(0)) throw this.#full();
    }
    return this.#write(body, events.length);
  }

  async appendChange(change: ChangeRecord): Promise<SeqRange> {
    const body = encodeChange(change);
    if (!this.#fits(Buffer.byteLength(body) - changesReserveBytes)) throw this.#full();
    return this.#write(body, 1);
  }

  async #write(body: string, count: number): Promise<SeqRange> {
    if (this.#nextSeq === 0 || this.#appending)
      throw new Error("append before the start, or while another is under way");
    const first = this.#nextSeq;
    const last = first + count - 1;
    this.#appending = true;
    try {
      // Not `+= await`, which would add to the bytes of before: some may have been dropped meanwhile.
      const record = { firstSeq: first, lastSeq: last, body };
      const added = await this.#writes.during(() => this.#records.append(record));
      this.#bytes += added;
    } catch (cause) {
      this.#failedBytes = Buffer.byteLength(body);
      throw failing(cause);
    } finally {
      this.#appending = false;
    }
    this.#nextSeq = last + 1;
    return { first, last };
  }

  async probe(): Promise<void> {
    await this.#records.probe(this.#failedBytes).catch((cause: unknown) => {
      throw failing(cause);
    });
  }

  refusal(bytes = 0): MarsError | undefined {
    return this.#fits(bytes) ? undefined : this.#full(bytes);
  }

  async *read(after: number): AsyncGenerator<LogEntry, void, undefined> {
    for await (const record of this.#records.read(after)) {
      const entry = decodeRecord(record);
      yield record.firstSeq > after || isChange(entry) ? entry : entry.filter(({ seq }) => seq > after);
    }
  }

  eventsBeyond(seq: number): Promise<number> {
    return this.#records.eventsBeyond(seq);
  }

  async trim(upTo: number, erasedTo = 0): Promise<void> {
    const dropped = await this.#records.trim(Math.min(upTo, this.#held), erasedTo);
    this.#bytes -= dropped;
  }

  /** Keeps all records with events beyond `seq` until the next call. @param seq absent: nothing is kept any more */
  hold(seq = Number.POSITIVE_INFINITY): void {
    this.#held = seq;
  }

  /** See `SegmentedJournal.read`. */
  records(after: number): AsyncIterable<JournalRecord> {
    return this.#records.read(after);
  }

  get droppedTo(): number {
    return this.#records.droppedTo;
  }

  /** See `SegmentedJournal.missing`. */
  missing(): Promise<string> {
    return this.#records.missing();
  }

  /** Ends when what is being written has been. */
  close(): Promise<void> {
    return this.#records.close();
  }

  #fits(bytes: number): boolean {
    return this.#bytes + bytes <= this.bytesMax;
  }

  /** @param waiting bytes to be written before */
  #full(waiting = 0): MarsError {
    const bytes = this.#bytes + waiting;
    const message = `the journal is full: it holds or is about to hold ${bytes} bytes of at most ${this.bytesMax} that are not safely in the database yet`;
    return new MarsError("overloaded", message, { retryAfterMs: fullRetryMs });
  }
}

function failing(cause: unknown): MarsError {
  return new MarsError("unavailable", "the journal cannot be written", {
    cause,
    retryAfterMs: failingRetryMs,
  });
}
