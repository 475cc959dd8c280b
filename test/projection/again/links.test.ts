import { expect, test } from "bun:test";
import type { Finding } from "../../../src/lifecycle/finding.ts";
import type { ProjectionStep } from "../../../src/projection/projection-step.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000_000;
const definitionOf = {
  stages: [{ event: "ORDERED" }, { app: "pay", event: "CAPTURED", after: "ORDERED", within: "5s" }],
  complete_on: ["pay/CAPTURED"],
  grace: "0s",
};
const definition = parseDefinition(definitionOf);

const ordered = (seq: number, fields: object = {}) =>
  event(seq, { appId: "shop", event: "ORDERED", createdAt: second, externalId: "o", ...fields });
const captured = (seq: number, fields: object = {}) =>
  event(seq, { appId: "pay", messageId: `p-${seq}`, event: "CAPTURED", externalId: "o", ...fields });

test("while events of the other app may be on their way, nothing of it is called missing", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("shop", definition);
  await store.apply(await batchOf([ordered(1)]));
  const target = { upTo: 1, watermark: 7 * second, raise: true };
  const pausedApps = ["pay"];
  for (let done = false; !done; ) {
    const step = await store.project({ ...target, pausedApps });
    expect(step.findings).toEqual([]);
    ({ done } = step);
  }
  expect(await projectAll(store, 1, 7 * second)).toHaveLength(1);
});

test("what another app's message has made stays when that message is deleted", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("shop", definition);
  await store.apply(await batchOf([captured(1, { createdAt: 3 * second }), ordered(2)]));
  expect(await projectAll(store, 2, 4 * second)).toEqual([]);
  const stage = async () => {
    const { message } = await queries.get({ appId: "shop", messageId: "message" });
    return message?.instance?.stages[1];
  };
  expect(await stage()).toMatchObject({ doneAt: 3 * second, doneBy: { appId: "pay", messageId: "p-1" } });
  await store.eraseMessage({ appId: "pay", messageId: "p-1" }, 2);
  // Another event of the order, so that it is judged again.
  await store.apply(await batchOf([ordered(3, { event: "SEEN", createdAt: 9 * second })]));
  expect(await projectAll(store, 3, 99 * second)).toEqual([]);
  const done = await stage();
  expect([done?.doneAt, done?.doneBy]).toEqual([3 * second, undefined]);
});

test("of an external id the thousand messages count that began first", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("shop", definition);
  const others = Array.from({ length: 999 }, (_, n) => captured(n + 2, { event: "OTHER" }));
  await store.apply(await batchOf([ordered(1), ...others, captured(1_001, { createdAt: 2 * second })]));
  expect(await projectAll(store, 1_001, 7 * second)).toMatchObject([{ kind: "missing" }]);
  // A message that began before has it.
  await store.apply(await batchOf([captured(1_002, { messageId: "p-500", createdAt: 3 * second })]));
  expect(await projectAll(store, 1_002, 8 * second)).toMatchObject([{ retractedAt: 8 * second }]);
});

const all = { since: Number.MIN_SAFE_INTEGER, of: 10 };

/** Projects until no backfill runs. */
async function backfill({ store }: Pick<TestStore, "store">, upTo: number, watermark: number) {
  const findings: Finding[] = [];
  for (let step: ProjectionStep; ; ) {
    step = await store.project({ upTo, watermark, raise: true });
    findings.push(...step.findings);
    if (step.done && step.backfill === undefined) return findings;
  }
}

test("what was stored before the lifecycle is judged by the events of other apps and by children", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const batch = { appId: "batch", event: "SENT", createdAt: second };
  await store.apply(
    await batchOf([
      captured(1, { createdAt: 3 * second }),
      ordered(2),
      ordered(3, { messageId: "unpaid", externalId: "other" }),
      event(4, { ...batch, messageId: "whole" }),
      event(5, { ...batch, messageId: "part", parentId: "whole" }),
      event(6, { ...batch, messageId: "part", event: "DONE", createdAt: 2 * second }),
      event(7, { ...batch, messageId: "waiting" }),
    ]),
  );
  await projectAll(store, 7, 9 * second);
  await store.putLifecycle("shop", definition, 7, undefined, undefined, all);
  const children = parseDefinition({
    stages: [
      { event: "SENT" },
      { children: "complete", after: "SENT", within: "5s" },
      { event: "DONE", optional: true },
    ],
    complete_on: ["children", "DONE"],
    grace: "0s",
  });
  await store.putLifecycle("batch", children, 7, undefined, undefined, all);
  const found = await backfill(opened, 7, 20 * second);
  const current = await queries.findings({ kind: "missing", state: "current", order: "oldest", limit: 10 });
  expect(current.findings.map(({ messageId, stage }) => [messageId, stage]).sort()).toEqual([
    ["unpaid", "pay/CAPTURED"],
    ["waiting", "children"],
  ]);
  // The other one never was called missing.
  expect(found.map(({ messageId }) => messageId)).not.toContain("message");
  const state = async (appId: string, messageId: string) =>
    (await queries.get({ appId, messageId })).message?.state;
  expect([await state("shop", "message"), await state("batch", "whole")]).toEqual(["complete", "complete"]);
});

test("a message that moves to another version keeps what a message has made that is deleted", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("shop", definition);
  await store.apply(await batchOf([captured(1, { createdAt: 3 * second }), ordered(2)]));
  await projectAll(store, 2, 4 * second);
  await store.eraseMessage({ appId: "pay", messageId: "p-1" }, 2);
  const before = { app: "stock", event: "PACKED", optional: true };
  const [first, ...others] = definitionOf.stages;
  const moved = parseDefinition({ ...definitionOf, stages: [first, before, ...others] });
  await store.putLifecycle("shop", moved, 2, undefined, undefined, all);
  expect(await backfill(opened, 2, 99 * second)).toEqual([]);
  const { message } = await queries.get({ appId: "shop", messageId: "message" });
  expect(message).toMatchObject({ state: "complete", instance: { version: 2 } });
  expect(message?.instance?.stages.map(({ doneAt }) => doneAt)).toEqual([second, undefined, 3 * second]);
});

test("messages that belong to a journey by their ids since a backfill are found by those that wait for them", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("shop", definition);
  await store.apply(
    await batchOf([captured(1, { messageId: "o", externalId: "", createdAt: 3 * second }), ordered(2)]),
  );
  expect(await projectAll(store, 2, 9 * second)).toMatchObject([{ kind: "missing" }]);
  const byMessage = { stages: [{ event: "CAPTURED" }], complete_on: ["CAPTURED"] };
  const put = (lifecycle: object) =>
    store.putLifecycle("pay", parseDefinition(lifecycle), 2, undefined, undefined, all);
  await put({ ...byMessage, journey_by: "message_id" });
  expect(await backfill(opened, 2, 10 * second)).toMatchObject([{ retractedAt: 10 * second }]);
  // And are no longer, when they no longer do.
  await put(byMessage);
  expect(await backfill(opened, 2, 11 * second)).toMatchObject([{ kind: "missing" }]);
});
