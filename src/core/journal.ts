/** The journal's port: the log of accepted events, for any engine that keeps it. */
import type { ChangeRecord, SequencedChange } from "./change-record.ts";
import type { MarsError } from "./error.ts";
import type { MarsEvent, SequencedEvent } from "./event.ts";
import type { TimingStats } from "./timing.ts";

/** The state of a journal when it is opened. */
export interface JournalState {
  /** Names this journal; a new one has a new name. */
  readonly id: string;
  /** The first and the last seq in it; both 0 for a journal that was never written to. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: number;
  /** The last change in it. Default: there is none. */
  readonly lastChange?: number;
  /** The last seq that it has certainly assigned, where records after `lastSeq` have been lost. */
  readonly givenOut?: number;
  /** Files that were set aside as damaged, in all of its runs. Default: none. */
  readonly damaged?: number;
}

/** Figures of a journal's files. */
export interface JournalStats {
  readonly segments: number;
  /** Writes since the start, each synced: how long they took, failed ones too. */
  readonly writes: TimingStats;
}

/** The first and the last of consecutive seqs. */
export interface SeqRange {
  readonly first: number;
  readonly last: number;
}

/** What one record of the log has: the events of a commit, in seq order, or a change. */
export type LogEntry = readonly SequencedEvent[] | SequencedChange;

export function isChange(entry: LogEntry): entry is SequencedChange {
  return !Array.isArray(entry);
}

export interface AppendOptions {
  /** Whether the journal may pass its bound by these events, if it has not passed it before. Default: not. */
  readonly passBound?: boolean;
}

/** The log: makes events and changes durable and assigns their seqs. Implemented by `journal/`. */
export interface Journal {
  readonly id: string;
  /** Its size, and the bound of that. */
  readonly bytes: number;
  readonly bytesMax: number;
  /** For `GET /api/q/stats`. */
  readonly stats: JournalStats;
  /** Called once, before the first `append`, with the first seq to be assigned: beyond all that were ever assigned. */
  startAt(nextSeq: number): void;
  /**
   * Resolves to the events' seqs once all of them are on disk; they are consecutive, in the order given. One call at a
   * time. Rejects with `MarsError`, and then none of them will be stored:
   *
   * - `overloaded`: there is no room for them.
   * - `unavailable`: it is not certain that they are on disk. They are wiped, and their seqs are used again. Only where the
   *   disk refuses that too, and Mars ends before the next call, may they be stored.
   * - `internal`: they cannot be written to any disk.
   */
  append(events: readonly MarsEvent[], options?: AppendOptions): Promise<SeqRange>;
  /** The same for a change, which takes one seq. Changes have some room beyond the bound. */
  appendChange(change: ChangeRecord): Promise<SeqRange>;
  /** Resolves when a write of the size that failed last would succeed now, and rejects as `append` would. */
  probe(): Promise<void>;
  /** Why `bytes` more have no room now. Default: 0, so whether it has passed its bound. */
  refusal(bytes?: number): MarsError | undefined;
  /** Yields what the log has after the seq, one record at a time, in order, up to the end of what is on disk then. */
  read(after: number): AsyncIterable<LogEntry>;
  /** Number of its events and changes after `seq`. */
  eventsBeyond(seq: number): Promise<number>;
  /**
   * Drops what it can of the events up to `upTo`; the last seq is not forgotten.
   *
   * @param erasedTo what is up to here is to be dropped as soon as possible: nothing is written beside it any more. Default: 0
   */
  trim(upTo: number, erasedTo?: number): Promise<void>;
  /** No file of it has an event up to this seq. */
  readonly droppedTo: number;
}
