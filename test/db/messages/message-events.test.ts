import { afterAll, beforeAll, expect, test } from "bun:test";
import type { MessageEventsPage, MessageEventsQuery } from "../../../src/core/message-events.ts";
import { parseDefinition } from "../../support/definition.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const count = 12_000;
let opened: TestStore;

beforeAll(async () => {
  opened = await openStore();
  const events = Array.from({ length: count }, (_, n) =>
    // Times that tie, and a name that is rare; another message between them.
    event(n + 1, {
      messageId: n % 3 === 2 ? "other" : "large",
      createdAt: 1_000 + Math.floor(n / 7),
      event: n % 6_000 === 1 ? "RARE" : `STAGE_${n % 5}`,
      eventId: `id-${n}`,
    }),
  );
  await opened.store.apply(await batchOf(events));
});
afterAll(() => opened[Symbol.dispose]());

type Asked = Partial<Omit<MessageEventsQuery, "appId" | "messageId">>;

function read(asked: Asked = {}, messageId = "large"): Promise<MessageEventsPage> {
  return opened.queries.messageEvents({ appId: "app", messageId, order: "asc", limit: 250, ...asked });
}

const seqsOf = ({ events }: MessageEventsPage) => events.map(({ seq }) => seq);

/** All pages from the first on. */
async function pages(asked: Asked = {}): Promise<MessageEventsPage[]> {
  const found: MessageEventsPage[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await read({ ...asked, ...(cursor && { cursor }) });
    found.push(page);
    cursor = page.nextCursor;
    if (cursor === undefined) return found;
  }
}

test("every event is in one page, in both orders", async () => {
  const up = (await pages()).flatMap(({ events }) => events);
  expect(up.length).toBe(8_000);
  const sorted = up.toSorted((a, b) => a.createdAt - b.createdAt || (a.event < b.event ? -1 : 1));
  expect(up.map(({ createdAt }) => createdAt)).toEqual(sorted.map(({ createdAt }) => createdAt));
  expect(new Set(up.map(({ seq }) => seq)).size).toBe(8_000);
  const down = (await pages({ order: "desc", limit: 177 })).flatMap(seqsOf);
  expect(down).toEqual(up.map(({ seq }) => seq).reverse());
});

test("a page leads back to the one before it, which leads on to it", async () => {
  for (const order of ["asc", "desc"] as const) {
    const [first, second, third] = await pages({ order, limit: 200 });
    expect(first!.previousCursor).toBeUndefined();
    const back = await read({ order, limit: 200, cursor: third!.previousCursor! });
    expect(seqsOf(back)).toEqual(seqsOf(second!));
    expect(seqsOf(await read({ order, limit: 200, cursor: back.nextCursor! }))).toEqual(seqsOf(third!));
    const begin = await read({ order, limit: 200, cursor: back.previousCursor! });
    expect(seqsOf(begin)).toEqual(seqsOf(first!));
    const before = begin.previousCursor && (await read({ order, limit: 200, cursor: begin.previousCursor }));
    expect(before ? seqsOf(before) : []).toEqual([]);
  }
});

test("the last page is full where it can be, and leads back", async () => {
  for (const order of ["asc", "desc"] as const) {
    const all = await pages({ order, limit: 250 });
    expect(all.length).toBe(32);
    const back = await read({ order, limit: 250, cursor: all.at(-1)!.previousCursor! });
    expect(seqsOf(back)).toEqual(seqsOf(all.at(-2)!));
  }
});

