/** The same questions about erasure and retention over every protocol: each gives the same answers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eraseApp, eraseMessage, listErasures } from "../../src/api/erasures.ts";
import type { Operation } from "../../src/api/operation.ts";
import { operations } from "../../src/api/operations.ts";
import { deleteRetention, getRetention, putRetention } from "../../src/api/retentions.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { sendBulk } from "../support/rest.ts";
import { doors, type Json, type Outcome } from "./doors.ts";

type Step = readonly [operation: Operation, input: Json];

const steps: readonly Step[] = [
  [getRetention, { app_id: "shop" }],
  [putRetention, { app_id: "shop", retention: "3d" }],
  [getRetention, { app_id: "shop" }],
  [putRetention, { app_id: "shop", retention: "off" }],
  [putRetention, { app_id: "shop", retention: "999ms" }],
  [putRetention, { app_id: "shop" }],
  [getRetention, { app_id: "x".repeat(257) }],
  [deleteRetention, { app_id: "shop" }],
  [deleteRetention, { app_id: "shop" }],
  [eraseMessage, { app_id: "shop", message_id: "a/ü" }],
  [eraseMessage, { app_id: "shop", message_id: "a/ü" }],
  [eraseMessage, { app_id: "shop", message_id: "x".repeat(513) }],
  [eraseApp, { app_id: "shop" }],
  [eraseApp, { app_id: "nobody" }],
  [eraseApp, { app_id: "bank" }],
  [listErasures, { limit: 1 }],
  [listErasures, {}],
  [listErasures, { app_id: "bank" }],
  [listErasures, { limit: 1_001 }],
  [listErasures, { cursor: "x" }],
];

interface Talk {
  readonly door: string;
  readonly outcomes: readonly unknown[];
}

const started: TestMars[] = [];
let talks: readonly Talk[];
const asked = new Map<Operation, Outcome[]>();

beforeAll(async () => {
  talks = await Promise.all(
    doors.map(async ({ name, open }) => {
      const mars = await startMars();
      started.push(mars);
      await sendBulk(
        mars.url,
        ["a/ü", "b", "c"].flatMap((message_id) => [
          { app_id: "shop", message_id, event: "E" },
          { app_id: "bank", message_id, event: "E" },
        ]),
      );
      const call = open(mars);
      const outcomes: unknown[] = [];
      for (const [operation, input] of steps) {
        const outcome = await call(operation, input);
        asked.set(operation, [...(asked.get(operation) ?? []), outcome]);
        outcomes.push({ asked: `${operation.name} ${JSON.stringify(input)}`, outcome: alike(outcome) });
      }
      return { door: name, outcomes };
    }),
  );
}, 60_000);
afterAll(() => Promise.all(started.map((mars) => mars[Symbol.asyncDispose]())));

test("each operation has answered, and those that can have refused", () => {
  for (const operation of operations.filter(({ rpc }) => rpc.includes("PrivacyService"))) {
    const outcomes = asked.get(operation) ?? [];
    const answers = outcomes.filter((one) => "answer" in one).length;
    expect([operation.name, answers > 0, answers < outcomes.length]).toEqual([operation.name, true, true]);
  }
});

describe.each(doors.slice(1).map(({ name }) => name))("over %s", (door) => {
  test("all answers are those of REST", () => {
    const [over, rest] = [talks.find((talk) => talk.door === door), talks[0]];
    expect(over?.outcomes).toEqual(rest?.outcomes as never);
  });
});

/** Times and cursors differ from one Mars to the next. */
function alike(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alike);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "success")
      .map(([name, member]) => [name, /_at$|cursor/.test(name) ? name : alike(member)]),
  );
}
