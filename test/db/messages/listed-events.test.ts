import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ListedEventsPage, ListedEventsQuery } from "../../../src/core/message-events.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

/** Events by message: small ones around one that is larger than a page. */
const sizes = { a: 3, b: 1, large: 150, c: 5, d: 2 };
let opened: TestStore;

beforeAll(async () => {
  opened = await openStore();
  let seq = 0;
  const events = Object.entries(sizes).flatMap(([messageId, count], index) =>
    Array.from({ length: count }, (_, n) =>
      // Messages that begin at one moment, and times that tie.
      event(++seq, {
        appId: messageId === "d" ? "other" : "app",
        messageId,
        createdAt: 1_000 + Math.floor(index / 2) + Math.floor(n / 3),
        event: `E_${n}`,
        attributes: JSON.stringify({ text: "x".repeat(n % 40) }),
      }),
    ),
  );
  await opened.store.apply(
    await batchOf(
      events.toSorted((x, y) => (x.seq % 7) - (y.seq % 7)).map((one, n) => ({ ...one, seq: n + 1 })),
    ),
  );
});
afterAll(() => opened[Symbol.dispose]());

async function pages(asked: Partial<ListedEventsQuery>): Promise<ListedEventsPage[]> {
  const found: ListedEventsPage[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = { messages: {}, limit: 5_000, ...asked, ...(cursor !== undefined && { cursor }) };
    const page = await opened.queries.listedEvents(query);
    found.push(page);
    cursor = page.nextCursor;
    if (cursor === undefined) return found;
  }
}

const named = (all: readonly ListedEventsPage[]) =>
  all.flatMap(({ events }) => events.map(({ messageId, createdAt, event }) => [messageId, createdAt, event]));

test("every event is in one page, message by message in the order of the list, however small pages are", async () => {
  const whole = await pages({});
  expect(whole.length).toBe(1);
  const { messages } = await opened.queries.list({ order: "oldest", limit: 100 });
  const [first] = whole;
  expect([...new Set(first!.events.map(({ messageId }) => messageId))]).toEqual(
    messages.map(({ messageId }) => messageId),
  );
  expect(first!.events.length).toBe(161);
  for (const asked of [
    { limit: 1 },
    { limit: 4 },
    { limit: 100 },
    { bytesMax: 1 },
    { bytesMax: 1_500 },
    { bytesMax: 20_000, limit: 100 },
  ]) {
    const all = await pages(asked);
    expect([asked, named(all)]).toEqual([asked, named(whole)]);
    for (const { events } of all) expect(events.length).toBeLessThanOrEqual(asked.limit ?? 5_000);
  }
});

test("the filters of lists choose the messages", async () => {
  const of = async (messages: ListedEventsQuery["messages"]) =>
    new Set(
      (await pages({ messages, limit: 2 })).flatMap(({ events }) => events.map(({ messageId }) => messageId)),
    );
  expect(await of({ appId: "other" })).toEqual(new Set(["d"]));
  expect(await of({ event: "E_4" })).toEqual(new Set(["large", "c"]));
  expect(await of({ messageId: "none" })).toEqual(new Set());
  expect(await of({ apps: ["oth*", "no"] })).toEqual(new Set(["d"]));
});

test("a message that goes between two of its pages is passed over", async () => {
  const query = { messages: {}, limit: 60 };
  let page = await opened.queries.listedEvents(query);
  while (page.events.at(-1)?.messageId !== "large")
    page = await opened.queries.listedEvents({ ...query, cursor: page.nextCursor! });
  const gone = JSON.parse(Buffer.from(page.nextCursor!, "base64url").toString());
  const cursor = Buffer.from(JSON.stringify([gone[0], gone[1], 999_999, gone[3]])).toString("base64url");
  const after = await opened.queries.listedEvents({ ...query, cursor });
  expect(after.events).toEqual([]);
  const next = await opened.queries.listedEvents({ ...query, cursor: after.nextCursor! });
  expect(next.events.length).toBeGreaterThan(0);
  expect(next.events.some(({ messageId }) => messageId === "large")).toBe(false);
});
