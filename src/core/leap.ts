/** The leap of a sequence at every start, since it is not certain which seqs were assigned before. */
import type { Micros } from "./event.ts";
import { seqLeap } from "./limits.ts";

/** 2020-01-01. Microseconds since then fit a safe integer until the year 2305. */
const epoch: Micros = Date.UTC(2020, 0, 1) * 1_000;

/**
 * A seq beyond all that were ever assigned; the sequence continues after it.
 *
 * The data may be an older copy, while another Mars went on from it. A leap from the last known seq is not enough: another
 * start from the same copy would leap to the same place. The time differs at each start, and no Mars has assigned
 * a million seqs a second since it began. A clock that is wrong is no worse than the leap alone.
 *
 * @param last the last seq that is known to be assigned
 */
export function leapFrom(last: number, now: Micros): number {
  return Math.max(last + seqLeap, now - epoch);
}
