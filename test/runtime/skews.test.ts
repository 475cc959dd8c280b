import { expect, test } from "bun:test";
import { behindOf, excessOf } from "../../src/core/skew.ts";
import { Skews } from "../../src/runtime/skews.ts";

const second = 1_000;
const at = (ms: number) => ms * 1_000;
const passedMs = 100;

/** By how many seconds the clock was behind that gave these times, in seconds. */
function behind(skews: Skews, ...seconds: readonly number[]): number[] {
  return seconds.map((time) => behindOf(skews.seenFrom(0), at(time * second)) / at(second));
}

test("a clock that is put right in two steps was behind by both before the first", () => {
  const skews = new Skews();
  skews.stepped(10 * second, { wallMs: 110 * second, passedMs });
  skews.stepped(5 * second, { wallMs: 165 * second, passedMs });
  expect(behind(skews, -1e6, 100, 105, 110, 160, 162, 165)).toEqual([15, 15, 0, 5, 5, 0, 0]);
  expect(excessOf(skews.seenFrom(0), at(90 * second), at(100 * second))).toBe(0);
  expect(excessOf(skews.seenFrom(0), at(90 * second), at(120 * second))).toBe(at(10 * second));
  expect(excessOf(skews.seenFrom(0), at(90 * second), at(170 * second))).toBe(at(15 * second));
});

test("a step that is taken back leaves the times in between, which were ahead or behind", () => {
  const ahead = new Skews();
  ahead.stepped(100 * second, { wallMs: 200 * second, passedMs });
  ahead.stepped(-100 * second, { wallMs: 110 * second, passedMs });
  expect(behind(ahead, 90, 100, 105, 205, 300)).toEqual([0, 0, 0, 0, 0]);
  expect(excessOf(ahead.seenFrom(0), at(95 * second), at(205 * second))).toBe(at(100 * second));
  expect(excessOf(ahead.seenFrom(0), at(95 * second), at(115 * second))).toBe(0);

  const back = new Skews();
  back.stepped(-100 * second, { wallMs: 100 * second, passedMs });
  back.stepped(100 * second, { wallMs: 210 * second, passedMs });
  expect(behind(back, 99, 100, 110, 150)).toEqual([0, 100, 100, 0]);
});

test("another run goes on with them, and calls nothing behind where the clock went back meanwhile", () => {
  const before = new Skews();
  before.stepped(10 * second, { wallMs: 110 * second, passedMs });
  const after = new Skews();
  after.resume(before.record, { wallMs: 150 * second, passedMs: 30 * second });
  expect(after.record).toEqual(before.record);
  after.stepped(5 * second, { wallMs: 205 * second, passedMs });
  expect(behind(after, 100, 120, 200)).toEqual([15, 5, 5]);

  const back = new Skews();
  back.resume(new Skews().record, { wallMs: 1_000 * second, passedMs: -500 * second });
  back.stepped(500 * second, { wallMs: 1_510 * second, passedMs });
  expect(behind(back, 900, 1_005)).toEqual([0, 500]);
});

test("so many are remembered, and none that is less than a second", () => {
  const skews = new Skews();
  skews.stepped(900, { wallMs: 10 * second, passedMs });
  expect(skews.record.known).toEqual([]);
  for (let n = 1; n <= 100; n++) skews.stepped(2 * second, { wallMs: n * 10 * second, passedMs });
  expect(skews.record.known).toHaveLength(32);
  expect(skews.warning(1_000 * second)).toContain("64 s");
  const later = new Skews();
  later.resume(skews.record, { wallMs: 1_030 * second, passedMs: 20 * second });
  expect(later.warning(1_030 * second)).toContain("64 s");
  expect(later.warning(1_065 * second)).toBe("");
});
