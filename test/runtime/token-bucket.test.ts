import { expect, test } from "bun:test";
import fc from "fast-check";
import { TokenBucket } from "../../src/runtime/token-bucket.ts";

test("a bucket gives its burst at once, and then its rate", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
  bucket.take(3, 0);
  expect(bucket.waitMs(0)).toBe(100);
  expect(bucket.waitMs(60)).toBe(40);
  expect(bucket.waitMs(100)).toBe(0);
  expect(bucket.level(10_000)).toBe(3);
});

test("an amount beyond the burst is given, and paid off before the next", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
  bucket.take(103, 0);
  expect(bucket.level(0)).toBe(-100);
  expect(bucket.waitMs(0)).toBe(10_100);
  bucket.take(-50, 0);
  expect(bucket.waitMs(0)).toBe(5_100);
});

test("another rate holds from then on, for what is in it as well", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 100 }, 0);
  bucket.adjust({ perSecond: 1, burst: 5 }, 0);
  expect(bucket.level(0)).toBe(5);
  bucket.take(5, 0);
  expect(bucket.waitMs(0)).toBe(1_000);
});

test("a taker that takes only while there is something gets the rate and the burst, and one amount more at most", () => {
  const step = fc.record({ waitMs: fc.nat(2_000), amount: fc.integer({ min: 1, max: 50 }) });
  const rate = fc.record({
    perSecond: fc.integer({ min: 1, max: 100 }),
    burst: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(rate, fc.array(step, { maxLength: 200 }), ({ perSecond, burst }, steps) => {
      const bucket = new TokenBucket({ perSecond, burst }, 0);
      let now = 0;
      let taken = 0;
      for (const { waitMs, amount } of steps) {
        now += waitMs;
        if (bucket.waitMs(now) > 0) continue;
        bucket.take(amount, now);
        taken += amount;
        expect(taken).toBeLessThanOrEqual(burst + (now / 1_000) * perSecond + amount);
      }
    }),
  );
});
