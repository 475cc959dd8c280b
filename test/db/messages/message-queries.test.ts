import { afterAll, beforeAll, expect, test } from "bun:test";
import { createClient, type InValue } from "@libsql/client";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import { compareEvents, foldReports } from "../../../src/core/fold.ts";
import type { MessageQuery, MessageSummary } from "../../../src/core/query.ts";
import { appRights } from "../../../src/core/rights.ts";
import { scanMaxDefault as scanMax } from "../../../src/db/keyset-scan.ts";
import { countCandidates, scanMessages } from "../../../src/db/messages/message-list.ts";
import { naiveSummary } from "../../support/model.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

/** A store with every kind of message that a filter can distinguish, and pages that end long before its end. */
let opened: TestStore;
const events: SequencedEvent[] = [];

beforeAll(async () => {
  opened = await openStore(7);
  for (let n = 0; n < 60; n++) {
    const message = {
      appId: `app${n % 3}`,
      messageId: `${n % 2 ? "odd" : "even"}-${n}`,
      externalId: n % 7 ? "" : `x${n % 2}`,
    };
    // Times that tie and that run against the order of arrival.
    const createdAt = 1_000 - (n % 10) * 10;
    events.push(event(events.length + 1, { ...message, createdAt, event: "CREATED" }));
    if (n % 2) events.push(event(events.length + 1, { ...message, createdAt: createdAt + n, event: "SENT" }));
    if (n % 5 === 0)
      events.push(event(events.length + 1, { ...message, createdAt: createdAt - 5, event: "EARLY" }));
  }
  await opened.store.apply(await batchOf(events));
});
afterAll(() => opened[Symbol.dispose]());

const filters = fc.record(
  {
    appId: fc.constantFrom("app0", "app1", "nobody"),
    apps: fc.constantFrom(["app*"], ["app1", "app2"], ["app0", "none"], ["none*"], ["*"]),
    messageId: fc.constantFrom("odd-1", "even-4"),
    externalId: fc.constantFrom("x0", "x1", "none"),
    event: fc.constantFrom("CREATED", "SENT", "NEVER"),
    missing: fc.constantFrom("SENT", "EARLY", "NEVER"),
    prefix: fc.constantFrom("odd-", "even-1", "", "\u{10FFFF}"),
    since: fc.integer({ min: 890, max: 1_010 }),
    until: fc.integer({ min: 890, max: 1_060 }),
  },
  { requiredKeys: [] },
);

test.each(["newest", "oldest", "updated"] as const)(
  "several apps together are listed once and in order, though each is scanned for itself and not to its end: %s",
  async (order) => {
    for (const apps of [["app*"], ["app1", "app2"], ["*"]]) {
      for (const filter of [
        {},
        { event: "SENT" },
        { missing: "SENT" },
        { missing: "EARLY", prefix: "odd-" },
      ]) {
        for (const limit of [1, 5, 30]) {
          const query: MessageQuery = { ...filter, apps, order, limit };
          expect(await listAll(query)).toEqual(naive(query));
        }
      }
    }
  },
);

test("every combination of filters lists what a naive model lists, in its order, page by page", async () => {
  await fc.assert(
    fc.asyncProperty(
      filters,
      fc.constantFrom("newest", "oldest", "updated" as const),
      fc.integer({ min: 1, max: 30 }),
      async (filter, order, limit) => {
        const { apps, ...others } = filter;
        const named = filter.appId === undefined && apps !== undefined ? { apps } : {};
        const query = { ...others, ...named, order, limit } as MessageQuery;
        expect(await listAll(query)).toEqual(naive(query));
      },
    ),
    { numRuns: 300 },
  );
});

