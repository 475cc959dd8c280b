import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import type { StoreBatch } from "../../src/core/ports.ts";
import { partition } from "../../src/ingest/partition.ts";
import { Writer } from "../../src/ingest/writer.ts";
import { createLog } from "../../src/runtime/log.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { event } from "../support/store.ts";
import { until } from "../support/until.ts";

const collectors = 4;

function start(apply: (batch: StoreBatch) => Promise<null>) {
  const log = createLog("error", () => undefined);
  const abort = new AbortController();
  const positions: number[] = [];
  const aside: number[] = [];
  const writer = new Writer({
    skewMaxMs: 300_000,
    journal: {
      read() {
        throw new Error("all is in memory");
      },
    },
    store: {
      apply,
      async setAside({ item }) {
        aside.push(item.seq);
        return aside.length;
      },
    },
    make: () => Promise.reject(new Error("there is no change")),
    collectors,
    batchEventsMax: 100,
    publish: ({ upTo }) => positions.push(upTo),
    setAside: () => undefined,
    supervisor: new Supervisor({ log }),
    log,
    signal: abort.signal,
  });
  return { writer, abort, positions, aside, running: writer.run(0) };
}

function commit(writer: Writer, first: number, count: number, fields: object = {}): void {
  const events = Array.from({ length: count }, (_, n) => event(n, { messageId: `m${n}`, ...fields }));
  const { length } = events;
  writer.push({
    first,
    last: first + length - 1,
    events,
    partition: partition(events, collectors),
    chars: 1,
  });
}

test("draining stores all that is committed, and ends the run", async () => {
  const { writer, positions, running } = start(async () => null);
  commit(writer, 1, 250);
  commit(writer, 251, 3);
  await writer.drain(5_000);
  await running;
  expect(positions).toEqual([100, 200, 253]);
  expect(writer.totals).toEqual({ stored: 253, duplicates: 0, published: 253 });
  const { stats } = writer;
  expect([stats.event_collector_queue, stats.collectors]).toEqual([0, [0, 0, 0, 0]]);
  expect(stats.batches).toEqual({ size: 2, bytes: 0, interval: 0, drain: 1, change: 0 });
  expect(stats.collected.events.reduce((sum, n) => sum + n, 0)).toBe(253);
});

test("while the store is away batches wait in the collectors, within their bound, and draining ends in time", async () => {
  const { writer, abort, positions, running } = start(async () => {
    throw new MarsError("unavailable", "the database is away");
  });
  for (let n = 0; n < 10; n++) commit(writer, 1 + 100 * n, 100);
  await until(() => writer.lastError !== "" && writer.stats.event_collector_queue > 0);
  // One is being stored and one is folded; the open one is full, and no more is read.
  expect(writer.stats.event_collector_queue).toBe(100);
  await writer.drain(20);
  abort.abort();
  await running;
  expect(positions).toEqual([]);
});

test("an event that cannot be folded is set aside, and all others are stored", async () => {
  const { writer, positions, aside, running } = start(async () => null);
  commit(writer, 1, 3);
  // No text, so nothing can be made of it.
  commit(writer, 4, 1, { messageId: Symbol("bad") });
  commit(writer, 5, 3);
  await writer.drain(5_000);
  await running;
  expect(aside).toEqual([4]);
  expect([positions.at(-1), writer.totals.stored]).toEqual([7, 6]);
});

test("another process that takes over the store ends the run at once, though no event follows", async () => {
  const { writer, running } = start(async () => {
    throw new MarsError("fenced", "taken over");
  });
  commit(writer, 1, 1);
  await expect(running).rejects.toThrow("taken over");
});
