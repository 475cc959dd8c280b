/**
 * Times that a wrong clock gave. A clock that steps was behind before, or is ahead from then on; either way a time from before
 * the step and one from after it lie further apart, or less far, than it took. By the steps that Mars has seen, the difference
 * is known.
 */
import type { Micros } from "./event.ts";

/** The clock showed `from` to `to`, and was behind the present one by `behind`; negative: ahead of it. */
export interface Skew {
  readonly from: Micros;
  readonly to: Micros;
  readonly behind: Micros;
}

export const noSkews: readonly Skew[] = [];

/**
 * By how much the clock was behind that may have given this time; 0 where nothing is known. Another clock may have given it,
 * which was right: then the wait is longer than it has to be.
 */
export function behindOf(skews: readonly Skew[], at: Micros): Micros {
  let behind = 0;
  for (const skew of skews) if (holds(skew, at) && skew.behind > behind) behind = skew.behind;
  return behind;
}

/** By how much the time from one to the other may look longer than it was. */
export function excessOf(skews: readonly Skew[], start: Micros, end: Micros): Micros {
  if (skews.length === 0) return 0;
  const endBehind = skews.filter((skew) => holds(skew, end)).map(({ behind }) => behind);
  return Math.max(0, behindOf(skews, start) - (endBehind.length === 0 ? 0 : Math.min(...endBehind)));
}

function holds({ from, to }: Skew, at: Micros): boolean {
  return at >= from && at <= to;
}
