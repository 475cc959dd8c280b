import { expect, test } from "bun:test";
import { Batcher, type BatcherOptions, type BatchRange } from "../../src/ingest/batcher.ts";
import { event } from "../support/store.ts";

const longMs = 60_000;

function batcherOf(options: Partial<BatcherOptions> = {}): Batcher {
  const { signal } = new AbortController();
  return new Batcher({ collectors: 2, batchEventsMax: 10, intervalMs: 0, signal, ...options });
}

async function rest(batcher: Batcher): Promise<BatchRange[]> {
  batcher.end();
  return Array.fromAsync(batcher);
}

test("at rest an event has a batch of its own at once, and one that follows it waits for the interval", async () => {
  const batcher = batcherOf({ intervalMs: 50 });
  const batches = batcher[Symbol.asyncIterator]();
  void batcher.push(event(1), 0);
  expect((await batches.next()).value).toEqual({ from: 0, to: 1, trigger: "interval" });
  const began = performance.now();
  void batcher.push(event(2), 1);
  const second = batches.next();
  await undefined;
  void batcher.push(event(3), 0);
  expect((await second).value).toEqual({ from: 1, to: 3, trigger: "interval" });
  expect(performance.now() - began).toBeGreaterThan(40);
});

test("a batch that has as many events as it may is closed before the interval is over; its writer waits until then", async () => {
  const batcher = batcherOf({ intervalMs: longMs, batchEventsMax: 3, collectors: 1 });
  const batches = batcher[Symbol.asyncIterator]();
  void batcher.push(event(1), 0);
  await batches.next();
  expect([batcher.push(event(2), 0), batcher.push(event(3), 0)]).toEqual([undefined, undefined]);
  let room = false;
  const full = batcher.push(event(4), 0)!.then(() => {
    room = true;
  });
  await new Promise(setImmediate);
  expect(room).toBe(false);
  expect((await batches.next()).value).toEqual({ from: 1, to: 4, trigger: "size" });
  await full;
});

test("a batch that waits for the interval is closed when it becomes full", async () => {
  const batcher = batcherOf({ intervalMs: longMs, batchEventsMax: 2, collectors: 1 });
  const batches = batcher[Symbol.asyncIterator]();
  void batcher.push(event(1), 0);
  await batches.next();
  void batcher.push(event(2), 0);
  const next = batches.next();
  await new Promise(setImmediate);
  void batcher.push(event(3), 0);
  expect((await next).value).toEqual({ from: 1, to: 3, trigger: "size" });
});

test("a collector that is flooded closes the batch at its own bound", async () => {
  // An even share would be three events.
  const batcher = batcherOf({ batchEventsMax: 12, collectors: 4, intervalMs: longMs });
  const full = [1, 2, 3, 4, 5, 6].map((seq) => batcher.push(event(seq), 2) !== undefined);
  expect(full).toEqual([false, false, false, false, false, true]);
  expect(await rest(batcher)).toEqual([{ from: 0, to: 6, trigger: "size" }]);
  expect(batcher.collectors.map(({ totals }) => totals.timesFull)).toEqual([0, 0, 1, 0]);
});

test("a batch is closed by its bytes, and the last one by the end of the log", async () => {
  const batcher = batcherOf({ batchCharsMax: 1_000, intervalMs: longMs });
  batcher.start(7);
  expect(batcher.push(event(8), 0)).toBeUndefined();
  expect(batcher.push(event(9, { attributes: "x".repeat(1_000) }), 1)).toBeInstanceOf(Promise);
  const batches = batcher[Symbol.asyncIterator]();
  expect((await batches.next()).value).toEqual({ from: 7, to: 9, trigger: "bytes" });
  void batcher.push(event(10), 0);
  batcher.end();
  expect((await batches.next()).value).toEqual({ from: 9, to: 10, trigger: "drain" });
  expect((await batches.next()).done).toBe(true);
  expect(batcher.totals).toEqual({ size: 0, bytes: 1, interval: 0, drain: 1, change: 0 });
});

test("a failure behind it ends the wait for the next batch, and so does the end of Mars", async () => {
  const failing = batcherOf();
  const next = failing[Symbol.asyncIterator]().next();
  failing.fail(new Error("fenced"));
  await expect(next).rejects.toThrow("fenced");
  const abort = new AbortController();
  const stopped = batcherOf({ signal: abort.signal, batchEventsMax: 1 });
  const full = stopped.push(event(1), 0);
  const batches = stopped[Symbol.asyncIterator]();
  abort.abort();
  await full;
  expect((await batches.next()).done).toBe(true);
});
