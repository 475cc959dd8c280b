/** The journal's port: the log of accepted events, whatever engine keeps it. */
import type { MarsError } from "./error.ts";
import type { MarsEvent, SequencedEvent } from "./event.ts";

/** What a journal holds when it is opened. */
export interface JournalState {
  /** Names this journal; a new one has a new name. */
  readonly id: string;
  /** What it holds lies between them; both 0 when it has never held anything. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: number;
  /** The last seq that it has certainly given out, where records have been lost beyond `lastSeq`. */
  readonly givenOut?: number;
  /** Files that were set aside as damaged, in all of its runs. Default: none. */
  readonly damaged?: number;
}

/** The first and the last of consecutive seqs. */
export interface SeqRange {
  readonly first: number;
  readonly last: number;
}

export interface AppendOptions {
  /** Whether the journal may pass its bound by these events, if it has not passed it before. Default: not. */
  readonly passBound?: boolean;
}

/** The log: makes events durable and gives out their seqs. Answered by `journal/`. */
export interface Journal {
  readonly id: string;
  /** What it holds, and what it may. */
  readonly bytes: number;
  readonly bytesMax: number;
  /** Called once, before the first `append`, with the first seq to be given out: beyond all that anybody knows. */
  startAt(nextSeq: number): void;
  /**
   * Resolves to the events' seqs once all of them are on disk; they are consecutive, in the order given. One call at a
   * time. Rejects with `MarsError`, and then none of them will be stored:
   *
   * - `overloaded`: there is no room for them.
   * - `unavailable`: it is not certain that they are on disk. They are wiped, and their seqs are used again. Only where the
   *   disk refuses that too, and Mars ends before the next call, may they be stored.
   * - `internal`: they cannot be written, whatever the disk.
   */
  append(events: readonly MarsEvent[], options?: AppendOptions): Promise<SeqRange>;
  /** Resolves when what could not be written last could be now, and rejects as `append` would. */
  probe(): Promise<void>;
  /** Why so many bytes more have no room now. Default: none, so whether it has passed its bound. */
  refusal(bytes?: number): MarsError | undefined;
  /** Yields the events after the seq, those of one commit at a time, in order, up to the end of what is on disk then. */
  read(after: number): AsyncIterable<readonly SequencedEvent[]>;
  /** How many events it holds beyond `seq`. */
  eventsBeyond(seq: number): Promise<number>;
  /** Drops what it can of the events up to `upTo`; the last seq is not forgotten. */
  trim(upTo: number): Promise<void>;
}
