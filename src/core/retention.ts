/** What retention asks of the store. */
import type { Micros } from "./event.ts";
import type { TimeRecord } from "./time-record.ts";

/** A step of a pass over the messages, in the order in which they were first reported. */
export interface PruneQuery {
  /** How much time has passed by now; see `Clock.elapsed`. */
  readonly elapsed: Micros;
  /** A message without a report for so long goes, unless something of it is still owed. */
  readonly keepFor: Micros;
  /** The latest that it can be now: what is due long after that is no deadline. */
  readonly latest: Micros;
  /** Where the step before ended, 0 to begin. */
  readonly after: number;
}

export interface PruneStep {
  readonly messages: number;
  readonly events: number;
  /** Where to go on; `null` at the end of the pass. */
  readonly next: number | null;
}

/** What has been deleted, and what keeps it back. */
export interface RetentionStats {
  /** Since the start. */
  readonly messages: number;
  readonly events: number;
  /** Why less is deleted than by the wall clock; empty when nothing keeps it back. */
  readonly held: string;
}

/** The part of `Store` that keeps time and is rid of what is old. */
export interface RetentionStore {
  /** What the run before knew of time; `undefined` where there was none. */
  recallTime(): Promise<TimeRecord | undefined>;
  /**
   * Records what this run knows of time.
   *
   * @param keepFor how long messages are kept, so that it is marked how far the sequences are by now; `undefined` for ever
   */
  recordTime(record: TimeRecord, keepFor: Micros | undefined): Promise<void>;
  /** One bounded step of retention. */
  prune(query: PruneQuery): Promise<PruneStep>;
  /** Deletes what was counted (funnels, latencies, rates) of the time before. Resolves to the number of rows. */
  pruneCounts(before: Micros): Promise<number>;
}
