/** Runs at their edges: those that are there no more, many of them, and what waits for its time in an earlier one. */
import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { runsMax } from "../../../src/lifecycle/runs.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000_000;
const definition = parseDefinition({
  stages: [
    { event: "CREATED" },
    { event: "TAKEN", after: "CREATED", within: "10s" },
    { event: "CLOSED", after: "TAKEN" },
  ],
  complete_on: ["CLOSED"],
  reopen_on: ["REOPENED"],
  grace: "2s",
});

const at = (seq: number, name: string, seconds: number, eventId = "") =>
  event(seq, { event: name, createdAt: seconds * second, eventId });

/** Each row of a query in short. */
async function rowsOf({ url }: TestStore, sql: string): Promise<string[]> {
  const client = createClient({ url });
  const { rows } = await client.execute(sql);
  client.close();
  return rows.map((row) => Object.values(row).join(" "));
}

const funnel = `SELECT s.stage, f.reached, f.waiting, f.overdue, f.never FROM funnel f JOIN stages s ON s.id = f.stage
  WHERE span = 86400000000 ORDER BY s.id`;
const runs = "SELECT run, run_number FROM runs ORDER BY run_number";

test("a run whose event turns out to be the very first is there no more, nor its findings and counts", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("app", definition);
  await store.apply(await batchOf([at(1, "CREATED", 100), at(2, "TAKEN", 101), at(3, "REOPENED", 120, "x")]));
  const [raised] = await projectAll(store, 3, 140 * second);
  expect(raised).toMatchObject({ kind: "missing", stage: "TAKEN", run: 2, dueAt: 130 * second });
  expect(await rowsOf(opened, runs)).toEqual(["0 1"]);
  expect(await rowsOf(opened, funnel)).toEqual([
    " 2 0 0 0",
    "CREATED 2 0 0 0",
    "TAKEN 1 0 1 0",
    "CLOSED 0 1 0 1",
  ]);

  // Of two reports of one event the earlier counts.
  await store.apply(await batchOf([at(4, "REOPENED", 90, "x")]));
  expect(await projectAll(store, 4, 141 * second)).toMatchObject([
    { id: raised!.id, run: 2, retractedAt: 141 * second },
  ]);
  expect(await rowsOf(opened, runs)).toEqual([]);
  expect(await rowsOf(opened, funnel)).toEqual([
    " 1 0 0 0",
    "CREATED 1 0 0 0",
    "TAKEN 1 0 0 0",
    "CLOSED 0 1 0 0",
  ]);
  const { message } = await queries.get({ appId: "app", messageId: "message" });
  expect(message?.instance).toMatchObject({ run: 1, state: "open" });
});

test("what an earlier run skipped is found when its grace has passed, though another run has begun", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("app", definition);
  await store.apply(await batchOf([at(1, "CREATED", 100), at(2, "CLOSED", 101), at(3, "REOPENED", 102)]));
  expect(await projectAll(store, 3, 103 * second)).toEqual([]);
  expect(await projectAll(store, 3, 103 * second + 1)).toMatchObject([
    { kind: "skipped", stage: "TAKEN", run: 1, dueAt: 101 * second },
  ]);
});

test("what reopens a message in place of its first stage lists who owes the run", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const push = parseDefinition({
    stages: [
      { event: "SENT" },
      { event: "ACKED", after: "SENT", within: "10s", each: { of: "to", by: "by" } },
    ],
    complete_on: ["ACKED"],
    reopen_on: ["RESENT"],
    grace: "0s",
  });
  await store.putLifecycle("app", push);
  const owing = (seq: number, name: string, seconds: number, attributes: object) =>
    event(seq, { event: name, createdAt: seconds * second, attributes: JSON.stringify(attributes) });
  await store.apply(
    await batchOf([
      owing(1, "SENT", 100, { to: ["a"] }),
      owing(2, "ACKED", 101, { by: "a" }),
      owing(3, "RESENT", 120, { to: ["a", "b"] }),
      owing(4, "ACKED", 121, { by: "a" }),
    ]),
  );
  expect(await projectAll(store, 4, 131 * second)).toMatchObject([
    { kind: "missing", stage: "ACKED", run: 2, dueAt: 130 * second, owed: { expected: 2, missing: ["b"] } },
  ]);
  await store.apply(await batchOf([owing(5, "ACKED", 131, { by: "b" })]));
  await projectAll(store, 5, 132 * second);
  const { message } = await queries.get({ appId: "app", messageId: "message" });
  expect(message?.instance).toMatchObject({ run: 2, state: "complete" });
});

test("a message has a bounded number of runs, and its answer the last of them", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("app", definition);
  const reopened = Array.from({ length: runsMax + 5 }, (_, n) => at(n + 2, "REOPENED", 101 + n));
  await store.apply(await batchOf([at(1, "CREATED", 100), ...reopened]));
  await projectAll(store, reopened.length + 1, 110 * second);
  const { message } = await queries.get({ appId: "app", messageId: "message" });
  const { run, runs: shown, runsPartial } = message!.instance!;
  expect([run, shown?.length, shown?.[0]?.number, runsPartial]).toEqual([runsMax, 100, runsMax - 99, true]);
  expect(message!.events.slice(-3).map((one) => one.run)).toEqual([runsMax, runsMax, runsMax]);
  expect(await rowsOf(opened, "SELECT count(*) FROM runs")).toEqual([`${runsMax - 1}`]);
});

test("a message that goes takes its runs along", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("app", definition);
  await store.apply(await batchOf([at(1, "CREATED", 100), at(2, "REOPENED", 102)]));
  await projectAll(store, 2, 103 * second);
  expect(await rowsOf(opened, runs)).toEqual(["0 1"]);
  await store.eraseMessage({ appId: "app", messageId: "message" }, 2);
  expect(await rowsOf(opened, runs)).toEqual([]);
});
