import { expect, test } from "bun:test";
import { createAnonymous } from "../../src/core/identity.ts";
import type { StreamItem } from "../../src/core/ports.ts";
import { parseTopic } from "../../src/core/topic.ts";
import { createLive } from "../../src/live/hub.ts";
import { SendBudget } from "../../src/runtime/send-budget.ts";
import { callerNamed } from "../support/caller.ts";
import { eventAt, StoreModel, turn } from "./store-model.ts";

function start(stallTimeoutMs = 10_000) {
  const store = new StoreModel();
  store.pageEvents = 1000;
  const budget = new SendBudget();
  const hub = createLive(store, { log: { error: () => undefined }, stallTimeoutMs, budget });
  hub.publish([], 0);
  const publish = (count: number) => {
    const from = hub.seq;
    const events = Array.from({ length: count }, (_, index) => eventAt(from + index + 1));
    store.events.push(...events);
    hub.publish(events, from + count);
  };
  const open = (after?: number) => {
    const abort = new AbortController();
    const { signal } = abort;
    const stream = hub.stream(parseTopic("all"), after === undefined ? { signal } : { signal, after });
    return { abort, items: stream[Symbol.asyncIterator]() };
  };
  return { hub, publish, open, budget };
}

async function takeSeqs(items: AsyncIterator<StreamItem>, count: number): Promise<number[]> {
  const seqs: number[] = [];
  while (seqs.length < count) {
    const { done, value } = await items.next();
    if (done) throw new Error("ended");
    if ("events" in value) seqs.push(...value.events.map((event) => event.seq));
  }
  return seqs;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("a stream begins when it is opened, not when it is first asked", async () => {
  const { publish, open } = start();
  const { items } = open();
  publish(2);
  expect((await items.next()).value).toEqual({ seq: 0, recovered: true });
  expect(await takeSeqs(items, 2)).toEqual([1, 2]);
});

test("a consumer slower than its topic gets everything, once and in order", async () => {
  const { publish, open } = start();
  const { items } = open(0);
  for (let round = 0; round < 20; round++) publish(500);
  const first = await takeSeqs(items, 3000);
  publish(1000);
  const rest = await takeSeqs(items, 11_000 - first.length);
  expect([...first, ...rest]).toEqual(upTo(11_000));
});

test("a consumer that does not read a full buffer fails as too slow", async () => {
  const { hub, publish, open, budget } = start(5);
  const { items } = open();
  publish(5000);
  while (hub.subscriptions > 0) await turn();
  await expect(items.next()).rejects.toMatchObject({ code: "subscriber_too_slow" });
  expect(budget.stats.stalled).toBe(1);
  expect((await items.next()).done).toBe(true);
});

test("a stream whose consumer has no rights any more gives nothing of what it has buffered", async () => {
  const { hub, publish } = start();
  const identity = createAnonymous();
  const caller = { ...callerNamed(), identity };
  const { signal } = new AbortController();
  const items = hub.stream(parseTopic("all"), { signal, caller })[Symbol.asyncIterator]();
  publish(2);
  identity.end("revoked");
  await expect(items.next()).rejects.toMatchObject({ code: "unauthenticated" });
  expect(hub.subscriptions).toBe(0);
});

test("a stream ends when its signal aborts or its consumer leaves", async () => {
  const { hub, publish, open } = start();
  const [aborted, left] = [open(), open()];
  await aborted.items.next();
  const waiting = aborted.items.next();
  aborted.abort.abort();
  expect((await waiting).done).toBe(true);
  await left.items.return?.();
  expect(hub.subscriptions).toBe(0);
  publish(1);
  expect((await left.items.next()).done).toBe(true);
});

test("when Mars stops, what is buffered can be taken, then the stream says so", async () => {
  const { hub, publish, open } = start();
  const { items } = open();
  publish(3);
  await hub.close();
  await items.next();
  expect(await takeSeqs(items, 3)).toEqual([1, 2, 3]);
  await expect(items.next()).rejects.toMatchObject({ code: "draining" });
});

test("a consumer that takes one item now and then is not too slow", async () => {
  // It may wait for 400 ms before it is; in all it takes twice that, and far less at a time.
  const { hub, publish, open } = start(400);
  const { items } = open();
  publish(20 * 256);
  let seqs = 0;
  for (let taken = 0; taken < 10; taken++) {
    const { value } = await items.next();
    if (value !== undefined && "events" in value) seqs += value.events.length;
    await Bun.sleep(80);
  }
  expect(seqs).toBeGreaterThan(5 * 256);
  expect(hub.subscriptions).toBe(1);
});
