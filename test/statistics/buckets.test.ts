import { expect, test } from "bun:test";
import fc from "fast-check";
import { bucketsOf, cover, wholeMinutes } from "../../src/statistics/buckets.ts";

const minute = 60_000_000;
const hour = 60 * minute;
const day = 24 * hour;

test("a moment is in the one bucket of each span that holds it, before 1970 too", () => {
  fc.assert(
    fc.property(fc.integer({ min: -9e15, max: 9e15 }), (at) => {
      const buckets = bucketsOf(at);
      expect(buckets.map(({ span }) => span)).toEqual([day, hour, minute]);
      for (const { span, start } of buckets) {
        expect(Math.abs(start % span)).toBe(0);
        expect(start <= at && at < start + span).toBe(true);
      }
    }),
  );
  expect(bucketsOf(-1).map(({ start }) => start)).toEqual([-day, -hour, -minute]);
});

test("the parts of a window follow each other without a gap, and no fewer buckets would do", () => {
  const near = fc.integer({ min: -4 * day, max: 4 * day });
  fc.assert(
    fc.property(near, fc.integer({ min: 0, max: 3 * day }), (since, length) => {
      const window = wholeMinutes({ since, until: since + length });
      const parts = cover(window);
      expect(window.since).toBe(Math.floor(since / minute) * minute);
      expect(window.until - Math.ceil((since + length) / minute) * minute).toBe(0);
      let at = window.since;
      for (const { span, from, to } of parts) {
        expect([from, Math.abs(from % span), Math.abs(to % span), to > from]).toEqual([at, 0, 0, true]);
        at = to;
      }
      expect(at).toBe(window.until);
      expect(parts.reduce((sum, { span, from, to }) => sum + (to - from) / span, 0)).toBe(
        fewest(window.since, window.until),
      );
    }),
  );
});

test("a month is asked for by its days, and by minutes only at its ends", () => {
  const since = Date.UTC(2026, 0, 1, 0, 0, 30) * 1_000;
  const parts = cover(wholeMinutes({ since, until: since + 30 * day }));
  expect(parts.map(({ span, from, to }) => [span, (to - from) / span])).toEqual([
    [day, 30],
    [minute, 1],
  ]);
});

/** Walks along, always by the longest bucket that begins there and fits: none longer ever fits later in its place. */
function fewest(since: number, until: number): number {
  let count = 0;
  for (let at = since; at < until; count++) {
    at += [day, hour, minute].find((span) => at % span === 0 && at + span <= until)!;
  }
  return count;
}
