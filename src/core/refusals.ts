/** Refusals of events, and the findings that they delay. */

/** Records refusals of events, so that no event is called missing that a producer still has to send again. Implemented by `pipeline.ts`. */
export interface Refusals {
  /**
   * Records that a protocol refuses events with this error, before it knows their apps. Counts for `overloaded`, `unavailable` and
   * `draining`: with these a client is to try again. Where the caller has reached its own limit, only the apps for which it reports are concerned. An error that `Ingest.accept` rejected with is known already.
   */
  refused(error: unknown): void;
}

/** Figures of findings that wait after refusals. */
export interface GraceStats {
  /** Whether findings of all apps wait now; else the number of apps whose findings do. */
  readonly all: boolean;
  readonly apps: number;
  /** Since the start: refused calls, and how often refusals went on for so long that findings were raised all the same. */
  readonly refusals: number;
  readonly overrun: number;
}
