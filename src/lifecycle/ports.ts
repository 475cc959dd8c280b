/** What one part may ask of the next where lifecycles are concerned; `core/ports.ts` has the rest. */
import type { ErrorCode } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import type { Skew } from "../core/skew.ts";
import type { Definition, LifecycleVersion } from "./definition.ts";
import type { Finding } from "./finding.ts";
import type {
  AppPage,
  FindingHistoryPage,
  FindingHistoryQuery,
  FindingPage,
  FindingQuery,
  Funnel,
  HistoriesPage,
  HistoriesQuery,
  Latency,
  OverduePage,
  OverdueQuery,
  RateQuery,
  Rates,
  Window,
} from "./queries.ts";

/** Keeps definitions. Answered by `store/`. Rejects with `unavailable` while the database is away. */
export interface LifecycleStore {
  /**
   * Makes the definition the app's, for the messages whose first event comes from now on; `undefined` ends the
   * lifecycle. On disk when it resolves. Putting what is there already changes nothing.
   *
   * @returns the version that holds from now on; `undefined` when there was nothing to end
   */
  putLifecycle(appId: string, definition: Definition | undefined): Promise<LifecycleVersion | undefined>;
}

/** Follows messages along their lifecycles. Answered by `store/`. */
export interface Projector {
  /**
   * One bounded step. First it takes in events in seq order, which can only retract findings. Once everything up to
   * `upTo` is in, it raises what holds by `watermark`.
   */
  project(target: ProjectionTarget): Promise<ProjectionStep>;
}

export interface ProjectionTarget {
  readonly upTo: number;
  /**
   * All that was accepted before this time is in the sequence up to `upTo`; else `raise` must be false. It may lie before the
   * watermark of an earlier step: then the clock had been ahead, which is believed by now. What was raised and does not hold by
   * this one is retracted, and nothing counts as overdue by an earlier one.
   */
  readonly watermark: Micros;
  /** Whether findings may be raised; else they can only be retracted. */
  readonly raise: boolean;
  /**
   * The clock went back and that is not believed yet: nothing that was raised is retracted by it. Absent: it is.
   */
  readonly keep?: boolean;
  /** What is known of steps of the clock, as `watermark` has it. Absent: nothing. */
  readonly skews?: readonly Skew[];
  /**
   * Apps of which nothing may be raised now, at most `heldAppsMax`: events of theirs may be on their way again after a refusal.
   * `done` and `nextAt` of the step leave them out. Absent: none.
   */
  readonly heldApps?: readonly string[];
}

/** Beyond so many apps with refused events, all apps are held. */
export const heldAppsMax = 1_000;

/** A message that is no longer followed, or an event that is not counted, for every step with it fails. */
export interface ProjectionAside {
  /** The message's number. */
  readonly message: number;
  /** How many events and messages are set aside now. */
  readonly count: number;
  readonly fault: { readonly code: ErrorCode; readonly message: string; readonly stack: string };
}

export interface ProjectionStep {
  /** What this step has set aside; it has done nothing else then. */
  readonly aside?: ProjectionAside;
  /** Everything up to here has been taken in. */
  readonly seq: number;
  /** Nothing is left to do for the target. */
  readonly done: boolean;
  /** What has changed, in the order of their `seq`. */
  readonly findings: readonly Finding[];
  /** The last seq of a finding's change that was given out. */
  readonly findingSeq: number;
  /** When the next finding will hold if nothing comes; absent when none will. */
  readonly nextAt?: Micros;
}

/** Reads what is kept of lifecycles. Answered by `store/`. Rejects with `unavailable` while the database is away. */
export interface LifecycleReader {
  /**
   * The app's versions, the latest first: as many as are asked for, at most the last hundred, and no more than have 1 MiB
   * together.
   */
  lifecycleVersions(appId: string, limit?: number): Promise<LifecycleVersion[]>;
  findings(query: FindingQuery): Promise<FindingPage>;
  findingHistory(query: FindingHistoryQuery): Promise<FindingHistoryPage>;
  overdue(query: OverdueQuery): Promise<OverduePage>;
  funnel(appId: string, window: Window): Promise<Funnel>;
  latency(appId: string, window: Window): Promise<Latency>;
  rates(query: RateQuery): Promise<Rates>;
  apps(cursor: string | undefined, limit: number): Promise<AppPage>;
  /** Whether the app has, or has had, a message or a lifecycle. */
  hasApp(appId: string): Promise<boolean>;
  histories(query: HistoriesQuery): Promise<HistoriesPage>;
}
