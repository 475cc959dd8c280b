import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import type { StoreService } from "../../../src/workers/store-service.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import {
  batchOf,
  event,
  keepFor,
  markTime,
  openStore,
  prune,
  type TestStore,
  wholeRange,
} from "../../support/store.ts";

const day = 86_400_000_000;
const totals = (steps: readonly { messages: number; events: number }[]) =>
  steps.reduce((sum, { messages, events }) => [sum[0]! + messages, sum[1]! + events], [0, 0]);
const project = (store: StoreService, upTo: number, watermark = 0) => projectAll(store, upTo, watermark);

async function follow({ store }: TestStore): Promise<void> {
  const stages = [{ event: "A" }, { event: "B", within: "30d" }, { event: "C", within: "1s" }];
  await store.putLifecycle("app", parseDefinition({ stages, complete_on: ["C"], grace: "0s" }));
}

test("messages that are not projected yet stay", async () => {
  using opened = await openStore();
  await opened.store.apply(await batchOf([event(1)]));
  await markTime(opened.store, 1);
  expect(totals(await prune(opened.store, 9_000))).toEqual([0, 0]);
  await project(opened.store, 1);
  expect(totals(await prune(opened.store, 9_000))).toEqual([1, 1]);
  const { apps } = await opened.queries.apps({ limit: 10 });
  expect(apps).toMatchObject([{ appId: "app", events: 1, messages: { open: 0, expired: 1 } }]);
});

test("messages are deleted whole, by when an event of them was last stored, not by their times", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  // Times of receipt from a clock that was far ahead, and from one that was far behind.
  const receivedAt = (n: number) => (n % 2 === 0 ? 400 * day : -400 * day);
  const events = Array.from({ length: 1_200 }, (_, n) =>
    event(n + 1, { messageId: `m${n % 600}`, createdAt: n, receivedAt: receivedAt(n) }),
  );
  await store.apply(await batchOf(events));
  await markTime(store, 1_000);
  await store.apply(await batchOf([event(1_201, { messageId: "m3", createdAt: 7 })]));
  await markTime(store, 1_500);
  await project(store, 1_201);
  expect(totals(await prune(store, 1_000 + keepFor - 1))).toEqual([0, 0]);
  expect(totals(await prune(store, 1_000 + keepFor))).toEqual([599, 1_198]);
  expect((await queries.get({ appId: "app", messageId: "m3" })).message?.eventCount).toBe(3);
  expect((await queries.get({ appId: "app", messageId: "m4" })).message).toBeUndefined();
  expect(totals(await prune(store, 1_500 + keepFor))).toEqual([1, 3]);
});

test("a message with a deadline that has not been judged stays, and then until its finding could be read", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await follow(opened);
  await store.apply(await batchOf([event(1, { event: "A", createdAt: 5 * day })]));
  await project(store, 1, 6 * day);
  await markTime(store, 1_000);
  expect(totals(await prune(store, 1_000_000, 20 * day))).toEqual([0, 0]);
  expect((await project(store, 1, 36 * day)).map(({ stage }) => stage)).toEqual(["B"]);
  await markTime(store, 2_000_000);
  expect(totals(await prune(store, 2_000_000 + keepFor - 1, 36 * day))).toEqual([0, 0]);
  expect((await queries.overdue({ clock: 36 * day, limit: 10 })).overdue.length).toBe(2);
  expect(totals(await prune(store, 2_000_000 + keepFor, 36 * day))).toEqual([1, 1]);
});

test("a deadline that a time from the far future would make keeps nothing", async () => {
  using opened = await openStore();
  await follow(opened);
  await opened.store.apply(await batchOf([event(1, { event: "A", createdAt: 100 * 365 * day })]));
  await project(opened.store, 1, day);
  await markTime(opened.store, 1);
  expect(totals(await prune(opened.store, 1 + keepFor, day))).toEqual([1, 1]);
});

