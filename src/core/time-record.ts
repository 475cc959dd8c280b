/** What the clock leaves to the next run, and to `GET /api/q/stats`. */
import type { Micros } from "./event.ts";
import type { Skew } from "./skew.ts";

/** What is known of the clock's steps. */
export interface SkewRecord {
  /** Since when the clock runs evenly, by itself. */
  readonly since: Micros;
  /** Oldest first. */
  readonly known: readonly Skew[];
}

/** What one run of Mars leaves to the next of its clock; see `runtime/clock.ts`. In microseconds. */
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

/** How the clock behaves. */
export interface ClockStats {
  /** Whether findings may be raised by it now. */
  readonly settled: boolean;
  /** Since the start: steps of the wall clock, and pauses of this process. */
  readonly steps: number;
  readonly pauses: number;
  /** How far the last step went; negative: back. */
  readonly last_step_ms: number;
  /** By how much the clock is ahead of what is deleted by. */
  readonly unproven_ms: number;
  /** By how much the clock was behind before its steps, at most: deadlines that it started then wait as much longer. */
  readonly behind_ms: number;
}
