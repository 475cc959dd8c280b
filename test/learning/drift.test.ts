/** How what messages did differs from a lifecycle. */
import { expect, test } from "bun:test";
import { driftOf } from "../../src/learning/drift.ts";
import { DryRun } from "../../src/learning/dry-run.ts";
import { learn } from "../../src/learning/learn.ts";
import { Sample } from "../../src/learning/sample.ts";
import { parseDefinition } from "../support/definition.ts";

const second = 1_000_000;
const hour = 3_600 * second;
const until = 100 * hour;

/** Messages that had these events, so many seconds after they began. */
async function drift(
  stages: readonly object[],
  shapes: readonly Readonly<Record<string, number>>[],
  more = {},
) {
  const definition = parseDefinition({ stages, complete_on: ["C"], grace: "0s", ...more });
  const sample = new Sample();
  const dryRun = new DryRun(definition, until);
  for (let count = 0; count < 200; count += 1) {
    const shape = shapes[count % shapes.length]!;
    const events = Object.entries(shape).map(([event, after]) => {
      const at = hour + count * second + after * second;
      return { event, at, receivedAt: at };
    });
    const history = { messageId: `m${count}`, createdAt: hour + count * second, events };
    sample.add(history);
    dryRun.add(history);
  }
  return driftOf(definition, await learn(sample, { until }), dryRun.result(), 0.05);
}

const stages = [
  { event: "A" },
  { event: "B", after: "A", within: "10s" },
  { event: "C", after: "B", within: "10s" },
];

test("what goes by the lifecycle has no drift", async () => {
  expect(
    await drift(stages, [
      { A: 0, B: 1, C: 2 },
      { A: 0, B: 2, C: 4 },
    ]),
  ).toEqual({ messages: 200, differences: [] });
});

test("an event that it does not know is named, and one that fails messages is known", async () => {
  const shapes = [{ A: 0, X: 1, B: 2, C: 3 }];
  expect((await drift(stages, shapes)).differences).toEqual([
    "the event X is not known, 100 % of messages have it",
  ]);
  expect((await drift(stages, shapes, { fail_on: ["X"] })).differences).toEqual([]);
});

test("a stage that no message reaches is named, unless it is optional", async () => {
  const shapes = [{ A: 0, B: 1, C: 2 }];
  const extra = { event: "D", after: "B" };
  expect((await drift([...stages, extra], shapes)).differences).toEqual(["the stage D is never reached"]);
  expect((await drift([...stages, { ...extra, optional: true }], shapes)).differences).toEqual([]);
});

test("a deadline that too many miss is named", async () => {
  const slow = { A: 0, B: 60, C: 62 };
  const fast = { A: 0, B: 1, C: 2 };
  expect((await drift(stages, [slow, fast, fast, fast])).differences).toEqual([
    "25 % of messages miss the deadline of B, more than 5 %",
  ]);
  expect((await drift(stages, [slow, ...Array.from({ length: 39 }, () => fast)])).differences).toEqual([]);
});

test("an order that is reversed is named", async () => {
  const { differences } = await drift(stages, [
    { A: 0, C: 1, B: 2 },
    { A: 0, C: 2, B: 5 },
  ]);
  expect(differences).toContain("C comes before B, and not after it");
});