test("no reader sees a part of a message that is too large for one step", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const count = 12_000;
  await store.apply(
    await batchOf(Array.from({ length: count }, (_, n) => event(n + 1, { externalId: "e" }))),
  );
  await project(store, count);
  await markTime(store, 1);
  const step = await store.prune({ elapsed: 9_000, keepFor, latest: 0, scope: wholeRange });
  expect(step).toEqual({ messages: 1, events: 5_000, kept: [], next: null, oldTo: count });
  expect((await queries.list({ order: "newest", limit: 10 })).messages).toEqual([]);
  expect((await queries.list({ order: "newest", limit: 10, externalId: "e" })).messages).toEqual([]);
  expect((await queries.get({ appId: "app", messageId: "message" })).message).toBeUndefined();
  const history = await queries.history({ topic: { name: "all" }, after: 0, upTo: count });
  expect([history.events, history.prunedTo]).toEqual([[], count]);
  // What comes meanwhile is another message, with none of the events of old.
  await store.apply(await batchOf([event(count + 1)]));
  await project(store, count + 1);
  expect(totals(await prune(store, 9_000))).toEqual([0, 7_000]);
  expect((await queries.get({ appId: "app", messageId: "message" })).message?.eventCount).toBe(1);
  const client = createClient({ url: opened.url });
  const { rows } = await client.execute(
    "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM remains) AS remains",
  );
  client.close();
  expect(rows[0]).toMatchObject({ events: 1, remains: 0 });
});

test("only topics that have lost something are not recovered", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.apply(await batchOf([event(1, { appId: "old" })]));
  await markTime(store, 1);
  await store.apply(
    await batchOf([event(2, { appId: "old", messageId: "young" }), event(3, { appId: "other" })]),
  );
  await project(store, 3);
  await prune(store, 1 + keepFor);
  const prunedTo = async (topic: { appId?: string; messageId?: string }) =>
    (await queries.history({ topic: { name: "", ...topic }, after: 0, upTo: 3 })).prunedTo;
  expect(await prunedTo({})).toBe(1);
  expect(await prunedTo({ appId: "old" })).toBe(1);
  expect(await prunedTo({ appId: "old", messageId: "message" })).toBe(1);
  expect(await prunedTo({ appId: "other" })).toBe(0);
});

test("a late report on a message that is gone begins no instance; a new one under its id does", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const stages = [{ event: "A" }, { event: "B", within: "1s" }];
  await store.putLifecycle("app", parseDefinition({ stages, complete_on: ["B"], grace: "0s" }));
  const at = (seq: number, name: string, createdAt: number, messageId = "m") =>
    event(seq, { event: name, createdAt, messageId });
  await store.apply(await batchOf([at(1, "A", day), at(2, "B", day + 1)]));
  await project(store, 2, 2 * day);
  await markTime(store, 1);
  await store.apply(await batchOf([at(3, "B", 3 * day, "without")]));
  expect(totals(await prune(store, 1 + keepFor, 2 * day))).toEqual([1, 2]);

  // A late report, then a repeat of what was there, in one range and in another.
  await store.apply(await batchOf([at(4, "B", 3 * day)]));
  const found = await project(store, 4, 3 * day + 1);
  expect(found.map(({ messageId, kind }) => [messageId, kind])).toEqual([["without", "skipped"]]);
  await store.apply(await batchOf([at(5, "A", day)]));
  expect(await project(store, 5, 4 * day)).toEqual([]);
  const opening = async () => (await queries.funnel("app", { since: 0, until: 10 * day })).opened;
  expect(await opening()).toBe(2);
  const { message } = await queries.get({ appId: "app", messageId: "m" });
  expect(message).toMatchObject({ eventCount: 2 });
  // By itself it is what it is in lists: no lifecycle follows it.
  expect([message?.instance, message?.state]).toEqual([undefined, "untracked"]);
  expect((await queries.list({ order: "newest", limit: 9, appId: "app" })).messages).toContainEqual(
    expect.objectContaining({ messageId: "m", state: "untracked" }),
  );

  // That message goes too, and years later its id is used again.
  await markTime(store, 5_000);
  await prune(store, 5_000 + keepFor, 4 * day);
  await store.apply(await batchOf([at(6, "A", 400 * day)]));
  expect((await project(store, 6, 401 * day)).map(({ kind, stage }) => [kind, stage])).toEqual([
    ["missing", "B"],
  ]);
  expect(await opening()).toBe(2);
  expect((await queries.funnel("app", { since: 0, until: 500 * day })).opened).toBe(3);
});
