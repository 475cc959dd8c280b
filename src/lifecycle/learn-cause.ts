/**
 * What a stage comes after. Of the stages that nearly always come before it, the nearest may only have been quicker:
 * an order is paid in seconds and packed in minutes, and packing does not wait for the payment. What does wait moves with
 * what it waits for: where that is late, so is this.
 */
import { percentileOf } from "./sample.ts";

/** What is said of "nearly all" and "nearly always" must hold for so many. */
export const nearlyAll = 0.95;

/** How far this moves when the other one does, at least; 1 where it waits for it, 0 where it does not. */
const slopeMin = 0.5;
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
  const candidates: { readonly node: N; readonly hops: Hops }[] = [];
  for (const other of others) {
    await nextTurn();
    const hops = hopsBetween(other.column, node.column);
    const often = hops.took.length >= nearlyAll * node.count;
    if (often && hops.inOrder >= nearlyAll * hops.took.length) candidates.push({ node: other, hops });
  }
  // The farthest first; each nearer one takes its place if this moves with it.
  candidates.sort((a, b) => percentileOf(b.hops.took, 50) - percentileOf(a.hops.took, 50));
  let cause = candidates[0]?.node;
  for (const { node: nearer } of candidates.slice(1)) {
    await nextTurn();
    if (cause !== undefined && slope(cause.column, nearer.column, node.column) >= slopeMin) cause = nearer;
  }
  return cause;
}

/** The slope of the regression of `to` on `by`, both counted from `from`; without their slowest messages. */
function slope(from: Float64Array, by: Float64Array, to: Float64Array): number {
  const byMax = percentileOf(hopsBetween(from, by).took, trimPercent);
  const toMax = percentileOf(hopsBetween(from, to).took, trimPercent);
  let [count, sumBy, sumTo, sumByBy, sumByTo] = [0, 0, 0, 0, 0];
  for (let row = 0; row < from.length; row++) {
    const x = by[row]! - from[row]!;
    const y = to[row]! - from[row]!;
    // Also where either is not a number.
    if (!(x <= byMax && y <= toMax)) continue;
    count += 1;
    sumBy += x;
    sumTo += y;
    sumByBy += x * x;
    sumByTo += x * y;
  }
  const variance = sumByBy - (sumBy * sumBy) / count;
  // Nothing that never moves can be seen to be waited for; then the nearer one is the better guess.
  return variance > 0 ? (sumByTo - (sumBy * sumTo) / count) / variance : 1;
}
