import { describe, expect, test } from "bun:test";
import type { TimeRecord } from "../../src/core/time-record.ts";
import { Clock } from "../../src/runtime/clock.ts";
import { createLog } from "../../src/runtime/log.ts";

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;
const began = Date.UTC(2026, 0, 1);

/** A clock over times that the test sets. */
function start(record?: TimeRecord, { at = began, graceMs = 0 } = {}) {
  let wall = at;
  let steady = 0;
  const time = { wallMs: () => wall, steadyMs: () => steady };
  const log = createLog("error", () => undefined);
  const clock = new Clock({ log, graceMs, time });
  clock.resume(record);
  return {
    clock,
    /** Lets time pass, as it passes where the clock is looked at all the time. */
    pass(ms: number) {
      const stride = Math.max(200, Math.min(50_000, ms / 1_000));
      for (let left = ms; left > 0; left -= stride) {
        wall += Math.min(stride, left);
        steady += Math.min(stride, left);
        // A long stride would be a pause of the process.
        if (stride <= 250) clock.check();
      }
      clock.check();
    },
    step(ms: number) {
      wall += ms;
      clock.check();
    },
    /** The process does not run. */
    stop(ms: number) {
      wall += ms;
      steady += ms;
      clock.check();
    },
    ms: () => ({
      elapsed: clock.elapsed / 1_000 - began,
      trusted: clock.trusted / 1_000 - wall,
      judged: clock.judged / 1_000 - wall,
    }),
  };
}

for (const byMs of [hour, day, 400 * day]) {
  describe(`a clock that is ${byMs / hour} h wrong`, () => {
    test("ahead while Mars runs, ages nothing and is believed after a while", () => {
      const { clock, pass, step, ms } = start();
      pass(5 * second);
      step(byMs);
      expect(ms()).toEqual({ elapsed: 5 * second, trusted: -byMs, judged: -byMs });
      expect(clock.mayRaise).toBe(false);
      expect(clock.doubt).not.toBe("");
      pass(10 * second);
      expect(ms()).toEqual({ elapsed: 15 * second, trusted: -byMs, judged: 0 });
      expect(clock.mayRaise).toBe(true);
    });

    test("ahead and put right leaves nothing behind", () => {
      const { clock, pass, step, ms } = start();
      pass(5 * second);
      step(byMs);
      pass(2 * second);
      step(-byMs);
      expect(clock.mayRaise).toBe(true);
      expect(ms()).toEqual({ elapsed: 7 * second, trusted: 0, judged: 0 });
      expect(clock.doubt).toBe("");
    });

    test("back retracts nothing before it has held for as long as the time before it, and ages nothing", () => {
      const { clock, pass, step, ms } = start();
      pass(20 * second);
      step(-byMs);
      expect(ms()).toEqual({ elapsed: 20 * second, trusted: 0, judged: 0 });
      expect([clock.mayRaise, clock.putBack]).toEqual([true, true]);
      pass(10 * second);
      step(byMs);
      expect([clock.mayRaise, clock.putBack]).toEqual([true, false]);
      expect(ms()).toEqual({ elapsed: 30 * second, trusted: -byMs, judged: 0 });
      pass(20 * second);
      step(-byMs);
      pass(19 * second);
      expect(clock.putBack).toBe(true);
      pass(second);
      expect(clock.putBack).toBe(false);
      expect(ms()).toMatchObject({ elapsed: 70 * second, judged: 0 });
    });

    test("ahead at the start, for two seconds, ages nothing", () => {
      const first = start();
      first.pass(30 * second);
      const record = first.clock.record();
      const { pass, step, ms } = start(record, { at: began + 33 * second + byMs });
      expect(ms()).toMatchObject({ elapsed: 30 * second, trusted: -byMs - 3 * second });
      pass(2 * second);
      step(-byMs);
      pass(4 * second);
      expect(ms()).toEqual({ elapsed: 39 * second, trusted: 0, judged: 0 });
    });

    test("behind at the start, then put right, ages nothing", () => {
      const first = start();
      first.pass(30 * second);
      const { clock, pass, step, ms } = start(first.clock.record(), { at: began + 33 * second - byMs });
      expect(ms()).toMatchObject({ elapsed: 30 * second });
      pass(2 * second);
      step(byMs);
      pass(20 * second);
      expect(clock.mayRaise).toBe(true);
      expect(ms()).toMatchObject({ elapsed: 52 * second, judged: 0 });
    });
  });
}

test("time that passed while Mars did not run counts once the clock has agreed for as long, a day at most", () => {
  const first = start();
  first.pass(second);
  const record = first.clock.record();
  const after = start(record, { at: began + second + 2 * hour });
  expect(after.clock.elapsed).toBe(record.elapsed);
  for (let minutes = 0; minutes < 119; minutes++) after.pass(60 * second);
  expect(after.ms().trusted).toBe(-2 * hour);
  after.pass(60 * second);
  expect(after.ms()).toMatchObject({ elapsed: second + 4 * hour, trusted: 0 });
});

test("a short restart goes on at once with what had been proven", () => {
  const first = start();
  first.pass(60 * second);
  const { clock, ms } = start(first.clock.record(), { at: began + 65 * second });
  expect(clock.mayRaise).toBe(true);
  expect(ms()).toEqual({ elapsed: 65 * second, trusted: 0, judged: 0 });
});

test("a process that was stopped raises nothing until the grace is over, and time has passed for it", () => {
  const { clock, pass, stop, ms } = start(undefined, { graceMs: 5 * second });
  pass(second);
  stop(20 * second);
  expect(clock.mayRaise).toBe(false);
  expect(clock.stats()).toMatchObject({ pauses: 1, steps: 0 });
  pass(4 * second);
  expect(clock.mayRaise).toBe(false);
  pass(second);
  expect(clock.mayRaise).toBe(true);
  expect(ms()).toEqual({ elapsed: 26 * second, trusted: 0, judged: 0 });
});

test("steps of centuries can be recorded, and taken back", () => {
  const { clock, step } = start();
  for (let n = 0; n < 3; n++) {
    step(220 * 365 * day);
    const { skews, ...times } = clock.record();
    const numbers = [skews!.since, ...skews!.known.flatMap((skew) => Object.values(skew))];
    for (const value of [...Object.values(times), ...numbers]) expect(Number.isSafeInteger(value)).toBe(true);
  }
  step(-660 * 365 * day);
  expect(clock.stats()).toMatchObject({ unproven_ms: 0 });
  expect(clock.elapsed / 1_000).toBe(began);
});

test("a clock that is slewed is no clock that steps", () => {
  const { clock, pass, step } = start();
  for (let n = 0; n < 5_000; n++) {
    pass(200);
    step(0.1);
  }
  expect(clock.stats()).toMatchObject({ steps: 0, settled: true, unproven_ms: 0 });
});

test("a clock that creeps away faster than any slewing is one that steps", () => {
  const { clock, pass, step } = start();
  for (let n = 0; n < 10; n++) {
    pass(200);
    step(600);
  }
  expect(clock.stats().steps).toBeGreaterThan(0);
  expect(clock.elapsed / 1_000 - began).toBe(2 * second);
});
