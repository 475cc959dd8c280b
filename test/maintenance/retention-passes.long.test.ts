import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import type { PruneQuery, PruneStep } from "../../src/core/retention.ts";
import { RetentionPasses } from "../../src/maintenance/retention-passes.ts";
import { createLog } from "../../src/runtime/log.ts";
import type { StoreService } from "../../src/workers/store-service.ts";
import { projectAll } from "../support/project.ts";
import { batchOf, event, markTime, openStore } from "../support/store.ts";

/** In the steps of these tests time passes by whole seconds. */
const second = 1_000_000;

/** Passes over a real store, and the queries that they make. */
function start(store: StoreService, retentionMs: number) {
  const queries: PruneQuery[] = [];
  const clock = { elapsed: 0, latest: 0 };
  const passes = new RetentionPasses({
    clock,
    retentionMs,
    log: createLog("error", () => undefined),
    deleted: () => undefined,
    store: {
      async prune(query): Promise<PruneStep> {
        queries.push(query);
        return store.prune(query);
      },
    },
  });
  return {
    passes,
    queries,
    clock,
    /** Runs what is due. @returns how many steps that took */
    async run(): Promise<number> {
      const before = queries.length;
      for (let pauseMs = 0; pauseMs <= 2; pauseMs = await passes.step());
      return queries.length - before;
    },
    /** The pass over all apps is due again. */
    wait: () => Bun.sleep(retentionMs / 4 + 5),
  };
}

const many = (app: string, from: number, count: number) =>
  Array.from({ length: count }, (_, n) => event(from + n, { appId: app, messageId: `m${from + n}` }));

test("messages that their app keeps for longer are read once by the pass over all apps", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putAppRetention({ appId: "long", keepFor: 1_000 * second });
  await store.apply(await batchOf([...many("long", 1, 2_600), ...many("others", 2_601, 20)]));
  await projectAll(store, 2_620, 0);
  await markTime(store, second);
  const { clock, run, wait, passes } = start(store, 100);
  passes.put("long", 1_000_000);
  clock.elapsed = 2 * second;
  expect(await run()).toBeGreaterThan(5);
  expect(passes.totals).toEqual({ messages: 20, events: 20 });
  await wait();
  // One step of the range, behind what was read.
  expect(await run()).toBe(1);
  const { messages } = await queries.list({ order: "oldest", limit: 1_000, appId: "long" });
  expect(messages).toHaveLength(1_000);
  passes.remove("long");
  await store.deleteAppRetention("long");
  await wait();
  await run();
  expect(passes.totals.messages).toBe(2_620);
});

test("a message that was kept is examined again in each pass, until it is old", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.apply(await batchOf([event(1, { messageId: "a" }), event(2, { messageId: "b" })]));
  await projectAll(store, 2, 0);
  await markTime(store, second);
  await store.apply(await batchOf([event(3, { messageId: "a", createdAt: 9 })]));
  await projectAll(store, 3, 0);
  await markTime(store, 2 * second);
  const { clock, run, wait, passes, queries } = start(store, 100);
  clock.elapsed = 1.5 * second;
  await run();
  expect(passes.totals.messages).toBe(1);
  await wait();
  await run();
  expect(queries.at(-2)?.scope).toEqual({ kind: "messages", ids: [1] });
  expect(passes.totals.messages).toBe(1);
  clock.elapsed = 3 * second;
  await wait();
  await run();
  expect(passes.totals.messages).toBe(2);
});

test("hundreds of apps have a pass each; those that keep their messages for ever have none", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const apps = 300;
  const events = Array.from({ length: apps * 3 }, (_, n) =>
    event(n + 1, { appId: `app ${n % apps}`, messageId: `m${n}` }),
  );
  await store.apply(await batchOf(events));
  await projectAll(store, events.length, 0);
  await markTime(store, second);
  const { clock, run, passes, queries: made } = start(store, Number.POSITIVE_INFINITY);
  for (let n = 0; n < apps; n++) {
    const keepFor = (n % 3) * 60 * second;
    await store.putAppRetention({ appId: `app ${n}`, keepFor });
    passes.put(`app ${n}`, keepFor === 0 ? Number.POSITIVE_INFINITY : keepFor / 1_000);
  }
  expect(passes.keptFor).toEqual({ shortest: 60 * second, longest: 120 * second });
  clock.elapsed = 100 * second;
  await run();
  expect(made).toHaveLength(200);
  expect(passes.totals.messages).toBe(300);
  const { messages } = await queries.list({ order: "newest", limit: 1_000 });
  expect(new Set(messages.map(({ appId }) => Number(appId.slice(4)) % 3))).toEqual(new Set([0, 2]));
});

test("marks become fewer with their age, and stay close enough for every retention", async () => {
  using opened = await openStore();
  const { store } = opened;
  const kept = { shortest: second, longest: 100_000 * second };
  const marksOf = 1_000;
  for (let n = 1; n <= marksOf; n++) {
    await store.apply(await batchOf([event(n)]));
    const elapsed = n * second;
    await store.recordTime({ elapsed, wall: elapsed, absent: 0, stepped: 0, agreed: 0 }, kept);
  }
  await projectAll(store, marksOf, 0);
  const client = createClient({ url: opened.url });
  const { rows } = await client.execute("SELECT count(*) AS count FROM marks");
  client.close();
  expect(Number(rows[0]?.count)).toBeLessThan(64 * Math.log(marksOf));
  const now = marksOf * second;
  // What is as old as that is deleted at the latest when it is a 64th older.
  for (let age = 1; age < marksOf; age = Math.ceil(age * 1.3)) {
    const step = await store.prune({
      elapsed: now,
      keepFor: age * second,
      latest: 0,
      scope: { kind: "messages", ids: [] },
    });
    expect(step.oldTo).toBeLessThanOrEqual(marksOf - age);
    expect(step.oldTo).toBeGreaterThanOrEqual(Math.floor(marksOf - age * (1 + 1 / 32)) - 1);
  }
});
