/** Events and messages that can never be applied, set aside so that all others go on: kept whole, listed, replayed or deleted by hand. */
import type { Author } from "./audit.ts";
import type { ErrorCode } from "./error.ts";
import type { MessageKey, Micros, SequencedEvent } from "./event.ts";

/** Events and messages that may be set aside at one time. Beyond it the loop waits, with an error in the log. */
export const setAsideMax = 10_000;

/** One event or message that is set aside, with the reason. */
export interface SetAsideItem extends MessageKey {
  /** The event's; of a message that of its first event. */
  readonly seq: number;
  readonly at: Micros;
  readonly code: ErrorCode;
  /** For people; names no path and no address. */
  readonly reason: string;
  /** The event, which is not stored; absent for a message, which is stored and not followed along its lifecycle. */
  readonly event?: SequencedEvent;
}

/** The range `(from, to]` of the sequence whose one event is set aside. */
export interface SetAsideStep {
  readonly from: number;
  readonly to: number;
  readonly item: SetAsideItem;
}

/** A page of what is set aside. */
export interface SetAsideQuery {
  /** At most 1000. A page of long events has fewer. */
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** The answer to `SetAsideQuery`. */
export interface SetAsidePage {
  /** In the order of their seqs. */
  readonly items: readonly SetAsideItem[];
  /** All that is set aside. */
  readonly count: number;
  readonly nextCursor?: string;
  /** Every event up to here is stored or set aside. */
  readonly asOfSeq: number;
}

/** The operations on what is set aside. */
export interface SetAside {
  list(query: SetAsideQuery): Promise<SetAsidePage>;
  /**
   * Accepts the event once more, or projects the message again; one that still cannot be applied is set aside again.
   *
   * @returns the event's new seq, or the message's; `undefined` where nothing is set aside under this seq
   */
  replay(seq: number, by: Author): Promise<number | undefined>;
  /** Deletes it for good. @returns whether it was there */
  remove(seq: number, by: Author): Promise<boolean>;
}
