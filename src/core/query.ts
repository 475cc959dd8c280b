/** Queries of messages and of history, and their answers. Validated by `api/`. */
import type { AttributeFilter } from "./attributes.ts";
import type { MessageKey, Micros, SequencedEvent, StoredEvent } from "./event.ts";
import type { JourneyMembers } from "./journey.ts";
import { markStatuses } from "./mark.ts";
import type { FunnelStatus, LifecycleInstance, ShownState } from "./state.ts";
import type { Topic } from "./topic.ts";

/**
 * `newest` and `oldest` go by when the message's first event happened, `updated` (latest first) by when its last did. Ties go by
 * the seq of the first event, so the order is total. `overdue` lists overdue messages only, the longest overdue first.
 */
export type MessageOrder = "newest" | "oldest" | "updated" | "overdue";

export interface MessageQuery {
  readonly appId?: string;
  /** Of apps that one of these patterns names: see `AppRights`. */
  readonly apps?: readonly string[];
  readonly messageId?: string;
  readonly externalId?: string;
  /** Is a part of this message of the app `appId`. */
  readonly parentId?: string;
  /** Has had this event. */
  readonly event?: string;
  /** Has not had this event. */
  readonly missing?: string;
  /** Is in one of these states. */
  readonly states?: readonly ShownState[];
  /** Has been overdue since then or for longer. */
  readonly overdueSince?: Micros;
  /** Stands so with this stage of its lifecycle (`stageName`). */
  /** With `after`, as one that comes after that (`afterName`): stages of several versions may have one name. */
  readonly stage?: { readonly name: string; readonly status: FunnelStatus; readonly after?: string };
  /** Of the app `appId`: some event of it has each of these values; all are indexed. */
  readonly attributes?: readonly AttributeFilter[];
  /** Goes by a lifecycle. */
  readonly followed?: true;
  /** Has a finding with this mark; `none` and `acknowledged` of those that hold now. */
  readonly triage?: MessageTriage;
  /** The beginning of the message id. */
  readonly prefix?: string;
  /** From here on (inclusive), by the time that `order` goes by. */
  readonly since?: Micros;
  /** Up to here (exclusive), by the time that `order` goes by. */
  readonly until?: Micros;
  readonly order: MessageOrder;
  /** Messages on this page, 1–1000. */
  readonly limit: number;
  /** The `nextCursor` of the page before, opaque. */
  readonly cursor?: string;
}

export type MessageTriage = (typeof messageTriages)[number];

export const messageTriages = ["none", ...markStatuses] as const;

/** A message in short; a function of the set of its events. */
export interface MessageSummary extends MessageKey {
  /** When the first and the last of its events happened: their `created_at`, or the receipt of those from ahead. */
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
  /** Number of its events, repeats not counted. */
  readonly eventCount: number;
  /** The distinct names of its events, in the order in which they first happened; at most `stagesMax`. */
  readonly stages: readonly string[];
  /** The name of the event that happened last. */
  readonly lastEvent: string;
  /** The distinct external ids of its events, sorted; at most `externalIdsMax`. */
  readonly externalIds: readonly string[];
  /** The message of the same app that it is a part of: the least by its bytes that its events name; empty for none. */
  readonly parentId: string;
  /**
   * Not all stages or external ids are listed: there are too many of them, or of a message with over 10,000 events only
   * the first and the last 5,000 were looked at.
   */
  readonly partial?: boolean;
  /** Some of its events are from ahead: see `ahead.ts`. */
  readonly skewed?: boolean;
  /** Follows the events within a second. */
  readonly state: ShownState;
  /** Since when it is overdue: the earliest due time of a stage that is missing. */
  readonly overdueSince?: Micros;
}

/** One message, with a page of its events. */
export interface MessageRead extends MessageKey {
  /** `oldest` first, or `newest`. */
  readonly order?: EventOrder;
  /** Events in the answer, 1–10,000; it may have fewer, since it is bounded in bytes as well. */
  readonly limit?: number;
  /** The `nextCursor` of the answer before, opaque. */
  readonly cursor?: string;
  /** Bytes of its events as they are kept; one event is always in it. Default: 1 MiB. */
  readonly bytesMax?: number;
  /** The answer has ids of messages of these apps only, besides its own: see `AppRights`. Default: of all. */
  readonly apps?: readonly string[];
}

export type EventOrder = "oldest" | "newest";

export interface Message extends MessageSummary {
  /** In `created_at` order, or the reverse; ties by the lifecycle's order, then name, event id and the rest of their contents. */
  readonly events: readonly StoredEvent[];
  /** Absent with the last event. */
  readonly nextCursor?: string;
  /** Absent where its app has no lifecycle for it. */
  readonly instance?: LifecycleInstance;
}

export interface MessagePage {
  readonly messages: readonly MessageSummary[];
  /** Absent on the last page. A page may be short and still have one: a page examines a bounded number of messages. */
  readonly nextCursor?: string;
  /** Everything up to this seq is reflected in the answer. */
  readonly asOfSeq: number;
}

export interface MessageAnswer {
  /** Absent when no event of the message is stored. */
  readonly message?: Message;
  readonly asOfSeq: number;
}

/** One page of a topic's history, in seq order. */
export interface HistoryPage<Item = SequencedEvent> {
  readonly events: readonly Item[];
  /** Every item of the topic up to here is in this page or was in one before. At most the `upTo` of the query. */
  readonly to: number;
  /** Events up to this seq may have been pruned: a page from before it may be incomplete. */
  readonly prunedTo: number;
  /** Of the topic of a journey, who belongs to it at `to`. */
  readonly journey?: JourneyMembers;
}

export interface HistoryQuery {
  readonly topic: Topic;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
}
