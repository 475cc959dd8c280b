import { expect, test } from "bun:test";
import type { Finding } from "../../../src/lifecycle/finding.ts";
import { recipientsMax } from "../../../src/lifecycle/owed.ts";
import { parseDefinition } from "../../support/definition.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000_000;
const definition = parseDefinition({
  stages: [
    { event: "SENT" },
    { event: "ACKED", after: "SENT", within: "30s", each: { of: "recipients", by: "client" } },
    { event: "CLOSED", after: "ACKED", within: "10s" },
  ],
  complete_on: ["CLOSED"],
  grace: "0s",
});

const sent = (seq: number, recipients: readonly unknown[], at = 0) =>
  event(seq, { event: "SENT", createdAt: at * second, attributes: JSON.stringify({ recipients }) });
const acked = (seq: number, client: string | number, at: number, eventId = "") =>
  event(seq, { event: "ACKED", createdAt: at * second, eventId, attributes: JSON.stringify({ client }) });

async function projectAll({ store }: TestStore, upTo: number, watermark: number) {
  const findings: Finding[] = [];
  for (;;) {
    const step = await store.project({ upTo, watermark: watermark * second, raise: true });
    findings.push(...step.findings);
    if (step.done) return findings;
  }
}

async function stageOf({ queries }: TestStore, name: string) {
  const { message } = await queries.get({ appId: "app", messageId: "message" });
  return message?.instance?.stages.find((stage) => stage.name === name);
}

const nobody = { extra: [], extraCount: 0, late: [], lateCount: 0 };

test("a stage is missing until the last recipient has acknowledged, and its finding names who has not", async () => {
  using opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  await opened.store.apply(
    await batchOf([sent(1, ["eu-east", "eu-west", "us"]), acked(2, "us", 5), acked(3, "eu-east", 8)]),
  );
  expect(await projectAll(opened, 3, 30)).toEqual([]);
  const owed = { ...nobody, expected: 3, received: 2, missing: ["eu-west"] };
  const raised = await projectAll(opened, 3, 31);
  expect(raised).toMatchObject([{ kind: "missing", stage: "ACKED", dueAt: 30 * second, owed }]);
  expect(await stageOf(opened, "ACKED")).toMatchObject({ status: "overdue", owed });

  const late = { ...nobody, expected: 3, received: 3, missing: [], late: ["eu-west"], lateCount: 1 };
  const extra = { ...late, extra: ["moon"], extraCount: 1 };
  await opened.store.apply(await batchOf([acked(4, "eu-west", 33), acked(5, "moon", 1)]));
  expect(await projectAll(opened, 5, 34)).toMatchObject([
    { kind: "missing", stage: "ACKED", retractedAt: 34 * second, lateBy: 3 * second, owed: extra },
    { kind: "late", stage: "ACKED", lateBy: 3 * second, owed: extra },
  ]);
  // What comes after it runs from there.
  expect(await stageOf(opened, "CLOSED")).toMatchObject({ status: "waiting", dueAt: 43 * second });
  const { overdue } = await opened.queries.overdue({ clock: 50 * second, limit: 10 });
  expect(overdue).toEqual([]);
});

test("a recipient that is listed later owes as well: what was done is waited for again", async () => {
  using opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  await opened.store.apply(await batchOf([sent(1, ["a"]), acked(2, "a", 5)]));
  expect(await projectAll(opened, 2, 6)).toEqual([]);
  expect(await stageOf(opened, "ACKED")).toMatchObject({ status: "done", doneAt: 5 * second });
  await opened.store.apply(await batchOf([sent(3, ["b"], 1)]));
  const [finding] = await projectAll(opened, 3, 31);
  const owed = { ...nobody, expected: 2, received: 1, missing: ["b"] };
  expect(finding).toMatchObject({ kind: "missing", stage: "ACKED", owed });
  const { overdue } = await opened.queries.overdue({ clock: 50 * second, limit: 10 });
  expect(overdue.map((one) => one.finding.owed)).toEqual([owed]);
});

test("a repeat that changes only who has acknowledged counts, after a restart too", async () => {
  using opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  await opened.store.apply(await batchOf([sent(1, ["a", "b"]), acked(2, "b", 5, "one")]));
  expect(await projectAll(opened, 2, 31)).toHaveLength(1);
  // Of two reports of one event the least counts: it was `a`.
  await opened.store.apply(await batchOf([acked(3, "a", 5, "one")]));
  const owed = { ...nobody, expected: 2, received: 1, missing: ["b"] };
  expect((await stageOf(opened, "ACKED"))?.owed).toEqual(owed);
  const store = await opened.restart();
  await projectAll({ ...opened, store }, 3, 32);
  const { findings } = await opened.queries.findings({ state: "any", order: "oldest", limit: 10 });
  expect(findings.map((one) => one.owed)).toEqual([owed]);
});

test("whole numbers name recipients as their digits do, in a run of a message too", async () => {
  for (const reopenOn of [undefined, "SENT"]) {
    using opened = await openStore();
    await opened.store.putLifecycle("app", { ...definition, ...(reopenOn && { reopenOn: [reopenOn] }) });
    await opened.store.apply(
      await batchOf([
        sent(1, [42, 17], -5),
        sent(2, [17, "17", 42, 8, 4.5, true, null, {}]),
        ...[acked(3, 17, 1), acked(4, "42", 2), acked(5, 3, 2), acked(6, 4.5, 2)],
      ]),
    );
    await projectAll(opened, 6, 31);
    const owed = { expected: 3, received: 2, missing: ["8"], extra: ["3"], extraCount: 1 };
    expect(await stageOf(opened, "ACKED")).toMatchObject({ status: "overdue", owed });
  }
});

test("of over a thousand recipients the first by their names count, which is said", async () => {
  using opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  const names = Array.from({ length: recipientsMax + 50 }, (_, n) => `r${String(n).padStart(4, "0")}`);
  const half = names.length / 2;
  await opened.store.apply(
    await batchOf([
      ...[sent(1, names.slice(0, half)), sent(2, names.slice(half), 1)],
      ...names.slice(150).map((name, n) => acked(3 + n, name, 5)),
    ]),
  );
  await projectAll(opened, names.length, 31);
  const owed = (await stageOf(opened, "ACKED"))?.owed;
  expect(owed).toMatchObject({ expected: 1_000, received: 850, extraCount: 0, partial: true });
  // The lists are bounded, the counts are not.
  expect(owed?.missing).toEqual(names.slice(0, 100));
});

test("where nobody is listed the stage is an ordinary one", async () => {
  using opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  const acks = [acked(1, "a", 4), event(3, { event: "ACKED", createdAt: 7 * second })];
  await opened.store.apply(await batchOf([acks[0]!]));
  expect(await stageOf(opened, "ACKED")).toMatchObject({ status: "pending" });
  await opened.store.apply(await batchOf([event(2, { event: "SENT", createdAt: 0 }), acks[1]!]));
  expect(await projectAll(opened, 3, 8)).toEqual([]);
  const stage = await stageOf(opened, "ACKED");
  expect(stage).toMatchObject({ status: "done", doneAt: 4 * second });
  expect(stage?.owed).toBeUndefined();
});
