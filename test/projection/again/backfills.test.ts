/** Messages that go by a lifecycle which came after them. */
import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import type { Finding } from "../../../src/lifecycle/finding.ts";
import type { BackfillProgress, ProjectionStep } from "../../../src/projection/projection-step.ts";
import { author } from "../../support/caller.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000_000;
/** More than two steps take. */
const count = 4_500;
const all = { since: Number.MIN_SAFE_INTEGER, of: count };
const within = (duration: string) =>
  parseDefinition({
    stages: [{ event: "A" }, { event: "B", within: duration }],
    complete_on: ["B"],
    grace: "0s",
  });

/** Messages that began at 1 s, 2 s and so on, every third of which is complete. */
async function begin(): Promise<TestStore> {
  const opened = await openStore();
  const events = Array.from({ length: count }, (_, n) =>
    event(n + 1, { messageId: `m${n + 1}`, event: "A", createdAt: (n + 1) * second }),
  );
  for (let n = 3; n <= count; n += 3)
    events.push(event(events.length + 1, { messageId: `m${n}`, event: "B", createdAt: n * second + 1 }));
  await opened.store.apply(await batchOf(events));
  return opened;
}

const stored = count + count / 3;
const now = (count + 1) * second;

async function backfill({ store }: Pick<TestStore, "store">, watermark = now, upTo = stored) {
  const [findings, progress]: [Finding[], (BackfillProgress | undefined)[]] = [[], []];
  for (let step: ProjectionStep; ; ) {
    step = await store.project({ upTo, watermark, raise: true });
    findings.push(...step.findings);
    progress.push(step.backfill);
    if (step.done && step.backfill === undefined) return { findings, progress };
    expect(progress.length).toBeLessThan(50);
  }
}

const counts = async ({ queries }: TestStore) => (await queries.apps({ limit: 1 })).apps[0]!.messages;

test("a backfill goes by steps, survives a crash, and marks what follows from it", async () => {
  using opened = await begin();
  const { store, queries } = opened;
  await projectAll(store, stored, now);
  expect(await counts(opened)).toMatchObject({ untracked: count, open: 0 });
  const put = await store.putLifecycle("app", within("10s"), stored, undefined, undefined, all);
  expect(put).toMatchObject({ version: 1, backfill: { done: 0, of: count, ended: false } });

  const first = await store.project({ upTo: stored, watermark: now, raise: true });
  expect(first.backfill).toMatchObject({ appId: "app", version: 1, done: 2_000, of: count, ended: false });
  expect(await counts(opened)).toMatchObject({ untracked: count - 2_000 });
  expect(await queries.lifecycleVersions("app")).toMatchObject([{ backfill: { done: 2_000 } }]);

  const again = await opened.restart();
  const { findings, progress } = await backfill({ store: again });
  expect(progress.map((one) => one?.done)).toEqual([4_000, count, undefined]);
  expect(progress.at(-2)?.ended).toBe(true);
  expect(await counts(opened)).toMatchObject({ untracked: 0, complete: count / 3, open: 6, overdue: 2_994 });
  expect(await queries.lifecycleVersions("app")).toMatchObject([{ backfill: { done: count, ended: true } }]);
  // As if the lifecycle had been there: raised when they were due, and no news.
  const found = [...first.findings, ...findings];
  expect(found).toHaveLength(2_994);
  expect(found.every(({ imported, raisedAt, dueAt }) => imported && raisedAt === dueAt)).toBe(true);
  const page = await queries.findings({ state: "current", order: "newest", limit: 1 });
  expect(page.findings[0]).toMatchObject({ imported: true, messageId: "m4490" });

  // It stays no news when people decide about it, as it is published too.
  const about = { target: "test", appId: "app", selection: {} };
  await again.markFindings([found[0]!.id], { action: "acknowledge" }, about, author);
  const [marked] = await projectAll(again, stored, now);
  expect(marked).toMatchObject({ id: found[0]!.id, imported: true, mark: { status: "acknowledged" } });

  // What is found later is news.
  const later = await projectAll(again, stored, now + 5 * second);
  expect(later.map(({ imported }) => imported)).toEqual([undefined, undefined, undefined]);
});

