import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  leastAt,
  middleAt,
  mostAt,
  placeOf,
  placesMax,
  valueMax,
} from "../../src/statistics/exponential-scale.ts";

const values = fc
  .double({ min: 0, max: 53, noNaN: true, maxExcluded: true })
  .map((power) => Math.floor(2 ** power));

test("a value is in the bucket that its base says: base ** (i - 1) < value <= base ** i", () => {
  fc.assert(
    fc.property(values, (value) => {
      const index = placeOf(value) - 1;
      // The logarithm to the base; beside a bound it may be wrong in its last digit.
      const exact = Math.log2(value) * 128;
      expect(index).toBeGreaterThanOrEqual(exact - 1e-9);
      expect(index - 1).toBeLessThan(exact + 1e-9);
    }),
    { numRuns: 1_000 },
  );
  for (let power = 0; power < 53; power++) expect(placeOf(2 ** power)).toBe(power * 128 + 1);
  expect([placeOf(0), placeOf(valueMax)]).toEqual([0, placesMax - 1]);
});

test("the buckets follow each other without a gap, each less than 1 % wide", () => {
  let next = 0;
  for (let place = 0; place < placesMax; place++) {
    const [least, most] = [leastAt(place), mostAt(place)];
    // Of the small values, not every place has a whole number.
    if (most < least) continue;
    expect(least).toBe(next);
    expect([placeOf(least), placeOf(most)]).toEqual([place, place]);
    expect(most - least).toBeLessThanOrEqual(most * 0.0055);
    next = most + 1;
  }
  expect(next).toBe(valueMax + 1);
});

test("the middle of a bucket is at most 0.27 % and half of one from all of its values", () => {
  fc.assert(
    fc.property(values, (value) => {
      const middle = middleAt(placeOf(value));
      expect(placeOf(middle)).toBe(placeOf(value));
      expect(Math.abs(middle - value)).toBeLessThanOrEqual(value * 0.00272 + 0.5);
    }),
  );
});
