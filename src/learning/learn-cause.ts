/**
 * Whether one event brought about another, as far as times show.
 *
 * That it comes before does not say so: of two branches that run side by side one may always be the quicker. But what an
 * event brings about moves with it. Let a stage start, an event come x after that, and another y after the start, which is
 * a hop of y - x after the first. If the first brings about the second, the hop does not depend on x. If each is brought about by the
 * start, y does not depend on it. Which of the two correlations with x is none, and which is there, shows it. They are those
 * of logarithms, since few long waits would else outweigh all others.
 */
import type { Observations } from "./sample.ts";

export interface Link {
  /** Of the messages that have the later event and a start, those that have the earlier one too. */
  readonly coverage: number;
  /** Of the messages that have both, those in which they come in this order; the same time counts half. */
  readonly inOrder: number;
  /**
   * How much the earlier event moves the later one: 1 where it alone brings it about, 0 where it has no part, between them
   * where others have one too. With its standard error, which is infinite where nothing moves.
   */
  readonly pull: number;
  readonly pullError: number;
  /** From the start to the earlier event, on average, in microseconds. */
  readonly delay: number;
}

/** The earliest of these names in a message; NaN where it has none. */
export function earliestIn({ columns }: Observations, names: readonly number[], row: number): number {
  let first = Number.NaN;
  for (const name of names) {
    const at = columns[name]![row]!;
    if (!(at >= first)) first = Number.isNaN(at) ? first : at;
  }
  return first;
}

/**
 * @param later what may have been brought about
 * @param earlier any of these may have done so
 * @param starts what the earlier ones come after
 */
export function linkOf(
  observations: Observations,
  later: number,
  earlier: readonly number[],
  starts: readonly number[],
): Link {
  const laterTimes = observations.columns[later]!;
  const delays = new Float64Array(observations.rows);
  const waits = new Float64Array(observations.rows);
  const hops = new Float64Array(observations.rows);
  let delay = 0;
  let started = 0;
  let both = 0;
  let inOrder = 0;
  for (let row = 0; row < observations.rows; row++) {
    const at = laterTimes[row]!;
    if (Number.isNaN(at)) continue;
    const start = earliestIn(observations, starts, row);
    if (Number.isNaN(start)) continue;
    started++;
    const earlierAt = earliestIn(observations, earlier, row);
    if (Number.isNaN(earlierAt)) continue;
    delay += earlierAt - start;
    delays[both] = logarithm(earlierAt - start);
    waits[both] = logarithm(at - start);
    hops[both] = logarithm(at - earlierAt);
    both++;
    inOrder += earlierAt < at ? 1 : earlierAt === at ? 0.5 : 0;
  }
  const x = delays.subarray(0, both);
  const withWait = correlation(x, waits);
  const withHop = correlation(x, hops);
  const apart = withWait - withHop;
  return {
    coverage: both / Math.max(1, started),
    inOrder: inOrder / Math.max(1, both),
    delay: delay / Math.max(1, both),
    pull: apart > 0 ? withWait / apart : 0,
    pullError: apart > 0 ? 1 / Math.sqrt(both) / apart : Number.POSITIVE_INFINITY,
  };
}

/** Of microseconds: of those above a millisecond nearly the logarithm, below it nearly straight, and with a sign. */
function logarithm(micros: number): number {
  return Math.sign(micros) * Math.log1p(Math.abs(micros) / 1_000);
}

/** Pearson's; 0 where nothing varies. `b` may be longer. */
function correlation(a: Float64Array, b: Float64Array): number {
  const count = a.length;
  let sumA = 0;
  let sumB = 0;
  for (let i = 0; i < count; i++) {
    sumA += a[i]!;
    sumB += b[i]!;
  }
  const meanA = sumA / count;
  const meanB = sumB / count;
  let aa = 0;
  let ab = 0;
  let bb = 0;
  for (let i = 0; i < count; i++) {
    const x = a[i]! - meanA;
    const y = b[i]! - meanB;
    aa += x * x;
    ab += x * y;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
