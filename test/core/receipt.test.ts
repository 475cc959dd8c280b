import { expect, test } from "bun:test";
import fc from "fast-check";
import { ReceiptClock } from "../../src/core/receipt.ts";

const hourMs = 3_600_000;

test("times of receipt rise by at least a microsecond while the clock stands, ticks or is adjusted", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 200 }), (steps) => {
      let now = 1_800_000_000_000;
      const clock = new ReceiptClock(() => now);
      let before = clock.next();
      for (const step of steps) {
        // Never further back than a second in all.
        now = Math.max(now + step, 1_800_000_000_000);
        const at = clock.next();
        expect(at).toBeGreaterThan(before);
        expect(at - now * 1_000).toBeLessThan(1_000_000 + steps.length * 51_000);
        before = at;
      }
    }),
  );
});

test("a clock that was put back, and back again, gives no time twice and none from the future", () => {
  let now = 1_800_000_000_000;
  const clock = new ReceiptClock(() => now);
  const given = new Set<number>();
  for (let round = 0; round < 5; round++) {
    for (let ms = 0; ms < 2_000; ms++, now++) {
      for (let n = 0; n < 20; n++) {
        const at = clock.next();
        expect(at - now * 1_000).toBeLessThan(1_000);
        given.add(at);
      }
    }
    now -= 2_000;
    // The last time given is too near to show that the clock was put back: go on an hour before that, and come again.
    now -= hourMs;
    clock.next();
    now += hourMs;
  }
  expect(given.size).toBe(5 * 2_000 * 20);
});

test("after a restart times go on behind those that were given before, unless the clock was put back meanwhile", () => {
  const now = 1_800_000_000_000;
  const near = new ReceiptClock(() => now);
  near.continueAfter(now * 1_000 + 500);
  expect(near.next()).toBe(now * 1_000 + 501);
  const back = new ReceiptClock(() => now);
  back.continueAfter((now + hourMs) * 1_000);
  expect(back.next() - now * 1_000).toBeLessThan(1_000);
  expect((back.next() - now * 1_000) % 1_000).not.toBe(0);
});
