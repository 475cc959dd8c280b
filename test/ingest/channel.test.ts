import { expect, test } from "bun:test";
import fc from "fast-check";
import { Channel } from "../../src/ingest/channel.ts";

/** Reads until the channel ends. */
async function readAll<T>(channel: Channel<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const items of channel) read.push(...items);
  return read;
}

test("everything pushed comes out once and in order, whatever the interleaving", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 60 }),
      async (itemsMax, pauses) => {
        const channel = new Channel<number>(itemsMax);
        const reading = readAll(channel);
        for (const [index, pause] of pauses.entries()) {
          const full = channel.push(index);
          if (full !== undefined) await full;
          if (pause) await undefined;
          expect(channel.size).toBeLessThan(itemsMax);
        }
        channel.close();
        expect(await reading).toEqual(pauses.map((_, index) => index));
      },
    ),
  );
});

test("a full channel says so until it has been read", async () => {
  const channel = new Channel<number>(2);
  expect(channel.push(1)).toBeUndefined();
  const full = channel.push(2);
  expect(full).toBeInstanceOf(Promise);
  const reader = channel[Symbol.asyncIterator]();
  expect((await reader.next()).value).toEqual([1, 2]);
  await full;
  expect(channel.size).toBe(0);
});

test("a closed channel delivers what waits, ends, and takes nothing more", async () => {
  const channel = new Channel<number>(4);
  void channel.push(1);
  channel.close();
  expect(await readAll(channel)).toEqual([1]);
  expect(() => channel.push(2)).toThrow("closed");
});

test("a reader that waits is woken by the end", async () => {
  const channel = new Channel<number>(4);
  const reading = readAll(channel);
  channel.close();
  expect(await reading).toEqual([]);
});