test("a page without events leads back to all that is before it", async () => {
  for (const order of ["asc", "desc"] as const) {
    const all = (await pages({ order })).flatMap(seqsOf);
    const none = (cursor: string) => read({ order, event: "NONE", cursor });
    const at = async (cursor: string | undefined) => seqsOf(await read({ order, cursor: cursor! }));
    const second = await read({ order, cursor: (await read({ order })).nextCursor! });

    const middle = await none((await read({ order })).nextCursor!);
    expect(await at(middle.nextCursor)).toEqual(all.slice(5_250, 5_500));
    expect(await at(middle.previousCursor)).toEqual(all.slice(4_999, 5_249));
    const end = await none(middle.nextCursor!);
    expect(end.nextCursor).toBeUndefined();
    expect(await at(end.previousCursor)).toEqual(all.slice(-250));
    const begin = await none(second.previousCursor!);
    expect(begin.previousCursor).toBeUndefined();
    expect(await at(begin.nextCursor)).toEqual(all.slice(0, 250));
  }
});

test("events of one time are in the order of their lifecycle, whichever way they are read", async () => {
  using other = await openStore();
  const stages = [
    { event: "OPENED" },
    { event: "ANSWERED", after: "OPENED" },
    { event: "CLOSED", after: "ANSWERED" },
  ];
  await other.store.putLifecycle(
    "app",
    parseDefinition({ stages, complete_on: ["CLOSED"], fail_on: ["BOUNCED"] }),
  );
  const names = ["SEEN", "OPENED", "ANSWERED", "CLOSED", "BOUNCED"];
  const events = names.toSorted().map((name, n) => event(n + 1, { event: name, createdAt: 1_000 }));
  await other.store.apply(await batchOf(events));
  const at = async (asked: Pick<MessageEventsQuery, "order" | "cursor">, limit = 250) => {
    const page = await other.queries.messageEvents({ appId: "app", messageId: "message", limit, ...asked });
    return { names: page.events.map((one) => one.event), page };
  };
  expect((await at({ order: "asc" })).names).toEqual(names);
  expect((await at({ order: "desc" })).names).toEqual(names.toReversed());
  // Pages are cut by name, and each is in this order.
  const { names: first, page } = await at({ order: "asc" }, 3);
  expect(first).toEqual(["ANSWERED", "CLOSED", "BOUNCED"]);
  const { names: second, page: last } = await at({ order: "asc", cursor: page.nextCursor! }, 3);
  expect(second).toEqual(["SEEN", "OPENED"]);
  expect((await at({ order: "asc", cursor: last.previousCursor! }, 3)).names).toEqual(first);
});

test("a time divides the events, ties of it together: those before it and those from it on", async () => {
  const all = (await pages()).flatMap(seqsOf);
  for (const at of [1_000, 1_500, 1_501, 9_000]) {
    const behind = (await pages({ since: at })).flatMap(seqsOf);
    const before = (await pages({ until: at, order: "desc" })).flatMap(seqsOf);
    expect([...before.reverse(), ...behind]).toEqual(all);
    const [first] = (await read({ since: at, limit: 1 })).events;
    expect(first === undefined || first.createdAt >= at).toBe(true);
  }
});

test("a rare name is found behind pages that examine a bounded number of events", async () => {
  const found = await pages({ event: "RARE", limit: 1 });
  expect(found.flatMap(({ events }) => events.map((one) => one.event))).toEqual(["RARE", "RARE"]);
  expect((await pages({ event: "NONE" })).length).toBeGreaterThan(1);
  expect((await pages({ event: "NONE" })).flatMap(seqsOf)).toEqual([]);
});

test("an event is in a page though it is larger than the page's bytes", async () => {
  const { events, nextCursor } = await read({ bytesMax: 1 });
  expect(events.length).toBe(1);
  expect(seqsOf(await read({ bytesMax: 1, cursor: nextCursor! }))).not.toEqual(events.map(({ seq }) => seq));
});

test("a cursor of another order is refused, and a message that is not there is not found", async () => {
  const { nextCursor } = await read();
  const refused = read({ order: "desc", cursor: nextCursor! }).catch((error) => error);
  expect(await refused).toMatchObject({ code: "invalid_argument" });
  expect(await read({ cursor: "x" }).catch((error) => error.code)).toBe("invalid_argument");
  expect(await read({}, "none")).toMatchObject({ found: false, events: [] });
});
