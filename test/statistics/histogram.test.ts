import { expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram } from "../../src/statistics/histogram.ts";

/** From nothing over what fits in 32 bits to far more than thirty days, evenly over the orders of magnitude. */
const values = fc.oneof(
  fc.constantFrom(0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 52 - 1, 2 ** 52, Number.MAX_SAFE_INTEGER),
  fc.double({ min: 0, max: 53, noNaN: true, maxExcluded: true }).map((power) => Math.floor(2 ** power)),
);
const samples = fc.array(fc.record({ value: values, message: fc.integer({ min: 1, max: 2 ** 40 }) }), {
  minLength: 1,
  maxLength: 200,
});

function histogramOf(all: readonly { value: number; message: number }[]): Histogram {
  const histogram = new Histogram();
  for (const { value, message } of all) histogram.add(value, message);
  return histogram;
}

test("a percentile is at most 1 % off and names a message that took as long, for all values", () => {
  fc.assert(
    fc.property(samples, fc.constantFrom(1, 50, 90, 95, 99, 100), (all, percent) => {
      const histogram = histogramOf(all);
      const sorted = all.map(({ value }) => value).sort((a, b) => a - b);
      const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1]!;
      const [{ value, message } = { value: -1 }] = histogram.percentiles([percent]);
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(exact * 0.01);
      const theirs = all.filter((sample) => sample.message === message).map((sample) => sample.value);
      expect(theirs.some((one) => Math.abs(value - one) <= one * 0.01)).toBe(true);
      expect(histogram.count).toBe(all.length);
      const max = sorted.at(-1)!;
      expect(histogram.max).toBeGreaterThanOrEqual(max);
      expect(histogram.max).toBeLessThanOrEqual(max * 1.01);
      if (max > 1.01 * (sorted.at(-2) ?? 0)) expect(histogram.max).toBe(max);
    }),
    { numRuns: 500 },
  );
});

test("histograms merged in any order are the histogram of all samples", () => {
  fc.assert(
    fc.property(samples, samples, (some, others) => {
      const whole = histogramOf([...some, ...others]).toString();
      const [a, b] = [histogramOf(some), histogramOf(others)];
      const merged = Histogram.parse(b.toString());
      merged.mergeText(a.toString());
      a.mergeText(b.toString());
      expect([a, merged, Histogram.parse(whole)].map(String)).toEqual([whole, whole, whole]);
    }),
  );
});

test("what was taken back leaves nothing, in any order of adding and removing", () => {
  fc.assert(
    fc.property(samples, samples, fc.integer(), (kept, taken, seed) => {
      const steps = [
        ...kept.map((sample) => ({ ...sample, add: true })),
        ...taken.flatMap((sample) => [{ ...sample, add: true }]),
      ].sort((a, b) => ((a.value ^ seed) % 1_000) - ((b.value ^ seed) % 1_000));
      const histogram = histogramOf(steps);
      for (const { value, message } of taken) histogram.remove(value, message);
      const withoutExamples = (one: Histogram) => String(one).replaceAll(/:(\w+):\w+:(\w+)/g, ":$1:$2");
      expect(withoutExamples(histogram)).toBe(withoutExamples(histogramOf(kept)));
    }),
  );
});

test("what was taken back is neither counted nor named", () => {
  fc.assert(
    fc.property(samples, samples, (kept, others) => {
      // Numbers of their own, so that one that was taken back can be recognised.
      const taken = others.map(({ value, message }) => ({ value, message: message + 2 ** 41 }));
      const histogram = histogramOf([...kept, ...taken]);
      for (const { value, message } of taken) histogram.remove(value, message);
      const expected = histogramOf(kept);
      expect(histogram.count).toBe(kept.length);
      expect(histogram.max).toBe(expected.max);
      for (const percent of [1, 50, 99]) {
        const [found, wanted] = [histogram, expected].map((one) => one.percentiles([percent])[0]!);
        expect(Math.abs(found!.value - wanted!.value)).toBeLessThanOrEqual(wanted!.value * 0.01);
        expect(found!.message ?? 0).toBeLessThan(2 ** 41);
      }
    }),
  );
  const none = histogramOf([{ value: 100, message: 2 }]);
  none.remove(100, 2);
  none.remove(100, 2);
  expect(String(none)).toBe(String(new Histogram()));
});

test("an empty one has nothing to say", () => {
  const empty = Histogram.parse(String(new Histogram()));
  expect([empty.count, empty.max, empty.percentiles([50, 99])]).toEqual([0, 0, [{ value: 0 }, { value: 0 }]]);
});

for (const text of [
  " ",
  "x y",
  "1:2:3",
  "1:2:3:",
  "1:2:3:0 ",
  "1:2:3:0  1:2:3:0",
  "1:2:3:0,1:2:3:0",
  "1:-2:3:0",
  "zzzz:1:1:0",
  "1:0:1:0",
  "1:1:1:zzzzzzzzzzz",
]) {
  test(`the text "${text}" is refused`, () => {
    expect(() => Histogram.parse(text)).toThrow(/^not a histogram: /);
  });
}
