/** The stored messages of an app in short: what learning and dry runs look at. */
import type { Micros } from "../core/event.ts";
import type { Definition } from "../lifecycle/definition.ts";
import type { OwedEvents } from "../lifecycle/owed.ts";
import type { Times } from "../lifecycle/plan.ts";

/** Reads messages in short. Rejects with `unavailable` while the database is away. */
export interface HistoryReader {
  histories(query: HistoriesQuery): Promise<HistoriesPage>;
}

/** The times of one message's events, in short: for learning and for dry runs. Its first 10,000 events are looked at. */
export interface MessageHistory {
  readonly messageId: string;
  readonly createdAt: Micros;
  /** The first of each name, the earliest first: when it happened, and when it was received. */
  readonly events: readonly { readonly event: string; readonly at: Micros; readonly receivedAt: Micros }[];
  /** Of the stages that are owed by several: by the definitions of the query, and for each by `Plan.owed`. */
  readonly owed?: readonly (readonly OwedEvents[])[];
  /**
   * Its runs in order, by the definitions of the query; `undefined` where the first of each name says it all: it was not
   * reopened, and has not failed or cannot recover.
   */
  readonly runs?: readonly (readonly HistoryRun[] | undefined)[];
  /** By the definitions of the query. */
  readonly others?: readonly (HistoryOthers | undefined)[];
}

/** When events of other apps came, and when the children of a message were complete; by places of a plan's times. */
export type HistoryOthers = readonly {
  readonly slot: number;
  readonly at: Micros;
  readonly receivedAt: Micros;
}[];

/** One run of a message. */
export interface HistoryRun {
  readonly times: Times;
  /** By the places of `times`: when the first event of each name was received, and the last that a stage needs which several owe. */
  readonly receivedAt: readonly (Micros | null)[];
  /** When the event was received that began it. */
  readonly beganAt: Micros;
}

export interface HistoriesQuery {
  readonly appId: string;
  /** By the messages' `created_at`. */
  readonly since: Micros;
  readonly until: Micros;
  /** `next` of the page before; absent to begin. */
  readonly after?: string;
  /** Those whose stages that are owed by several are looked at, and runs. */
  readonly definitions?: readonly Definition[];
}

/** A bounded number of messages, the latest first. */
export interface HistoriesPage {
  readonly histories: readonly MessageHistory[];
  /** Absent on the last page. */
  readonly next?: string;
}
