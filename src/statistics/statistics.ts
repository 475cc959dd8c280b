/** Counts and durations of an app's messages: queries and answers. Times are microseconds. */
import type { MessageKey, Micros } from "../core/event.ts";
import type { ShownState } from "../core/state.ts";
import type { Window } from "../core/window.ts";
import type { Skew } from "./skew.ts";

/** Reads what is counted. Rejects with `unavailable` while the database is away. */
export interface StatisticsReader {
  funnel(appId: string, window: Window): Promise<Funnel>;
  latency(appId: string, window: Window): Promise<Latency>;
  rates(query: RateQuery): Promise<Rates>;
  apps(query: AppQuery): Promise<AppPage>;
  skew(appId: string): Promise<Skew>;
  /** Whether the app has, or has had, a message or a lifecycle. */
  hasApp(appId: string): Promise<boolean>;
}

/** A page of apps, by id. */
export interface AppQuery {
  /** This one alone. */
  readonly appId?: string;
  /** Those that one of these patterns names: see `AppRights`. */
  readonly apps?: readonly string[];
  readonly cursor?: string;
  readonly limit: number;
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
  /** By their state; those that retention took away unfinished are `expired`. */
  readonly messages: Readonly<Record<ShownState | "expired", number>>;
  readonly events: number;
  /** Those of them that are from ahead: see `core/ahead.ts`. */
  readonly eventsAhead: number;
  readonly lastEvent: string;
  readonly lastEventAt: Micros;
  /** The attributes by which its messages are found. */
  readonly indexed: readonly string[];
}

export interface AppPage {
  /** By app id. */
  readonly apps: readonly AppSummary[];
  readonly nextCursor?: string;
}
