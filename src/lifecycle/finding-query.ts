/** Questions to findings, and their answers. Times are microseconds. */
import type { AttributeFilter } from "../core/attributes.ts";
import type { Micros } from "../core/event.ts";
import type { MarkStatus } from "../core/mark.ts";
import type { Finding, FindingKind } from "./finding.ts";
import type { OverdueGroupPage, OverdueGroupQuery, OverdueTriage } from "./overdue-groups.ts";

/** Reads findings. Rejects with `unavailable` while the database is away. */
export interface FindingReader {
  findings(query: FindingQuery): Promise<FindingPage>;
  findingHistory(query: FindingHistoryQuery): Promise<FindingHistoryPage>;
  overdue(query: OverdueQuery): Promise<OverduePage>;
  overdueGroups(query: OverdueGroupQuery): Promise<OverdueGroupPage>;
}

export interface FindingQuery {
  readonly appId?: string;
  /** Of apps that one of these patterns names: see `AppRights`. */
  readonly apps?: readonly string[];
  readonly messageId?: string;
  /** Of the app `appId`: of messages some of whose events have each of these values; all are indexed. */
  readonly attributes?: readonly AttributeFilter[];
  readonly kind?: FindingKind;
  readonly stage?: string;
  /** `current`: active now. `retracted`: once active. */
  readonly state: "current" | "retracted" | "any";
  /** With this mark; `none` without one. Absent: all that people have not ended. */
  readonly triage?: MarkStatus | "none" | "any";
  /** By when they were raised: from here on (inclusive), up to here (exclusive). */
  readonly since?: Micros;
  readonly until?: Micros;
  /** By when they were raised. */
  readonly order: "newest" | "oldest";
  readonly limit: number;
  readonly cursor?: string;
}

export interface FindingPage {
  readonly findings: readonly Finding[];
  /** Absent on the last page. A page may be short and still have one. */
  readonly nextCursor?: string;
  /** The last change of any finding that is reflected in the answer. */
  readonly asOfSeq: number;
}

/** A range of the changes of findings, in seq order; of a finding that changed more than once the last. */
export interface FindingHistoryQuery {
  readonly appId?: string;
  readonly messageId?: string;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
}

export interface FindingHistoryPage {
  readonly findings: readonly Finding[];
  /** Everything up to here is in this page or was in one before. */
  readonly to: number;
  /** Findings whose last change was up to here may be gone with their messages. */
  readonly prunedTo: number;
}

export interface OverdueQuery {
  readonly appId?: string;
  /** As in `FindingQuery`. */
  readonly apps?: readonly string[];
  readonly attributes?: readonly AttributeFilter[];
  readonly stage?: string;
  /** What the stage comes after; empty for nothing. */
  readonly after?: string;
  /** By when they were due: from here on (inclusive), up to here (exclusive). */
  readonly dueSince?: Micros;
  readonly dueUntil?: Micros;
  readonly triage?: OverdueTriage;
  /** Now: what ages are counted by. */
  readonly clock: Micros;
  readonly limit: number;
  readonly cursor?: string;
}

/** A stage of a message that is overdue. */
export interface OverdueStage {
  readonly finding: Finding;
  /** When the stage's clock started. */
  readonly startedAt: Micros;
  /** How long messages took from there to this stage in the last seven days; absent where none was counted. */
  readonly hopP99?: Micros;
}

export interface OverduePage {
  /** The longest overdue first. */
  readonly overdue: readonly OverdueStage[];
  readonly nextCursor?: string;
  /** The query's. */
  readonly clock: Micros;
}
