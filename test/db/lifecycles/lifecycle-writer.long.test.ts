import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { MarsError } from "../../../src/core/error.ts";
import type { Finding } from "../../../src/lifecycle/finding.ts";
import { createStoreService } from "../../../src/workers/store-service.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, keepFor, markTime, openStore, prune } from "../../support/store.ts";

const second = 1_000_000;

function definition(name: string) {
  return parseDefinition({
    stages: [{ event: "CREATED" }, { event: name, within: "1s" }],
    complete_on: [name],
    grace: "0s",
  });
}

/** A definition of some 60 KiB. */
function large(name: string) {
  const names = (n: number) => Array.from({ length: 5 }, (_, k) => `${name} ${n} ${k} `.padEnd(250, "x"));
  return parseDefinition({
    stages: [
      { event: "CREATED" },
      { event: name, within: "1s" },
      ...Array.from({ length: 45 }, (_, n) => ({ any_of: names(n), optional: true })),
    ],
    complete_on: [name],
    grace: "0s",
  });
}

async function rowsOf(url: string, sql: string): Promise<number[]> {
  const client = createClient({ url });
  const { rows } = await client.execute(sql);
  client.close();
  return rows.map((row) => Number(row[0]));
}

test("a version holds behind all that is acknowledged, stored and projected or not", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const put = (name: string, acknowledged?: number) =>
    store.putLifecycle("app", definition(name), acknowledged);
  expect(await put("A", 3)).toMatchObject({ version: 1, afterSeq: 3 });
  const created = (seq: number) => event(seq, { messageId: `m${seq}`, createdAt: 0 });
  await store.apply(await batchOf([1, 2, 3, 4, 5].map(created)));
  await projectAll(store, 5, 0);
  // What is stored has been acknowledged, even where the caller does not know it.
  expect(await put("B", 4)).toMatchObject({ version: 2, afterSeq: 5 });
  await store.apply(await batchOf([6, 7].map(created)));
  await projectAll(store, 7, 2 * second);
  const { findings } = await queries.findings({ state: "any", order: "oldest", limit: 100 });
  expect(findings.map(({ messageId, stage }) => `${messageId} ${stage}`)).toEqual([
    "m4 A",
    "m5 A",
    "m6 B",
    "m7 B",
  ]);
  // More of a message that goes by no lifecycle does not make it go by one.
  await store.apply(await batchOf([event(8, { messageId: "m1", event: "MORE", createdAt: 0 })]));
  await projectAll(store, 8, 2 * second);
  expect((await queries.get({ appId: "app", messageId: "m1" })).message?.instance).toBeUndefined();
  expect(await rowsOf(opened.url, "SELECT count(*) FROM instances")).toEqual([4]);
});

test("nothing is written for clients before the database has been opened", async () => {
  const part = createStoreService({ url: "file:/nonexistent/messages.db", authToken: "", timeoutMs: 1_000 });
  const writes = [
    "putLifecycle",
    "project",
    "putAlertRule",
    "deleteAlertRule",
    "putAlertSink",
    "deleteAlertSink",
    "addAlertSilence",
    "deleteAlertSilence",
    "commitAlerts",
    "recordAttempt",
    "recordTest",
    "pruneAlerts",
  ] as const;
  for (const name of writes) {
    const write = part[name] as (...args: unknown[]) => Promise<unknown>;
    const error = await write("id", {}).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(MarsError);
    expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining("starting") });
  }
  part.close();
});

