/** The clock's record for the next run, and its figures for `GET /api/q/stats`. */
import type { Micros } from "./event.ts";
import type { Skew } from "./skew.ts";

/** The known steps of the clock. */
export interface SkewRecord {
  /** Since when the clock runs evenly, by itself. */
  readonly since: Micros;
  /** Oldest first. */
  readonly known: readonly Skew[];
}

/** The record of the clock, from one run of Mars to the next; see `runtime/clock.ts`. In microseconds. */
export interface TimeRecord {
  /** Time that has passed, on a scale of its own. */
  readonly elapsed: Micros;
  /** The wall clock at the time of this record. */
  readonly wall: Micros;
  /** Not proven yet: what may have passed while Mars did not run, and by how much the clock was put ahead while it did. */
  readonly absent: Micros;
  readonly stepped: Micros;
  /** For how long the clocks have agreed. */
  readonly agreed: Micros;
  /** Absent in a record of an earlier Mars. */
  readonly skews?: SkewRecord;
}

/** Figures of the clock. */
export interface ClockStats {
  /** Whether findings may be raised by it now. */
  readonly settled: boolean;
  /** Since the start: steps of the wall clock, and pauses of this process. */
  readonly steps: number;
  readonly pauses: number;
  /** Length of the last step; negative: back. */
  readonly last_step_ms: number;
  /** By how much the clock is ahead of the time that deletions go by. */
  readonly unproven_ms: number;
  /** By how much the clock was behind before its steps, at most: deadlines that it started then wait as much longer. */
  readonly behind_ms: number;
}
