import { expect, test } from "bun:test";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, keepFor, markTime, openStore, prune } from "../../support/store.ts";

const stages = [{ event: "A" }, { event: "B", within: "1s" }];
const definition = parseDefinition({ stages, complete_on: ["B"], grace: "0s" });
const day = 86_400_000_000;

test("the trace that retention keeps of a message is erased too: a late event begins an instance again", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("app", definition);
  const b = (seq: number) => event(seq, { event: "B", createdAt: 3 * day, messageId: "m" });
  await store.apply(await batchOf([event(1, { event: "A", createdAt: day, messageId: "m" })]));
  await projectAll(store, 1, 2 * day);
  await markTime(store, 1);
  await prune(store, 1 + keepFor, 2 * day);
  const key = { appId: "app", messageId: "m" };
  expect(await store.eraseMessage(key, 1)).toBe(0);
  expect(await store.eraseMessage(key, 1)).toBeUndefined();
  await store.apply(await batchOf([b(2)]));
  expect((await projectAll(store, 2, 4 * day)).map(({ kind }) => kind)).toEqual(["skipped"]);
});

test("a message that began behind the request is left alone", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const key = { appId: "app", messageId: "message" };
  await store.apply(await batchOf([event(1, { messageId: "before" }), event(2)]));
  await projectAll(store, 2, 0);
  expect(await store.eraseMessage(key, 1)).toBeUndefined();
  expect((await queries.get(key)).message?.eventCount).toBe(1);
});

test("a second request for an app extends the one that is under way", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.apply(await batchOf([event(1, { messageId: "a" })]));
  await projectAll(store, 1, 0);
  const first = await store.requestErasure("app", 1, 10);
  expect((await store.eraseStep()).messages).toBe(1);
  const ended = await store.eraseStep();
  expect(ended.erased).toMatchObject({ id: first!.id, upToSeq: 1 });
  await store.apply(await batchOf([event(2, { messageId: "b" })]));
  await projectAll(store, 2, 0);
  const second = await store.requestErasure("app", 2, 20);
  expect(second).toMatchObject({ id: first!.id, upToSeq: 2, requestedAt: 20, messages: 1 });
  // What was to end the first does not end the second.
  expect((await store.finishErasure(ended.erased!, 30)).doneAt).toBeUndefined();
  expect((await store.eraseStep()).messages).toBe(1);
  const { erased } = await store.eraseStep();
  expect(await store.finishErasure(erased!, 40)).toMatchObject({ messages: 2, doneAt: 40 });
  expect(await store.eraseStep()).toEqual({ messages: 0, events: 0, done: true });
  expect((await queries.erasures({ limit: 10 })).erasures).toHaveLength(1);
  expect(await store.requestErasure("nobody", 2, 50)).toBeUndefined();
});

test("records of erasures go with the counts of their time", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.apply(await batchOf([event(1)]));
  await projectAll(store, 1, 0);
  await store.requestErasure("app", 1, 10);
  await store.eraseStep();
  const { erased } = await store.eraseStep();
  await store.finishErasure(erased!, 40);
  await store.pruneCounts(40);
  expect((await queries.erasures({ limit: 10 })).erasures).toHaveLength(1);
  await store.pruneCounts(41);
  expect((await queries.erasures({ limit: 10 })).erasures).toEqual([]);
});