test("versions that no message goes by make room, and those that one does are kept", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("app", large("first"));
  await store.apply(await batchOf([event(1, { messageId: "m1", createdAt: 0 })]));
  await projectAll(store, 1, 0);
  for (let n = 0; n < 90; n++) await store.putLifecycle("app", large(`v${n}`));
  const kept = await rowsOf(opened.url, "SELECT version FROM lifecycles ORDER BY version");
  expect(kept[0]).toBe(1);
  expect(kept.at(-1)).toBe(91);
  expect(kept.length).toBeLessThan(70);
  // An answer has no more than a mebibyte of them.
  const shown = (await queries.lifecycleVersions("app")).map(({ version }) => version);
  expect(shown.length).toBeLessThan(20);
  expect(shown).toEqual(kept.toReversed().slice(0, shown.length));
  expect(await queries.lifecycleVersions("app", 1)).toMatchObject([{ version: 91 }]);
  const [bytes = 0] = await rowsOf(opened.url, "SELECT lifecycle_bytes FROM apps");
  const [sum] = await rowsOf(opened.url, "SELECT sum(bytes + 1024) FROM lifecycles");
  expect(bytes).toBe(sum!);
  expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  // Nothing is counted by the stages of those that were dropped.
  await store.pruneCounts(0);
  const [stages = 0] = await rowsOf(opened.url, "SELECT count(*) FROM stages");
  expect(stages).toBeLessThanOrEqual(kept.length * 46 + 2);

  const [missing] = await projectAll(store, 1, 2 * second);
  expect(missing).toMatchObject({ messageId: "m1", stage: "first", version: 1 });
  await store.apply(await batchOf([event(2, { messageId: "m2", createdAt: 0 })]));
  const [newest] = await projectAll(store, 2, 2 * second);
  expect(newest).toMatchObject({ messageId: "m2", stage: "v89", version: 91 });
  expect((await queries.get({ appId: "app", messageId: "m1" })).message?.instance?.version).toBe(1);
});

test("an app whose versions are all in use gets no more, can be ended, and has room again after retention", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  let seq = 0;
  let refused: MarsError | undefined;
  while (refused === undefined && seq < 200) {
    try {
      await store.putLifecycle("app", large(`v${seq}`));
    } catch (error) {
      refused = error as MarsError;
      break;
    }
    seq += 1;
    const one = { messageId: `m${seq}`, createdAt: 0 };
    await store.apply(await batchOf([event(2 * seq - 1, one), event(2 * seq, { ...one, appId: "other" })]));
    await projectAll(store, 2 * seq, 0);
    // Beside it another app, so that all of them together are more than one step may load.
    if (seq % 3 === 0) await store.putLifecycle("other", large(`w${seq}`));
  }
  expect(refused).toMatchObject({ code: "overloaded", retryAfterMs: 3_600_000 });
  expect(seq).toBeGreaterThan(40);
  // Others have room of their own, and the end needs none.
  expect(await store.putLifecycle("third", large("x"))).toMatchObject({ version: 1 });
  expect(await store.putLifecycle("app", undefined)).toMatchObject({ version: seq + 1 });
  await expect(store.putLifecycle("app", large("again"))).rejects.toThrow("at most");

  // Each message is followed by its own, though together they are larger than what one step may load.
  const app = (findings: readonly Finding[]) => findings.filter(({ appId }) => appId === "app");
  const found = app(await projectAll(store, 2 * seq, 2 * second));
  expect(found.map(({ messageId, stage }) => `${messageId} ${stage}`).sort()).toEqual(
    Array.from({ length: seq }, (_, n) => `m${n + 1} v${n}`).sort(),
  );
  const paid = Array.from({ length: 2 * seq }, (_, n) => ({
    appId: n % 2 === 0 ? "app" : "other",
    messageId: `m${(n >> 1) + 1}`,
    event: `v${n >> 1}`,
    createdAt: 1,
  }));
  await store.apply(await batchOf(paid.map((fields, n) => event(2 * seq + n + 1, fields))));
  const came = app(await projectAll(store, 4 * seq, 2 * second));
  expect(came.filter(({ retractedAt }) => retractedAt !== undefined)).toHaveLength(seq);
  const apps = await queries.apps({ limit: 10 });
  expect(apps.apps[0]?.messages).toMatchObject({ open: 0, overdue: 0, complete: seq });

  await markTime(store, 1);
  await prune(store, 1 + keepFor);
  expect(await store.putLifecycle("app", large("again"))).toMatchObject({ version: seq + 2 });
});
