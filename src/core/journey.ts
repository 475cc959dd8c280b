/**
 * Journeys: messages of several apps that belong together, since they share a name. Names of a message are the external ids of its
 * events, and its own id where its app's lifecycle says so.
 */
import type { MessageKey, StoredEvent } from "./event.ts";
import type { MessageSummary } from "./query.ts";

/** Messages of one journey; of more, those that began first. */
export const journeyMessagesMax = 1_000;

export interface JourneyQuery {
  /** The name that its messages share. */
  readonly externalId: string;
  /** Of apps that one of these patterns names: see `AppRights`. Absent: of all. */
  readonly apps?: readonly string[];
  /** Events in the answer; it may have fewer. */
  readonly limit: number;
  /** The `nextCursor` of the answer before, opaque. */
  readonly cursor?: string;
  /** Bytes of events as they are kept; one event is always in it. */
  readonly bytesMax?: number;
}

export interface Journey {
  /** In the order of their apps and ids. None where there is no such journey. */
  readonly messages: readonly MessageSummary[];
  /** Not all of its messages are there: there are too many of them, or they are too large. */
  readonly partial?: true;
  /** A page of the events of all of these messages, by `created_at`; ties by app and message, and then as within a message. */
  readonly events: readonly StoredEvent[];
  /** Absent with the last event. */
  readonly nextCursor?: string;
  readonly asOfSeq: number;
}

/** Who belongs to a journey, for its topic: at the end of a page of its history. */
export interface JourneyMembers {
  /** At most `journeyMessagesMax`. */
  readonly messages: readonly MessageKey[];
  /** Apps whose messages belong to it by their ids. */
  readonly byMessageId: readonly string[];
}

/** Reads journeys. Implemented by `workers/`. Rejects with `unavailable` while the database is away. */
export interface JourneyReader {
  /** The answer as `journeyToJson` has it; `undefined` where there is no such journey. */
  journeyJson(query: JourneyQuery): Promise<string | undefined>;
}
