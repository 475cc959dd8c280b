/** One step of the projection: what it is asked for, and what came of it. */
import type { ErrorCode } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import type { Skew } from "../core/skew.ts";
import type { Finding } from "../lifecycle/finding.ts";

/** Projects events into instances, findings and counts. Implemented on a thread of its own. */
export interface Projection {
  /**
   * One bounded step. First it applies events in seq order, which can only retract findings. Once everything up to
   * `upTo` is, it judges the messages of `revisits` again, and then raises what is active by `watermark`.
   */
  project(target: ProjectionTarget): Promise<ProjectionStep>;
}

export interface ProjectionTarget {
  readonly upTo: number;
  /**
   * All that was accepted before this time is in the sequence up to `upTo`; else `raise` must be false. It may lie before the
   * watermark of an earlier step: then the clock had been ahead, which is believed by now. A finding that was raised and is not
   * active by this one is retracted, and nothing counts as overdue by an earlier one.
   */
  readonly watermark: Micros;
  /** Whether findings may be raised; else they can only be retracted. */
  readonly raise: boolean;
  /**
   * The clock went back and that is not believed yet: nothing that was raised is retracted by it. Absent: it is.
   */
  readonly keep?: boolean;
  /** The known skews of the clock, relative to `watermark`. Default: none. */
  readonly skews?: readonly Skew[];
  /**
   * Apps of which nothing may be raised now, at most `pausedAppsMax`: events of theirs may be on their way again after a refusal.
   * `done` and `nextAt` of the step leave them out. Absent: none.
   */
  readonly pausedApps?: readonly string[];
}

/** A message that is no longer followed, or an event that is not counted, for every step with it fails. */
export interface ProjectionAside {
  /** The message's number. */
  readonly message: number;
  /** How many events and messages are set aside now. */
  readonly count: number;
  readonly fault: { readonly code: ErrorCode; readonly message: string; readonly stack: string };
}

/** How far it is that messages go by a lifecycle which came after them. */
export interface BackfillProgress {
  readonly appId: string;
  /** That of the lifecycle. */
  readonly version: number;
  /** Messages that it has looked at, and how many there were when it began. */
  readonly done: number;
  readonly of: number;
  readonly ended: boolean;
}

export interface ProjectionStep {
  /** The message that this step has set aside; it has done nothing else then. */
  readonly aside?: ProjectionAside;
  /** Everything up to here has been applied. */
  readonly seq: number;
  /** Nothing is left to do for the target. */
  readonly done: boolean;
  /** There is something to do that nothing waits for: another step is to follow, by and by. */
  readonly more?: true;
  /** The changes of findings, in the order of their `seq`. */
  readonly findings: readonly Finding[];
  /** The last seq of a finding's change that was assigned. */
  readonly findingSeq: number;
  /** When the next finding becomes active if nothing comes; absent when none will. */
  readonly nextAt?: Micros;
  /** Of a backfill that ran before the step: each step with `done` and `raise` takes it a bit further. Absent where none does. */
  readonly backfill?: BackfillProgress;
}
