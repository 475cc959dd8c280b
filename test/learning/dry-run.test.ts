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
    retracted: 3,
    samples: [
      "in time, received late",
      "complete without it, long after it was due",
      "failed without it, long after it was due",
    ],
  });
  expect(findings.find(({ kind }) => kind === "skipped")).toMatchObject({ stage: "B", holding: 1 });
});
