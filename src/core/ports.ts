/**
 * The ports between components. Each knows the interfaces of the next and nothing behind them; `app.ts` connects them.
 */
import type { Caller } from "./caller.ts";
import type { ChangeStep } from "./change-record.ts";
import type { MarsError } from "./error.ts";
import type { MarsEvent, MessageKey, Micros, SequencedEvent } from "./event.ts";
import type { JournalState } from "./journal.ts";
import type { JourneyReader } from "./journey.ts";
import type { HistoryPage, HistoryQuery, MessageQuery, MessageRead } from "./query.ts";
import type { RetentionStore } from "./retention.ts";
import type { SetAsideStep } from "./set-aside.ts";
import type { Topic } from "./topic.ts";

/** Accepts events. Implemented by `pipeline.ts`. */
export interface Ingest {
  /**
   * Resolves once all of the events are on disk, to the seq of the last: they have consecutive seqs in the order
   * given. All or none: rejects with `MarsError` `overloaded` (a bound was reached), `draining` or `unavailable` (the
   * journal cannot be written), and then none of them will be stored.
   *
   * @param events at least one, at most `bulkEventsMax`
   */
  accept(events: readonly MarsEvent[]): Promise<number>;
  /**
   * Checks whether events of about so many bytes would be accepted now. Called before they are read, so that a refusal costs
   * nothing. A refusal counts as one event.
   *
   * @throws `MarsError` as `accept` rejects
   */
  admit(bytes: number): void;
}

/** Reads messages and events. Implemented by `workers/`. Rejects with `MarsError` `unavailable` while the database is away. */
export interface Reader extends JourneyReader {
  /** The answer as `messagePageToJson` has it. */
  listJson(query: MessageQuery): Promise<string>;
  /** The answer as `messageToJson` has it; `undefined` where no event of the message is stored. */
  messageJson(read: MessageRead): Promise<string | undefined>;
  /** One page of a topic's history; repeated until `to` reaches `upTo`. */
  history(query: HistoryQuery): Promise<HistoryPage>;
}

/** The store's progress. Implemented by `pipeline.ts`. */
export interface Progress {
  /** Everything up to this seq is stored, visible to readers and published. */
  readonly storedSeq: number;
  /**
   * Resolves when `storedSeq` has reached `seq`; rejects with `deadline_exceeded` after `timeoutMs`, and with the reason of
   * the caller's signal when that aborts.
   */
  reached(seq: number, timeoutMs: number, caller?: Caller): Promise<void>;
}

/** An item of a topic: an event, or the change of a finding, each in a sequence of its own. */
export interface TopicItem extends MessageKey {
  readonly seq: number;
}

/** A subscriber of a topic. Its methods must not throw. */
export interface Subscriber<Item extends TopicItem = SequencedEvent> {
  /** The caller whose turn at reading history is used. */
  readonly caller?: Caller;
  /**
   * Called once, before the first event, perhaps before `subscribe` returns: the events after `seq` follow.
   * `recovered` is false when some events after the wanted seq can no longer be sent; the events that are published from
   * now on follow.
   */
  subscribed(seq: number, recovered: boolean): void;
  /**
   * Offers events of the topic, in seq order, never empty. All subscribers of the topic get the same array, so that each
   * encoding of it is made once.
   *
   * @returns `undefined`: accepted. A promise: none was accepted; they are offered again, from history, when it has
   * resolved. So a slow subscriber delays no other and costs no memory. It decides itself when it was slow for too long; its
   * promise must resolve when it is gone.
   */
  events(events: readonly Item[]): Promise<void> | undefined;
  /** Mars has ended the subscription; nothing follows. */
  failed(error: MarsError): void;
}

export interface StreamOptions {
  /** Resume: everything after this seq comes first. Without it, the items from now on. */
  readonly after?: number;
  readonly signal: AbortSignal;
  /** The subscriber's caller; its signal is ignored. */
  readonly caller?: Caller;
}

/** `subscribed` comes first, then batches of events. */
export type StreamItem<Item extends TopicItem = SequencedEvent> =
  | { readonly seq: number; readonly recovered: boolean }
  | { readonly events: readonly Item[] };

/** The topics of one kind of item. Implemented by `live/`. */
export interface Live<Item extends TopicItem = SequencedEvent> {
  /** Everything up to here has been published. */
  readonly seq: number;
  /** Pushes to a subscriber until the returned function is called. Throws `overloaded` beyond the bound on subscribers. */
  subscribe(topic: Topic, after: number | undefined, subscriber: Subscriber<Item>): () => void;
  /**
   * The same as an iterable, for protocols with back-pressure. Ends when `signal` aborts; throws
   * `subscriber_too_slow` when its consumer has not read a full buffer for too long, `draining` when Mars stops.
   */
  stream(topic: Topic, options: StreamOptions): AsyncIterable<StreamItem<Item>>;
  /** Sends an event to the subscribers of its topics now, without storing it (`GET /api/test_socket`). It has seq 0. */
  announce(event: Item): void;
}

/** `serving` is the only state in which events are accepted. */
export type ProcessState = "starting" | "serving" | "draining" | "stopped";

