/**
 * Erasure: messages are deleted before retention would, with all that names them. Their counts stay.
 *
 * What was accepted before a request is erased. What is accepted afterwards makes new messages.
 */
import type { Author } from "./audit.ts";
import type { Caller } from "./caller.ts";
import type { MessageKey, Micros } from "./event.ts";
import type { StoreChunk } from "./ports.ts";

/** Requests that are kept; the oldest that are done make room. */
export const erasuresMax = 10_000;

/** The request to erase an app's messages. */
export interface Erasure {
  readonly id: number;
  readonly appId: string;
  /** A message whose first event came up to here is erased. */
  readonly upToSeq: number;
  readonly requestedAt: Micros;
  /** Absent while it is under way. */
  readonly doneAt?: Micros;
  /** Erased so far. */
  readonly messages: number;
}

/** The answer to the erasure of a message. */
export interface ErasedMessage {
  readonly events: number;
  /** The journal or the database's log may still hold bytes of it, for a moment longer. */
  readonly tracesLeft: boolean;
}

export interface ErasureQuery {
  readonly appId?: string;
  /** Of apps that one of these patterns names: see `AppRights.apps`. */
  readonly apps?: readonly string[];
  /** At most 1000. */
  readonly limit: number;
  readonly cursor?: string;
}

export interface ErasurePage {
  /** The latest first. */
  readonly erasures: readonly Erasure[];
  readonly nextCursor?: string;
}

/** Erases messages. Implemented by `maintenance/`. */
export interface Erasures {
  /**
   * Resolves when no answer, list or topic has the message any more, and no crash brings it back.
   *
   * @throws `MarsError` `not_found` where nothing names it; `deadline_exceeded` while the store is behind
   */
  eraseMessage(key: MessageKey, caller: Caller, by: Author): Promise<ErasedMessage>;
  /**
   * Resolves when the request is on disk: when it is done, or after two seconds to what it was at its beginning. A second request for an app extends the
   * one that is under way.
   *
   * @throws `MarsError` `not_found` for an app that has had neither a message nor a lifecycle; `deadline_exceeded` while the store is behind
   */
  eraseApp(appId: string, caller: Caller, by: Author): Promise<Erasure>;
}

/** A bounded step of an erasure. */
export interface EraseStep {
  readonly messages: number;
  readonly events: number;
  /** Whether there is nothing left to do. */
  readonly done: boolean;
  /** All messages of this request are erased: `finishErasure` comes next. */
  readonly erased?: Erasure;
}

/** The store's part. Implemented by `db/`. Rejects with `unavailable` while the database is away. */
export interface ErasureStore {
  /**
   * Erases the message; events of a large one may be left for `eraseRemains`, where no reader finds them.
   *
   * @param upTo the message is left alone where its first event came later
   * @returns the number of its events; `undefined` where nothing named it
   */
  eraseMessage(key: MessageKey, upTo: number, by: Author): Promise<number | undefined>;
  /** Deletes some of the events that are left of large messages. @returns how many; 0 where none are */
  eraseRemains(): Promise<number>;
  /**
   * Records a request. Rejects with `overloaded` where `erasuresMax` are under way.
   *
   * @returns `undefined` for an app that has had neither a message nor a lifecycle
   */
  requestErasure(appId: string, upTo: number, at: Micros, by: Author): Promise<Erasure | undefined>;
  /** The next step of what is under way: first what is left of large messages, then the requests in their order. */
  eraseStep(): Promise<EraseStep>;
  /** @returns the erasure as it is now: not done where a later request has extended it meanwhile */
  finishErasure(erasure: Erasure, at: Micros): Promise<Erasure>;
  /**
   * Brings the database to its disk and empties its log.
   *
   * @returns how far it is on disk; whether the log is empty, which a reader prevents for a moment
   */
  purge(): Promise<{ readonly durableSeq: number; readonly logEmpty: boolean }>;
}

/** To be asked before a batch is stored. */
export interface ErasureGate {
  /** Erases the messages that a batch would add events to, and that are to be erased. `undefined` where none may be. */
  beforeBatch(chunks: readonly StoreChunk[]): Promise<void> | undefined;
}