test("a page stays where it was while messages arrive", async () => {
  using other = await openStore();
  await other.store.apply(
    await batchOf(Array.from({ length: 10 }, (_, n) => event(n + 1, { messageId: `m${n}` }))),
  );
  const first = await other.queries.list({ order: "newest", limit: 4 });
  await other.store.apply(
    await batchOf([event(11, { messageId: "later" }), event(12, { messageId: "latest" })]),
  );
  const second = await other.queries.list({ order: "newest", limit: 4, cursor: first.nextCursor! });
  expect([...first.messages, ...second.messages].map(({ messageId }) => messageId)).toEqual([
    "m9",
    "m8",
    "m7",
    "m6",
    "m5",
    "m4",
    "m3",
    "m2",
  ]);
  expect([first.asOfSeq, second.asOfSeq]).toEqual([10, 12]);
});

test("a message that moves while a client pages is met again, or is in the topic after the first page's seq", async () => {
  for (const order of ["newest", "oldest", "updated"] as const) {
    using other = await openStore();
    let seq = 0;
    const add = async (n: number, createdAt: number) =>
      other.store.apply(await batchOf([event(++seq, { messageId: `m${n}`, createdAt })]));
    for (let n = 0; n < 20; n++) await add(n, 1_000 + n * 10);
    const seen = new Set<string>();
    let asOfSeq: number | undefined;
    for (let cursor: string | undefined, turn = 0; ; turn++) {
      const page = await other.queries.list({ order, limit: 3, ...(cursor && { cursor }) });
      asOfSeq ??= page.asOfSeq;
      for (const { messageId } of page.messages) seen.add(messageId);
      cursor = page.nextCursor;
      if (cursor === undefined) break;
      // One not yet seen moves to either end, and one that was.
      for (const n of [turn, 19 - turn, 10]) await add(n, turn % 2 ? 9_000 + seq : -seq);
    }
    const { events } = await other.queries.history({ topic: { name: "all" }, after: asOfSeq!, upTo: seq });
    for (const { messageId } of events) seen.add(messageId);
    expect([order, seen.size]).toEqual([order, 20]);
  }
});

test("a filter that finds nothing examines a bounded number of messages and goes on by cursor", async () => {
  using other = await openStore();
  const count = scanMax + 10;
  await other.store.apply(
    await batchOf(Array.from({ length: count }, (_, n) => event(n + 1, { messageId: `m${n}` }))),
  );
  const first = await other.queries.list({ order: "oldest", limit: 5, event: "NEVER" });
  expect(first.messages).toEqual([]);
  expect(first.nextCursor).toBeString();
  const second = await other.queries.list({
    order: "oldest",
    limit: 5,
    event: "NEVER",
    cursor: first.nextCursor!,
  });
  expect(second.nextCursor).toBeUndefined();
  // What lies beyond the bound is found all the same.
  const missing = { order: "oldest", limit: 1000, prefix: `m${count - 1}` } as const;
  expect((await other.queries.list(missing)).messages.map(({ messageId }) => messageId)).toEqual([
    `m${count - 1}`,
  ]);
});

for (const cursor of [
  "x",
  "W10",
  Buffer.from('["oldest",1,2]').toString("base64url"),
  Buffer.from('["newest","1",2]').toString("base64url"),
]) {
  test(`the cursor ${cursor} is refused`, async () => {
    const failure = await opened.queries
      .list({ order: "newest", limit: 1, cursor })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "invalid_argument" });
  });
}