export interface Health {
  readonly state: ProcessState;
  /** Why Mars cannot accept events now, or which of its loops stand still; empty when all is well. */
  readonly unready: string;
  /** The part of it that is not about accepting events; empty when what is stored is followed and read. */
  readonly stalled: string;
  /** Faults that do not keep Mars from accepting events. */
  readonly warnings: readonly string[];
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** JSON lines on stderr. Fields never carry payloads (ids, attributes) at `info` and above. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The unit of storing: the events of a contiguous range of the log, folded by message. */
export interface StoreBatch {
  /** The range is `(from, to]`. */
  readonly from: number;
  readonly to: number;
  /** Number of events, repeats counted. */
  readonly count: number;
  /** The events in chunks, in order: the events of a message are in the chunk that names it, or in later ones. */
  readonly chunks: readonly StoreChunk[];
}

/**
 * Some of a batch's messages and events, as two texts that a database server accepts as one parameter each. Both are JSON objects whose keys
 * begin with four whole numbers, each padded with blanks to 17 characters: a database is twice as fast at cutting
 * a text as at looking into an array. A message is called by the seq of its first event in the batch.
 */
export interface StoreChunk {
  /** All of its events have names and times only: every value of `events` is `null`. */
  readonly plain: boolean;
  /** `<first seq><created_at><updated_at><received_at><how many events, 7 characters><message_id>` to `app_id`. */
  readonly messages: string;
  /**
   * `<seq><message's first seq><created_at><received_at><event>` to `[event_id, external_id, attributes, duplicates,
   * detail]` and, where one of them is set, `parent_id, ahead, traceparent` (see `detailOf`, `MarsEvent`); or to `null` where all of
   * these are empty.
   */
  readonly events: string;
}

/** The outcome of a batch whose events were not all new. */
export interface StoreOutcome {
  /** The seqs of its new events. */
  readonly fresh: readonly number[];
  /** Stored events that a repeat in it has changed, with their new contents; in seq order. */
  readonly changed: readonly SequencedEvent[];
}

/** The position at which the store continues the journal. */
export interface StorePosition {
  /** Everything up to here is stored. */
  readonly seq: number;
  /** Events that the store does not have and the journal no longer has: an older copy of the database came back. */
  readonly lost: number;
  /** Number of events and messages that are set aside. */
  readonly setAside: number;
  /** The latest time of receipt of the last stored events; 0 while there are none. */
  readonly receivedAt: Micros;
  /** The first seq to be assigned: beyond all that the database knows. */
  readonly nextSeq: number;
  /** The last seq that the database knows, of this or another journal. */
  readonly givenOut: number;
  /** The projector's position, and the number of events after it; 100,000 for more. */
  readonly projected: number;
  readonly unprojected: number;
}

/** What has become of a change: the answer of the method that has made it; `lost` where it was made and its answer was lost. */
export type ChangeOutcome = { readonly answer: unknown } | { readonly lost: true };

/** Stores events and makes changes. Implemented by `workers/`, on a thread of its own. Rejects with `unavailable` while the database is away. */
export interface Store extends RetentionStore {
  /**
   * Migrates the database, and finds or makes the journal's position in it.
   *
   * @param nextSeq the first seq to be assigned, as far as the journal knows; that of the answer is the one to use
   */
  open(journal: JournalState, nextSeq: number): Promise<StorePosition>;
  /**
   * Stores a batch and the position it leads to in one transaction; safe to repeat after a lost answer.
   *
   * @returns `null` when all of its events were new
   */
  apply(batch: StoreBatch): Promise<StoreOutcome | null>;
  /**
   * Sets one event aside in the transaction that moves the position past it; safe to repeat after a lost answer. Rejects
   * with `unprocessable` when `setAsideMax` are set aside already.
   *
   * @returns the number of events and messages that are set aside now
   */
  setAside(step: SetAsideStep): Promise<number>;
  /**
   * Makes a change, in the transaction that moves the position past it. Rejects with the reason where it is refused, and has changed
   * nothing then.
   */
  applyChange(step: ChangeStep): Promise<ChangeOutcome>;
  /** Moves the position past a change that is refused; safe to repeat after a lost answer. */
  skipChange(step: Omit<ChangeStep, "change">): Promise<void>;
  /** Resolves when the database can be asked. */
  confirm(): Promise<void>;
  /**
   * Syncs the database to disk. Returns the position up to which no power cut should undo it.
   *
   * @param hurry the journal is filling up: trust a database server with what it has only just stored
   */
  checkpoint(hurry: boolean): Promise<number>;
  /** The bytes of an embedded database's write-ahead log that a reader kept the last checkpoint from emptying. */
  logBytes(): Promise<number>;
  /**
   * Compares up to `pagesMax` pages of the database file with their checksums. Resolves to the state of the check;
   * `undefined` for a database server, whose files are its own.
   */
  checkPages(pagesMax: number): Promise<PageCheckStep | undefined>;
}

/** The state of the check of an embedded database's pages against their checksums. */
export interface PageCheckStep {
  /** Pages in the file. */
  readonly pages: number;
  /** Of these, written lately and not yet read back. */
  readonly changed: number;
  /** Number of complete rounds over all pages since the start. */
  readonly rounds: number;
  /** Pages that are not as they were written. */
  readonly damaged: number;
  /** File and bytes of the first hundred damaged pages. */
  readonly places: readonly string[];
  /** Why the checksums were rebuilt since the last step: from the file, whose contents then count as right. */
  readonly began?: string;
}

/** A line for the log, from a component that has no log of its own. */
export interface Notice {
  /** A stable sentence, and a stable name for it. */
  readonly message: string;
  readonly event: string;
  /** Absent where nothing is wrong. */
  readonly error?: unknown;
  readonly fields?: Readonly<Record<string, string | number>>;
}

/** @param error of any kind; across threads it arrives as `fromThreadError` makes it */
export type Notify = (notice: Notice) => void;
