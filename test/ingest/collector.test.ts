import { expect, test } from "bun:test";
import fc from "fast-check";
import { Collector } from "../../src/ingest/collector.ts";
import { event } from "../support/store.ts";

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant("push" as const) },
  { weight: 1, arbitrary: fc.constant("close" as const) },
  { weight: 1, arbitrary: fc.constant("pause" as const) },
);

test("each part comes out once, in order and as it was closed, for every interleaving", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const collector = new Collector(100);
      const parts: number[][] = [[]];
      const read: number[][] = [];
      const reading = (async () => {
        for await (const part of collector) read.push(part.map(({ seq }) => seq));
      })();
      let seq = 0;
      for (const one of steps) {
        if (one === "push") {
          collector.push(event(++seq));
          parts.at(-1)!.push(seq);
        } else if (one === "close") {
          collector.close();
          parts.push([]);
        } else await undefined;
      }
      // What is in no closed part is not read.
      const open = parts.pop()!;
      collector.end();
      await reading;
      expect(read).toEqual(parts);
      expect(collector.size).toBe(open.length);
      expect(collector.totals.events).toBe(seq);
    }),
  );
});

test("it is full when its part of one batch has as many events as it may, and has room in the next", () => {
  const collector = new Collector(2);
  expect([1, 2, 3].map((seq) => collector.push(event(seq)))).toEqual([false, true, true]);
  collector.close();
  expect([collector.size, collector.push(event(4))]).toEqual([3, false]);
  expect(collector.totals).toEqual({ events: 4, timesFull: 2 });
});

test("a reader that waits is woken by the end", async () => {
  const collector = new Collector(4);
  const reading = collector[Symbol.asyncIterator]().next();
  collector.end();
  expect((await reading).done).toBe(true);
});