test("no list reads a whole table", async () => {
  using other = await openStore();
  const client = createClient({ url: other.url });
  const queries: Partial<MessageQuery>[] = [
    {},
    { appId: "a" },
    { appId: "a", event: "E", missing: "F" },
    { appId: "a", since: 1, until: 2 },
    { messageId: "m", appId: "a" },
    { prefix: "m", appId: "a", since: 1 },
    { externalId: "x", appId: "a" },
    { externalId: "x", prefix: "m" },
    { parentId: "p", appId: "a" },
    { parentId: "p", appId: "a", prefix: "m", states: ["overdue"] },
    { states: ["overdue"] },
    { triage: "none" },
    { triage: "acknowledged", appId: "a" },
    { triage: "ignored" },
    { states: ["overdue", "failed"], appId: "a" },
    { overdueSince: 1, appId: "a" },
    { stage: { name: "S", status: "overdue" }, appId: "a" },
    { stage: { name: "S", status: "reached" }, appId: "a", since: 1 },
  ];
  for (const query of queries) {
    for (const order of ["newest", "oldest", "updated", "overdue"] as const) {
      const whole: MessageQuery = { ...query, order, limit: 10 };
      for (const few of [false, true]) {
        const candidates = countCandidates(whole, 100);
        if (few && candidates === undefined) continue;
        const plan = scanMessages(whole, { few }, 100);
        for (const statement of [candidates, plan.boundary, plan.page({ at: 1, id: 1 } as never)]) {
          if (statement === undefined) continue;
          const { sql, args } = statement as { sql: string; args: InValue[] };
          const { rows } = await client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args });
          const steps = rows.map((row) => String(row.detail));
          // A scan of an index in the order asked for ends at its limit; one of a table, or before a sort, does not.
          const direct = (few || whole.messageId !== undefined) && statement !== candidates;
          const scan = direct
            ? /^SCAN (m|l)\b/
            : /^SCAN (m|e|l|events|messages|instances|findings|children)\b(?!.*USING)/;
          const scans = steps.filter((step) => scan.test(step));
          expect([whole, few, scans]).toEqual([whole, few, []]);
          const sorts = steps.some((step) => step.includes("TEMP B-TREE FOR ORDER BY"));
          expect([whole, few, sorts && !few && whole.messageId === undefined]).toEqual([whole, few, false]);
        }
      }
    }
  }
  client.close();
});

test("history gives each topic its events once and in order, in ranges", async () => {
  for (const topic of [
    { name: "all" },
    { name: "app", appId: "app1" },
    { name: "message", appId: "app1", messageId: "odd-1" },
    { name: "timeline", messageId: "even-4" },
  ]) {
    const expected = events.filter(
      (one) =>
        (topic.appId === undefined || one.appId === topic.appId) &&
        (topic.messageId === undefined || one.messageId === topic.messageId),
    );
    const { events: found, to } = await opened.queries.history({ topic, after: 3, upTo: events.length });
    expect(found).toEqual(expected.filter(({ seq }) => seq > 3));
    expect(to).toBe(events.length);
  }
});

async function listAll(query: MessageQuery): Promise<MessageSummary[]> {
  const messages: MessageSummary[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 100; page++) {
    const answer = await opened.queries.list(cursor === undefined ? query : { ...query, cursor });
    messages.push(...answer.messages);
    cursor = answer.nextCursor;
    if (cursor === undefined) return messages;
  }
  throw new Error("the list does not end");
}

function naive(query: MessageQuery): MessageSummary[] {
  const groups = Map.groupBy(events, ({ appId, messageId }) => `${appId} ${messageId}`);
  const summaries = [...groups.values()].map((reports) => {
    const folded = foldReports(reports).sort(compareEvents);
    return { id: reports[0]!.seq, ...naiveSummary(reports[0]!, folded) };
  });
  const at = (one: MessageSummary) => (query.order === "updated" ? one.updatedAt : one.createdAt);
  const sign = query.order === "oldest" ? 1 : -1;
  return summaries
    .filter(
      (one) =>
        (query.appId === undefined || one.appId === query.appId) &&
        (query.apps === undefined || appRights(query.apps).mayApp(one.appId)) &&
        (query.messageId === undefined || one.messageId === query.messageId) &&
        (query.externalId === undefined || one.externalIds.includes(query.externalId)) &&
        (query.event === undefined || one.stages.includes(query.event)) &&
        (query.missing === undefined || !one.stages.includes(query.missing)) &&
        (query.prefix === undefined || one.messageId.startsWith(query.prefix)) &&
        (query.since === undefined || at(one) >= query.since) &&
        (query.until === undefined || at(one) < query.until),
    )
    .sort((a, b) => sign * (at(a) - at(b) || a.id - b.id))
    .map(({ id, ...summary }) => summary);
}
