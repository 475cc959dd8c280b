/** How a sequence goes on where nobody can say how far it had gone: at every start. */
import type { Micros } from "./event.ts";
import { seqLeap } from "./limits.ts";

/** 2020-01-01. Microseconds since then fit a safe integer until the year 2305. */
const epoch: Micros = Date.UTC(2020, 0, 1) * 1_000;

/**
 * A seq that lies beyond whatever has been given out, after which the sequence goes on.
 *
 * The data may be an older copy of what has gone on elsewhere, so it is not enough to leap from what they know: another
 * start from the same copy would leap to the same place. The time is another at each start, and no Mars has given out
 * a million seqs a second since it began. A clock that is wrong is no worse than the leap alone.
 *
 * @param last the last seq that is known to have been given out
 */
export function leapFrom(last: number, now: Micros): number {
  return Math.max(last + seqLeap, now - epoch);
}
