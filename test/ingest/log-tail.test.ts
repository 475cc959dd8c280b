/** The log's tail over a journal in memory: what is in memory and what is read back make one sequence. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../src/core/event.ts";
import { LogTail } from "../../src/ingest/log-tail.ts";
import { partition } from "../../src/ingest/partition.ts";
import { createLog } from "../../src/runtime/log.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { event } from "../support/store.ts";

const collectors = 3;
const MiB = 1024 ** 2;

function start(fails: () => boolean = () => false) {
  const onDisk: SequencedEvent[][] = [];
  let reads = 0;
  const supervisor = new Supervisor({ log: createLog("error", () => undefined) });
  // The loop is there before the tail asks for it, so it does not pause.
  supervisor.loop("journal_reading", { firstMs: 0, lastMs: 0 });
  const abort = new AbortController();
  const tail = new LogTail({
    journal: {
      async *read(after) {
        reads += 1;
        for (const commit of [...onDisk]) {
          if (commit.at(-1)!.seq <= after) continue;
          if (fails()) throw new Error("cannot be read");
          yield commit.filter(({ seq }) => seq > after);
        }
      },
    },
    collectors,
    supervisor,
    signal: abort.signal,
  });
  return {
    tail,
    abort,
    reads: () => reads,
    /** @param chars as much of the memory's bound as it counts for */
    commit(seqs: readonly number[], chars = 100) {
      const events = seqs.map((seq) => event(seq, { messageId: `m${seq % 7}` }));
      onDisk.push(events);
      const [first, last] = [seqs[0]!, seqs.at(-1)!];
      const given = events.map(({ seq: _, ...rest }) => rest);
      tail.push({ first, last, events: given, partition: partition(given, collectors), chars });
      return events;
    },
  };
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      chars: fc.constantFrom(100, MiB, 3 * MiB),
    }),
  },
  { weight: 2, arbitrary: fc.constant("read" as const) },
);

test("everything after a seq is read once and in order, from memory and from disk, at any pace and with any failures", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.nat(10),
      fc.infiniteStream(fc.nat(4).map((n) => n === 0)),
      async (steps, after, failures) => {
        const { tail, commit } = start(() => failures.next().value as boolean);
        const written: SequencedEvent[] = [];
        const read: SequencedEvent[] = [];
        const records = tail.read(after);
        const take = async () => {
          const { value, done } = await records.next();
          if (value === undefined) return done;
          expect(value.partition).toEqual(partition(value.events, collectors));
          read.push(...value.events);
          return false;
        };
        let seq = 0;
        for (const one of steps) {
          if (one !== "read") {
            const seqs = Array.from({ length: one.count }, () => ++seq);
            written.push(...commit(seqs, one.chars));
          } else if (Math.max(after, read.at(-1)?.seq ?? 0) < seq) await take();
        }
        tail.end();
        while (!(await take()));
        expect(read).toEqual(written.filter((one) => one.seq > after));
      },
    ),
    { numRuns: 60 },
  );
});

test("what was committed just now is not read from disk, and a reader that waits is woken by it", async () => {
  const { tail, commit, reads } = start();
  const records = tail.read(0);
  const next = records.next();
  await undefined;
  commit([1, 2]);
  expect((await next).value?.events.map(({ seq }) => seq)).toEqual([1, 2]);
  // A leap: only the journal knows what lies between.
  commit([100]);
  expect((await records.next()).value?.events.map(({ seq }) => seq)).toEqual([100]);
  commit([101]);
  expect((await records.next()).value?.events.map(({ seq }) => seq)).toEqual([101]);
  expect(reads()).toBe(1);
});

test("it ends when the signal aborts, though there is more", async () => {
  const { tail, commit, abort } = start();
  const waiting = tail.read(0).next();
  commit([1]);
  await waiting;
  abort.abort();
  commit([2]);
  expect(await Array.fromAsync(tail.read(0))).toEqual([]);
});
