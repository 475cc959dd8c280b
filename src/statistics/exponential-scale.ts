/**
 * The buckets of a base-2 exponential histogram, as OpenTelemetry and Prometheus' native histograms define them, of scale
 * (schema) 7: bucket `i` has the values above `base ** (i - 1)` up to `base ** i`, where `base` is `2 ** (1 / 128)`. Zero has a
 * bucket of its own.
 *
 * Scale 7 is the coarsest whose buckets are less than 1 % wide (0.54 %; those of scale 6 have 1.09 %), so that a bucket's end
 * too is near to every value in it. It has as many buckets for each power of two as HdrHistogram with two digits. Prometheus
 * takes schemas up to 8, and a coarser one is made by joining neighbours.
 *
 * A place is the bucket's index plus 1, and 0 for zero: so no place of a whole number is negative.
 */

const perDoubling = 128;
/** Values above this one count as this one. */
export const valueMax = Number.MAX_SAFE_INTEGER;
const doublings = 53;

/** How many places there are. */
export const placesMax = doublings * perDoubling + 2;

/** The upper bound of each place. */
const bounds = boundsOf();

/** @param value a whole number from 0 to `valueMax` */
export function placeOf(value: number): number {
  if (value === 0) return 0;
  // A logarithm may be wrong in its last digit: the bounds decide.
  let place = Math.ceil(Math.log2(value) * perDoubling) + 1;
  while (bounds[place]! < value) place += 1;
  while (bounds[place - 1]! >= value) place -= 1;
  return place;
}

/** The least whole number at a place where there is one. */
export function leastAt(place: number): number {
  return place === 0 ? 0 : Math.floor(bounds[place - 1]!) + 1;
}

/** The greatest one. */
export function mostAt(place: number): number {
  return Math.min(Math.floor(bounds[place]!), valueMax);
}

/** The whole number at a place from which, in proportion, no value of its bucket is far: at most 0.27 % and half of one. */
export function middleAt(place: number): number {
  if (place === 0) return 0;
  const [low, high] = [bounds[place - 1]!, bounds[place]!];
  return Math.min(Math.max(Math.round((2 * low * high) / (low + high)), leastAt(place)), mostAt(place));
}

/** By square roots and products only, which every machine rounds alike: stored places mean the same everywhere. */
function boundsOf(): Float64Array {
  const fractions = new Float64Array(perDoubling).fill(1);
  let root = 2;
  for (let step = perDoubling / 2; step >= 1; step /= 2) {
    root = Math.sqrt(root);
    for (let index = 0; index < perDoubling; index++) if ((index & step) !== 0) fractions[index]! *= root;
  }
  const all = new Float64Array(placesMax);
  for (let place = 1; place < placesMax; place++) {
    const index = place - 1;
    all[place] = fractions[index % perDoubling]! * 2 ** Math.floor(index / perDoubling);
  }
  return all;
}