test("only messages that are young enough are followed, and none that came after the lifecycle", async () => {
  using opened = await begin();
  const { store, queries } = opened;
  await store.putLifecycle("app", within("1h"), stored, undefined, undefined, {
    since: 4_000 * second,
    of: 501,
  });
  await store.apply(await batchOf([event(stored + 1, { messageId: "new", event: "A", createdAt: 1 })]));
  const { progress } = await backfill(opened, now, stored + 1);
  expect(progress.at(-2)).toMatchObject({ done: 501, of: 501, ended: true });
  expect(await counts(opened)).toMatchObject({ untracked: 3_999, complete: 167, open: 334, overdue: 1 });
  const list = await queries.list({ states: ["untracked"], order: "newest", limit: 1 });
  expect(list.messages).toMatchObject([{ messageId: "m3999", state: "untracked" }]);
});

test("messages of an older version move to the new one, with their counts; what is missing by both stays", async () => {
  using opened = await begin();
  const { store, queries } = opened;
  await store.putLifecycle("app", within("10s"), stored, undefined, undefined, all);
  await backfill(opened);
  const missing = { kind: "missing", stage: "B", state: "any", order: "newest", limit: 1 } as const;
  const [before] = (await queries.findings({ ...missing, messageId: "m1" })).findings;
  const other = parseDefinition({
    stages: [{ event: "A" }, { event: "C", within: "1s" }, { event: "B", within: "10s" }],
    complete_on: ["B"],
    grace: "0s",
  });
  await store.putLifecycle("app", other, stored, undefined, undefined, all);
  await backfill(opened);
  const [after] = (await queries.findings({ ...missing, messageId: "m1" })).findings;
  expect(after).toMatchObject({ id: before!.id, version: 2, raisedAt: before!.raisedAt });
  const { message } = await queries.get({ appId: "app", messageId: "m1" });
  expect(message?.instance).toMatchObject({ version: 2, state: "overdue" });
  const { stages, opened: whole } = await queries.funnel("app", { since: 0, until: now });
  expect(whole).toBe(count);
  for (const { reached, waiting, overdue, never } of stages)
    expect(reached + waiting + overdue + never).toBe(count);
  const client = createClient({ url: opened.url });
  const { rows } = await client.execute("SELECT instances FROM lifecycle_instances ORDER BY lifecycle");
  client.close();
  expect(rows.map(({ instances }) => instances)).toEqual([0, count]);
});

test("a backfill waits while its app is paused and before all of its messages are stored, and a new version ends it", async () => {
  using opened = await begin();
  const { store } = opened;
  await store.putLifecycle("app", within("10s"), stored + 1, undefined, undefined, all);
  const waiting = await store.project({ upTo: stored, watermark: now, raise: true });
  expect([waiting.done, waiting.backfill?.done]).toEqual([true, 0]);
  await store.apply(await batchOf([event(stored + 1, { messageId: "last", event: "A", createdAt: 2 })]));
  const target = { upTo: stored + 1, watermark: now, raise: true };
  const paused = await store.project({ ...target, pausedApps: ["app"] });
  expect([paused.done, paused.backfill?.done]).toEqual([true, 0]);
  expect((await store.project(target)).backfill?.done).toBe(2_000);

  await store.putLifecycle("app", within("20s"), stored + 1);
  expect((await store.project(target)).backfill).toBeUndefined();
  expect(await counts(opened)).toMatchObject({ untracked: count + 1 - 2_000 });
});

test("a message that cannot be followed is set aside, and all others are", async () => {
  using opened = await begin();
  const client = createClient({ url: opened.url });
  await client.execute(
    "CREATE TRIGGER no BEFORE INSERT ON instances WHEN NEW.message = 1000 BEGIN SELECT raise(ABORT, 'x'); END",
  );
  client.close();
  await opened.store.putLifecycle("app", within("10s"), stored, undefined, undefined, all);
  const asides: number[] = [];
  for (;;) {
    const step = await opened.store.project({ upTo: stored, watermark: now, raise: true });
    if (step.aside !== undefined) asides.push(step.aside.message);
    if (step.done && step.backfill === undefined) break;
  }
  expect(asides).toEqual([1_000]);
  expect(await counts(opened)).toMatchObject({ untracked: 1 });
});

test("the progress of a backfill is never more than all, and all in the end", async () => {
  for (const of of [count / 2, 2 * count]) {
    using opened = await begin();
    const { store, queries } = opened;
    await projectAll(store, stored, now);
    await store.putLifecycle("app", within("10s"), stored, undefined, undefined, { ...all, of });
    const { progress } = await backfill(opened);
    for (const step of progress) expect(step?.done ?? 0).toBeLessThanOrEqual(step?.of ?? 0);
    expect(await queries.lifecycleVersions("app")).toMatchObject([
      { backfill: { done: count, of: count, ended: true } },
    ]);
  }
});
