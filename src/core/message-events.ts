/** The events of messages: of one in pages both ways, and of a list. Validated by `api/`. */
import type { MessageKey, Micros, StoredEvent } from "./event.ts";
import type { MessageQuery } from "./query.ts";

export interface MessageEventsQuery extends MessageKey {
  /**
   * By `created_at`: the earliest first, or the latest. Ties go by name, event id and the rest of their contents, and within a page by
   * the message's lifecycle before these.
   */
  readonly order: "asc" | "desc";
  /** Of this name only. */
  readonly event?: string;
  /** Of those that happened from here on, by `created_at`. */
  readonly since?: Micros;
  /** Of those that happened before, by `created_at`. */
  readonly until?: Micros;
  /** Events on this page, 1–`messageEventsLimitMax`. */
  readonly limit: number;
  /** The `nextCursor` or the `previousCursor` of another page, opaque. */
  readonly cursor?: string;
  /** Bytes of the events as they are kept; one event is always in it. Default: 1 MiB. */
  readonly bytesMax?: number;
}

export interface MessageEventsPage {
  /** Whether any event of the message is stored. */
  readonly found: boolean;
  readonly events: readonly StoredEvent[];
  /** Absent on the last page. A page may be short or empty, and still have one: it examines a bounded number of events. */
  readonly nextCursor?: string;
  /** Absent on the first page. */
  readonly previousCursor?: string;
  /** Everything up to this seq is reflected in the answer. */
  readonly asOfSeq: number;
}

export interface ListedEventsQuery {
  /** Messages come by their first event, the earliest first; the events of one in their order. */
  readonly messages: Omit<MessageQuery, "order" | "limit" | "cursor">;
  /** Events on this page, 1–`listedEventsMax`. */
  readonly limit: number;
  /** The `nextCursor` of the page before, opaque. */
  readonly cursor?: string;
  /** Bytes of the events as they are kept; one event is always in it. Default: 1 MiB. */
  readonly bytesMax?: number;
}

export interface EventsSinceQuery {
  /** Absent: of all apps. */
  readonly appId?: string;
  /** Exclusive. */
  readonly sinceSeq: number;
  /** The `nextCursor` of the page before, opaque. */
  readonly cursor?: string;
}

export interface ListedEventsPage {
  readonly events: readonly StoredEvent[];
  /** Absent on the last page. A page may be short or empty, and still have one. */
  readonly nextCursor?: string;
  /** Everything up to this seq is reflected in the answer. */
  readonly asOfSeq: number;
}

/** Reads the events of messages. Rejects with `unavailable` while the database is away. */
export interface MessageEventsReader {
  messageEvents(query: MessageEventsQuery): Promise<MessageEventsPage>;
  /** Those of all messages of a list. */
  listedEvents(query: ListedEventsQuery): Promise<ListedEventsPage>;
  /**
   * Those behind a seq, in the order of the sequence, up to what is stored when the first page is read. One that a repeat has changed
   * stands where it was changed. Pages have at most 1,000 events and 1 MiB.
   *
   * @throws MarsError `invalid_argument` where events behind that seq have been deleted
   */
  eventsSince(query: EventsSinceQuery): Promise<ListedEventsPage>;
}
