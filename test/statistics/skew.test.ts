import { expect, test } from "bun:test";
import fc from "fast-check";
import { estimateSkew, type SkewSample } from "../../src/statistics/skew.ts";
import { mulberry32 } from "../support/random.ts";

const second = 1_000_000;
const begin = Date.UTC(2026, 0, 1) * 1_000;
const stages = [
  { events: ["SENT"], after: [] },
  { events: ["PAID", "FREE"], after: ["SENT"] },
  { events: ["DONE"], after: ["PAID", "FREE"] },
];

test("the skew of each clock is found, for slow and fast ways to Mars", () => {
  const clock = fc.integer({ min: -600, max: 600 }).map((seconds) => seconds * second);
  fc.assert(
    fc.property(fc.record({ SENT: clock, PAID: clock, DONE: clock }), fc.nat(), (clocks, seed) => {
      const random = mulberry32(seed);
      const samples: SkewSample[] = [];
      for (let message = 1; message <= 100; message++) {
        let at = begin + message * 10 * second;
        for (const [event, ahead] of Object.entries(clocks)) {
          // Each stage takes two seconds, and its report up to 200 ms.
          const receivedAt = at + 1 + Math.floor(random() * 200_000);
          samples.push({ message, event, createdAt: at + ahead, receivedAt });
          at += 2 * second;
        }
      }
      const { events, messages } = estimateSkew(samples, stages);
      expect(messages).toBe(100);
      for (const { event, skew = Number.NaN, delayMedian = Number.NaN, earlyPairs, hint } of events) {
        const ahead = clocks[event as keyof typeof clocks];
        expect(Math.abs(skew - ahead)).toBeLessThan(0.1 * second);
        expect(Math.abs(delayMedian + ahead)).toBeLessThan(0.2 * second);
        const before = { SENT: undefined, PAID: clocks.SENT, DONE: clocks.PAID }[event];
        const earlyBy = before === undefined ? 0 : before - ahead - 2 * second;
        expect(earlyPairs.map((pair) => [pair.early, pair.pairs, pair.earlyBy])).toEqual(
          earlyBy > 0 ? [[100, 100, earlyBy]] : [],
        );
        expect(hint.includes("is ahead by")).toBe(skew > second);
        expect(hint.includes("is behind")).toBe(-skew > second);
      }
    }),
    { numRuns: 50 },
  );
});

test("imports, and events without a time of their own, say nothing of a clock", () => {
  const of = (message: number, createdAt: number) => ({
    message,
    event: "SENT",
    createdAt,
    receivedAt: begin,
  });
  const old = Array.from({ length: 30 }, (_, n) => of(n, begin - 2 * 86_400 * second));
  const bare = Array.from({ length: 30 }, (_, n) => of(n, begin));
  const [event] = estimateSkew([...old, ...bare], []).events;
  expect(event).toEqual({
    event: "SENT",
    samples: 0,
    others: 60,
    earlyPairs: [],
    hint: "no events with a time of their own",
  });
  const [few] = estimateSkew([of(1, begin + 60 * second)], []).events;
  expect(few).toMatchObject({ samples: 1, delayMin: -60 * second, earlyPairs: [] });
  expect(few).not.toHaveProperty("skew");
});

test("a hint says no more than is known: single reports came sooner", () => {
  const samples = Array.from({ length: 500 }, (_, message) => {
    const delay = (message === 0 ? 1 : 100 + message) * second;
    return { message, event: "SENT", createdAt: begin, receivedAt: begin + delay };
  });
  const [{ delayMin, hint } = {}] = estimateSkew(samples, []).events;
  expect(delayMin).toBe(second);
  expect(hint).toStartWith("99 of 100 reports come 10");
});
