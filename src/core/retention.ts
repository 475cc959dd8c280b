/** The store's port for retention. */
import type { AuditSize } from "./audit.ts";
import type { Micros } from "./event.ts";
import type { TimeRecord } from "./time-record.ts";

/** A step of a pass over the messages, in the order in which they were first reported. */
export interface PruneQuery {
  /** Elapsed time; see `Clock.elapsed`. */
  readonly elapsed: Micros;
  /** A message without a report for so long is deleted, unless something of it is still owed. */
  readonly keepFor: Micros;
  /** The latest time that it can be now: a due time long after it is no deadline. */
  readonly latest: Micros;
  /** The `next` of the step before, 0 at first. */
  readonly after: number;
}

export interface PruneStep {
  readonly messages: number;
  readonly events: number;
  /** The position of the next step; `null` at the end of the pass. */
  readonly next: number | null;
}

/** Counts of deletions, and the reason why some wait. */
export interface RetentionStats {
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
   * @param keepFor how long messages are kept: the position of the sequences is recorded with it; `undefined` for ever
   */
  recordTime(record: TimeRecord, keepFor: Micros | undefined): Promise<void>;
  /** One bounded step of retention. */
  prune(query: PruneQuery): Promise<PruneStep>;
  /** Deletes counts (funnels, latencies, rates) and records of erasures of the time before. Resolves to the number of rows. */
  pruneCounts(before: Micros): Promise<number>;
  /** Deletes entries of the audit from before, a bounded number. @returns how full it is, and whether there may be more to delete */
  pruneAudit(before: Micros): Promise<AuditSize & { readonly more: boolean }>;
}
