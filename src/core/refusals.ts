/** Refusals of events, and what they keep back. */

/** Notes refusals of events, so that nothing is called missing that a producer may hold back. Answered by `pipeline/`. */
export interface Refusals {
  /**
   * Notes that a door refuses events with this error, without knowing whose they are. Counts for `overloaded`, `unavailable` and
   * `draining`: with these a client is to try again. An error that `Ingest.accept` rejected with is known already.
   */
  refused(error: unknown): void;
}

/** How refusals keep back findings. */
export interface GraceStats {
  /** Whether findings of all apps are kept back now, and of how many by themselves. */
  readonly all: boolean;
  readonly apps: number;
  /** Since the start: refused calls, and how often refusals went on for so long that findings were raised all the same. */
  readonly refusals: number;
  readonly overrun: number;
}
