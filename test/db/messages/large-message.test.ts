/** What a message costs must not grow with what it has behind it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const large = 40_000;
const turnsTimed = 40;
let opened: TestStore;
let lastSeq = 0;

beforeAll(async () => {
  opened = await openStore();
  for (let n = 0; n < large; n += 20_000)
    await store(Array.from({ length: 20_000 }, (_, i) => next(n + i, "large")));
  for (let n = 0; n < large; n += 20_000) {
    await store(Array.from({ length: 20_000 }, (_, i) => next(n + i, `small ${n + i}`)));
  }
}, 60_000);
afterAll(() => opened[Symbol.dispose]());

function next(n: number, messageId: string, createdAt = 1_000_000 + n) {
  return event(++lastSeq, { messageId, createdAt, event: `STAGE_${n % 7}`, eventId: `id-${n}` });
}

async function store(events: ReturnType<typeof event>[]): Promise<void> {
  await opened.store.apply(await batchOf(events));
}

/** The median of a call's time in milliseconds. */
async function timeOf(call: (turn: number) => Promise<unknown>, turns = turnsTimed): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const start = performance.now();
    await call(turn);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[turns >> 1]!;
}

test.each([
  ["one event more", (n: number) => large + n, 2_000_000],
  ["a repeat", (n: number) => n, undefined],
  ["a repeat that changes the message's first time", (n: number) => n, -1_000],
  ["a repeat that changes its last time", (n: number) => large - 1 - n, 5],
])("%s costs in a large message what it costs in a small one", async (_name, which, at) => {
  const cost = (messageOf: (n: number) => string) =>
    timeOf((turn) => {
      const n = which(turn);
      return store([next(n, messageOf(n), at === undefined ? undefined : at - turn)]);
    });
  const small = await cost((n) => `small ${n}`);
  const inLarge = await cost(() => "large");
  // Where all events are read, it is 20 ms and more at this size, against 0.5.
  expect(inLarge).toBeLessThan(small * 4 + 2);
});

test("history of a large message costs a page, wherever it is asked from", async () => {
  const topic = { name: "", appId: "app", messageId: "large" };
  for (const after of [0, 30_000, 39_500]) {
    const ms = await timeOf(() => opened.queries.history({ topic, after, upTo: lastSeq }), 5);
    expect(ms).toBeLessThan(150);
  }
});

test("reading a large message costs a page, and its summary a bounded look", async () => {
  const key = { appId: "app", messageId: "large" };
  for (const read of [
    () => opened.queries.get({ ...key, limit: 10, order: "newest" }),
    () => opened.queries.list({ messageId: "large", order: "newest", limit: 10 }),
  ] as const) {
    expect(await timeOf(read, 5)).toBeLessThan(150);
  }
  const { message } = await opened.queries.get({ ...key, limit: 10, order: "newest" });
  expect(message?.events.length).toBe(10);
  expect(message?.partial).toBe(true);
  expect(message?.eventCount).toBe(large + turnsTimed);
  // By the repeats that came before: the least of them counts.
  expect([message?.createdAt, message?.updatedAt]).toEqual([-1_000 - (turnsTimed - 1), 2_000_000]);
});
