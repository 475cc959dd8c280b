import { expect, test } from "bun:test";
import { DryRun } from "../../src/learning/dry-run.ts";
import { parseDefinition } from "../support/definition.ts";

const second = 1_000_000;
const definition = parseDefinition({
  stages: [{ event: "A" }, { event: "B", within: "10s" }, { event: "C", within: "1h" }],
  complete_on: ["C"],
  fail_on: ["X"],
  grace: "1s",
});

/** Each event by its time, and by its time of receipt where that was later; in seconds. */
const histories: Readonly<Record<string, readonly [event: string, at: number, receivedAt?: number][]>> = {
  "in time": [
    ["A", 0],
    ["B", 5],
    ["C", 20],
  ],
  "in time, received late": [
    ["A", 0],
    ["B", 5, 12],
  ],
  "complete before it was due, and received late": [
    ["A", 0],
    ["C", 2],
    ["B", 5, 60],
  ],
  "complete without it, long after it was due": [
    ["A", 0],
    ["C", 30],
  ],
  "failed without it, long after it was due": [
    ["A", 0],
    ["X", 30],
  ],
  "received all at once, late": [
    ["A", 0, 60],
    ["B", 5, 60],
    ["C", 20, 60],
  ],
  "imported one by one": [
    ["A", 0, 60],
    ["B", 5, 61],
    ["C", 20, 62],
  ],
  "imported, and late when it happened": [
    ["A", 0, 60],
    ["B", 15, 61],
    ["C", 20, 62],
  ],
  "imported, and failed without it": [
    ["A", 0, 60],
    ["X", 30, 61],
  ],
};

test("a trial counts as missing what would have been raised, whether the stage came or the message ended", () => {
  const run = new DryRun(definition, 1_000 * second);
  for (const [messageId, events] of Object.entries(histories)) {
    run.add({
      messageId,
      createdAt: 0,
      events: events.map(([event, at, receivedAt = at]) => ({
        event,
        at: at * second,
        receivedAt: receivedAt * second,
      })),
    });
  }
  const { findings } = run.result();
  expect(findings.find(({ kind, stage }) => kind === "missing" && stage === "B")).toEqual({
    kind: "missing",
    stage: "B",
    holding: 0,
    retracted: 5,
    samples: [
      "in time, received late",
      "complete without it, long after it was due",
      "failed without it, long after it was due",
      "imported, and late when it happened",
      "imported, and failed without it",
    ],
  });
  expect(findings.find(({ kind }) => kind === "skipped")).toMatchObject({ stage: "B", holding: 1 });
});

test("a trial goes by the last of those who owe a stage, as happened and as received", () => {
  const owing = parseDefinition({
    stages: [{ event: "A" }, { event: "B", within: "10s", each: { of: "to", by: "by" } }],
    complete_on: ["B"],
    grace: "1s",
  });
  const run = new DryRun(owing, 1_000 * second);
  const add = (messageId: string, ...named: [name: string, at: number, receivedAt: number][]) =>
    run.add({
      messageId,
      createdAt: 0,
      events: [
        { event: "A", at: 0, receivedAt: 0 },
        { event: "B", at: 1 * second, receivedAt: 1 * second },
      ],
      owed: [
        [
          {
            listed: ["x", "y"],
            started: true,
            named: named.map(([name, at, receivedAt]) => [name, at * second, receivedAt * second] as const),
            count: named.length,
            first: [1 * second],
            receivedAt: 1 * second,
          },
        ],
      ],
    });
  add("in time", ["x", 1, 1], ["y", 5, 5]);
  add("received late", ["x", 1, 1], ["y", 5, 60]);
  add("late", ["x", 1, 1], ["y", 50, 50]);
  add("one is missing", ["x", 1, 1], ["z", 2, 2]);
  const { states, findings } = run.result();
  expect(states).toMatchObject({ complete: 3, overdue: 1 });
  expect(
    findings.map(({ kind, holding, retracted, samples }) => [kind, holding, retracted, samples]),
  ).toEqual([
    ["missing", 1, 2, ["received late", "late", "one is missing"]],
    ["late", 1, 0, ["late"]],
  ]);
});
