/**
 * What a stage comes after. Of the stages that nearly always come before it, the nearest may only have been quicker:
 * an order is paid in seconds and packed in minutes, and packing does not wait for the payment. What does wait moves with
 * what it waits for: where that is late, so is this.
 */
import { percentileOf } from "./sample.ts";

/** What is said of "nearly all" and "nearly always" must hold for so many. */
export const nearlyAll = 0.95;

/** So many of those that have this stage must have had what it comes after: the rest may have lost it. */
const candidateShare = 0.9;

/** How far this moves when the other one does: 1 where it waits for it, 0 where it does not. */
const slopeMin = 0.5;
/** A slope is only taken for less than that when it is by so many standard errors: a nearer one is the better guess. */
const standardErrors = 3;
/** Of a delay's median: what takes no longer than that is part of it. */
const quickShare = 0.02;
/** Beyond this percentile a delay says more of stuck messages than of what waits for what. */
const trimPercent = 95;

interface Node {
  readonly column: Float64Array;
  readonly count: number;
}

/** How long it took from one node to another, in messages that had both. */
export interface Hops {
  /** Sorted; where clocks differ a hop takes no time at least. */
  readonly took: Float64Array;
  /** In so many of them the one came before the other. */
  readonly inOrder: number;
}

export function hopsBetween(from: Float64Array, to: Float64Array): Hops {
  const took = new Float64Array(from.length);
  let length = 0;
  let inOrder = 0;
  for (let row = 0; row < from.length; row++) {
    const hop = to[row]! - from[row]!;
    if (Number.isNaN(hop)) continue;
    took[length++] = Math.max(0, hop);
    if (hop > 0) inOrder += 1;
  }
  return { took: took.slice(0, length).sort(), inOrder };
}

/** The node that this one comes after; `undefined` where nothing nearly always comes before it. */
export async function causeOf<N extends Node>(
  node: N,
  others: readonly N[],
  nextTurn: () => Promise<void>,
): Promise<N | undefined> {
  const candidates: N[] = [];
  for (const other of others) {
    await nextTurn();
    const hops = hopsBetween(other.column, node.column);
    const often = hops.took.length >= candidateShare * node.count;
    if (often && hops.inOrder >= nearlyAll * hops.took.length) candidates.push(other);
  }
  // The farthest first; each nearer one takes its place unless this clearly does not move with it.
  candidates.sort((a, b) => oftenerBefore(b.column, a.column));
  let cause = candidates[0];
  for (const nearer of candidates.slice(1)) {
    await nextTurn();
    if (cause !== undefined && movesWith(cause.column, nearer.column, node.column)) cause = nearer;
  }
  return cause;
}

/** How much oftener the one comes before the other than behind it. */
function oftenerBefore(a: Float64Array, b: Float64Array): number {
  let difference = 0;
  for (let row = 0; row < a.length; row++) {
    const hop = b[row]! - a[row]!;
    // Neither where one of them is missing.
    if (hop > 0) difference += 1;
    else if (hop < 0) difference -= 1;
  }
  return difference;
}

/** Whether `to` may move with `by`, both counted from `from`: by a regression, without the slowest messages. */
function movesWith(from: Float64Array, by: Float64Array, to: Float64Array): boolean {
  const byMax = percentileOf(hopsBetween(from, by).took, trimPercent);
  const whole = hopsBetween(from, to).took;
  // So much quicker that it makes no difference, while clocks that differ would hide what moves.
  if (byMax <= quickShare * percentileOf(whole, 50)) return true;
  const toMax = percentileOf(whole, trimPercent);
  let [count, sumX, sumY, sumXX, sumXY, sumYY] = [0, 0, 0, 0, 0, 0];
  for (let row = 0; row < from.length; row++) {
    const x = by[row]! - from[row]!;
    const y = to[row]! - from[row]!;
    // Also where either is not a number.
    if (!(x <= byMax && y <= toMax)) continue;
    count += 1;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
    sumYY += y * y;
  }
  const varianceX = sumXX - (sumX * sumX) / count;
  // What never moves cannot be seen to be waited for.
  if (!(varianceX > 0) || count < 3) return true;
  const covariance = sumXY - (sumX * sumY) / count;
  const slope = covariance / varianceX;
  const residual = Math.max(0, sumYY - (sumY * sumY) / count - slope * covariance);
  return slope + standardErrors * Math.sqrt(residual / (count - 2) / varianceX) >= slopeMin;
}
