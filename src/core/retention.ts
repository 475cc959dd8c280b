/** The store's port for retention. */
import type { AuditSize, Author } from "./audit.ts";
import type { Micros } from "./event.ts";
import type { TimeRecord } from "./time-record.ts";

/**
 * The messages that a step examines:
 *
 * - `range`: of apps without a retention of their own, behind the number `after`, in the order in which they were first reported.
 * - `messages`: these of such apps, by their numbers.
 * - `app`: of this app, behind a time and a number, in the order of their times.
 */
export type PruneScope =
  | { readonly kind: "range"; readonly after: number }
  | { readonly kind: "messages"; readonly ids: readonly number[] }
  | { readonly kind: "app"; readonly appId: string; readonly createdAt: Micros; readonly after: number };

/** A step of a pass over messages. */
export interface PruneQuery {
  /** Elapsed time; see `Clock.elapsed`. */
  readonly elapsed: Micros;
  /** A message without a report for so long is deleted, unless something of it is still owed. */
  readonly keepFor: Micros;
  /** The latest time that it can be now: a due time long after it is no deadline. */
  readonly latest: Micros;
  readonly scope: PruneScope;
}

export interface PruneStep {
  readonly messages: number;
  readonly events: number;
  /** The messages that the step has examined and kept, by their numbers. */
  readonly kept: readonly number[];
  /** The scope of the next step; `null` at the end of the pass. */
  readonly next: PruneScope | null;
  /** Messages beyond this number are too young; 0 where all are. */
  readonly oldTo: number;
}

/** The first step over the messages of an app. */
export function wholeApp(appId: string): PruneScope {
  return { kind: "app", appId, createdAt: Number.MIN_SAFE_INTEGER, after: 0 };
}

/** The shortest and the longest retention in force. Both are of those that end. */
export interface KeptFor {
  readonly shortest: Micros;
  readonly longest: Micros;
}

/** Apps that may have a retention of their own. */
export const appRetentionsMax = 10_000;

/** An app whose messages are kept for another time than those of others. */
export interface AppRetention {
  readonly appId: string;
  /** 0 for ever. */
  readonly keepFor: Micros;
}

/** How long an app's messages are kept. */
export interface RetentionOf {
  /** 0 for ever. */
  readonly keepForMs: number;
  /** Whether that is the app's own; else it is that of all apps without one. */
  readonly own: boolean;
}

/** Changes how long the messages of single apps are kept. Implemented by `maintenance/`. */
export interface AppRetentions {
  /** @throws `MarsError("unavailable")` while Mars starts */
  get(appId: string): RetentionOf;
  /**
   * @param keepForMs 0 for ever
   * @throws `MarsError("invalid_argument")` beyond `appRetentionsMax`
   */
  put(appId: string, keepForMs: number, by: Author): Promise<void>;
  /** @returns whether the app had one of its own */
  remove(appId: string, by: Author): Promise<boolean>;
}

/** Counts of deletions, and the reason why some wait. */
export interface RetentionStats {
  /** Apps with a retention of their own. */
  readonly apps: number;
  /** Since the start. */
  readonly messages: number;
  readonly events: number;
  /** Why less is deleted than by the wall clock; empty when nothing waits. */
  readonly held: string;
  /** How full the audit is, by the last look. */
  readonly audit: AuditSize & { readonly bytes_max: number };
}

/** The methods of `Store` that record time and delete old messages. */
export interface RetentionStore {
  /** The time record of the run before; `undefined` where there was none. */
  recallTime(): Promise<TimeRecord | undefined>;
  /**
   * Writes the time record of this run.
   *
   * @param kept how long messages are kept: the position of the sequences is recorded with it; `undefined` where all are kept for ever
   */
  recordTime(record: TimeRecord, kept: KeptFor | undefined): Promise<void>;
  /** Every app with a retention of its own. */
  appRetentions(): Promise<AppRetention[]>;
  /** @throws `MarsError("invalid_argument")` beyond `appRetentionsMax` */
  putAppRetention(retention: AppRetention, by: Author): Promise<void>;
  /** @returns whether it was there */
  deleteAppRetention(appId: string, by: Author): Promise<boolean>;
  /** One bounded step of retention. */
  prune(query: PruneQuery): Promise<PruneStep>;
  /** Deletes counts (funnels, latencies, rates) and records of erasures of the time before. Resolves to the number of rows. */
  pruneCounts(before: Micros): Promise<number>;
  /** Deletes entries of the audit from before, a bounded number. @returns how full it is, and whether there may be more to delete */
  pruneAudit(before: Micros): Promise<AuditSize & { readonly more: boolean }>;
}
