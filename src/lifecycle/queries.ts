/** Questions to what Mars keeps of lifecycles, and their answers. Times are microseconds. */
import type { MessageKey, Micros } from "../core/event.ts";
import type { Finding, FindingKind } from "./finding.ts";

export interface FindingQuery {
  readonly appId?: string;
  readonly messageId?: string;
  readonly kind?: FindingKind;
  readonly stage?: string;
  /** `current` holds now; `retracted` did once. */
  readonly state: "current" | "retracted" | "any";
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
  readonly stage?: string;
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

/** From here on (inclusive), up to here (exclusive), widened to whole minutes. */
export interface Window {
  readonly since: Micros;
  readonly until: Micros;
}

export interface FunnelStage {
  readonly stage: string;
  readonly after: string;
  /** Of the messages opened in the window. Their sum is the same for every stage of one version. */
  readonly reached: number;
  /** Not there, and in time; or not due at any time. */
  readonly waiting: number;
  readonly overdue: number;
  /** The message ended without it. */
  readonly never: number;
}

export interface Funnel extends Window {
  readonly opened: number;
  readonly stages: readonly FunnelStage[];
}

/** How long something took. Microseconds; each percentile at most 1 % off, the maximum at most 1 % too high. */
export interface Distribution {
  readonly count: number;
  readonly max: Micros;
  readonly percentiles: readonly Percentile[];
}

export interface Percentile {
  /** 50, 90, 95, 99. */
  readonly percent: number;
  readonly value: Micros;
  /** One that took as long; absent where retention has taken it. */
  readonly example?: MessageKey;
}

export interface HopLatency {
  /** Both empty for the whole way, from opened to complete. */
  readonly stage: string;
  readonly after: string;
  readonly now: Distribution;
  /** The same in the window of equal length before. */
  readonly before: Distribution;
}

export interface Latency extends Window {
  readonly hops: readonly HopLatency[];
}

export interface RateQuery extends Window {
  readonly appId: string;
  /** In microseconds, whole minutes. */
  readonly step: Micros;
}

export interface Rates extends RateQuery {
  readonly stages: readonly {
    readonly event: string;
    /** For each step from `since` on. */
    readonly counts: readonly number[];
  }[];
}

export interface AppSummary {
  readonly appId: string;
  /** Whether it has a lifecycle now. */
  readonly lifecycleVersion?: number;
  /** Those that retention took away unfinished are `expired`. */
  readonly messages: {
    readonly open: number;
    readonly overdue: number;
    readonly complete: number;
    readonly failed: number;
    readonly expired: number;
  };
  readonly events: number;
  readonly lastEvent: string;
  readonly lastEventAt: Micros;
}

export interface AppPage {
  /** By app id. */
  readonly apps: readonly AppSummary[];
  readonly nextCursor?: string;
}

/** What the events of one message say, in short: for learning and for trying definitions. */
export interface MessageHistory {
  readonly messageId: string;
  readonly createdAt: Micros;
  /** The first of each name: when it happened, and when Mars took it. */
  readonly events: readonly { readonly event: string; readonly at: Micros; readonly receivedAt: Micros }[];
}

export interface HistoriesQuery {
  readonly appId: string;
  /** By the messages' `created_at`. */
  readonly since: Micros;
  readonly until: Micros;
  /** `next` of the page before; absent to begin. */
  readonly after?: string;
}

/** A bounded number of messages, the latest first. */
export interface HistoriesPage {
  readonly histories: readonly MessageHistory[];
  /** Absent on the last page. */
  readonly next?: string;
}
