/** Overdue stages by hop: how many, how many of these are new, and how old they are. */
import type { AttributeFilter } from "../core/attributes.ts";
import type { Micros } from "../core/event.ts";

/** Which overdue stages count: all, those that nobody has acknowledged, or those that are. */
export type OverdueTriage = "any" | "none" | "acknowledged";

/** Groups that one query looks at. */
export const groupsMax = 10_000;
/** Overdue stages of an app that a query by attributes counts, the latest; all of them where no more messages have one of the values. */
export const attributedOverdueMax = 10_000;

const minute = 60_000_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The ages by which a group is divided: each reaches up to the next. */
export const overdueAges = [
  { over: "0s", from: 0 },
  { over: "15m", from: 15 * minute },
  { over: "1h", from: hour },
  { over: "6h", from: 6 * hour },
  { over: "1d", from: day },
  { over: "7d", from: 7 * day },
] as const;

export interface OverdueGroupQuery {
  readonly appId?: string;
  /** Of apps that one of these patterns names: see `AppRights`. */
  readonly apps?: readonly string[];
  /** Of messages with these values; with `appId`. */
  readonly attributes?: readonly AttributeFilter[];
  readonly triage: OverdueTriage;
  /** What was due from here on (inclusive) is new; at a whole minute, as all ages are. */
  readonly newSince: Micros;
  /** Now: what ages are counted by. */
  readonly clock: Micros;
  readonly limit: number;
  /** Only the first ones have `longest`, `ages` and `normalP99`, which cost the most; absent: all. */
  readonly detailed?: number;
  readonly cursor?: string;
}

/** The overdue stages of one app and hop. */
export interface OverdueGroup {
  readonly appId: string;
  readonly stage: string;
  readonly after: string;
  readonly total: number;
  readonly fresh: number;
  /** By any `triage` of the query. */
  readonly acknowledged: number;
  /** The one that was due first; absent where it has come since. */
  readonly longest?: { readonly messageId: string; readonly dueAt: Micros };
  /** By `overdueAges`; empty beyond `detailed`. */
  readonly ages: readonly number[];
  /** How long 99 of 100 messages took for this hop in the last seven days; absent where none was counted. */
  readonly normalP99?: Micros;
}

export interface OverdueGroupPage {
  /** Those with the most new ones first, then those with the most. */
  readonly groups: readonly OverdueGroup[];
  readonly nextCursor?: string;
  /** There are over `groupsMax`, by attributes over `attributedOverdueMax`: not all were looked at. */
  readonly partial: boolean;
}
