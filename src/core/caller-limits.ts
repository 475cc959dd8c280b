/** What one caller may use of Mars: bounds of its key, or of the settings. */

/** Those that a key brings. An absent one is that of the settings. */
export interface CallerLimits {
  /** In the long run; 0 for no limit. */
  readonly eventsPerSecond?: number;
  /** Events at once; absent: those of `burstSeconds`. */
  readonly burst?: number;
}

/** How many seconds' events a caller may send at once, unless its burst is given. */
export const burstSeconds = 2;

/**
 * Events a second of every caller, unless another limit is set: several times more than one Mars can take, so that no honest caller
 * meets it.
 */
export const eventsPerSecondDefault = 1_000_000;

/** The most that may be given as a rate or a burst. */
export const eventsLimitMax = 1_000_000_000;

/** The limit that a refused caller has reached. */
export interface ReachedLimit {
  /** `events`. */
  readonly name: string;
  /** The amount, within `windowSeconds` where that is given, else at one time. */
  readonly quota: number;
  readonly windowSeconds?: number;
  /** The apps for which the caller has lately reported events, where it was refused events. */
  readonly apps: readonly string[];
}
