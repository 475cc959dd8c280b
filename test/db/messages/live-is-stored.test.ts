/** What is seen live is what is stored, and what a watcher sees who resumes anywhere. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import type { Topic } from "../../../src/core/topic.ts";
import { applyAndPublish, batchOf, event, openStore, type TestStore } from "../../support/store.ts";

/** Few values, so that repeats meet in one batch and over batches, and change what is kept. */
const report = fc
  .record({
    messageId: fc.constantFrom("1", "2"),
    event: fc.constantFrom("A", "B"),
    createdAt: fc.integer({ min: 1, max: 4 }),
    eventId: fc.constantFrom("", "x", "y"),
    externalId: fc.constantFrom("", "e1"),
    parentId: fc.constantFrom("", "p1"),
    attributes: fc.constantFrom("", '{"a":1}', '{"a":2}'),
    ahead: fc.constantFrom(0, 0, 3),
  })
  .map(({ ahead, ...fields }) => ({ ...fields, ...(ahead > 0 && { aheadBy: ahead }) }));

test("live and resumed watchers end with what a reader sees, wherever they began", async () => {
  using opened = await openStore();
  let lastSeq = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(report, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
      async (batches) => {
        const begin = lastSeq;
        const appId = `app-${begin}`;
        const all: Topic = { name: "all" };
        const message: Topic = { name: "", appId, messageId: "1" };
        const live: SequencedEvent[] = [];
        const ends = [begin];
        for (const reports of batches) {
          const events = reports.map((fields) => event(++lastSeq, { ...fields, appId }));
          live.push(...(await applyAndPublish(opened.store, events)));
          ends.push(lastSeq);
        }
        const places = live.map(({ seq }) => seq);
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
        for (const messageId of ["1", "2"]) {
          const { message } = await opened.queries.get({ appId, messageId });
          const stored = (message?.events ?? []).map(({ duplicates, ...rest }) => rest);
          expect(viewOf(live, messageId)).toEqual(stored.sort((a, b) => a.seq - b.seq));
        }
        for (const after of ends) {
          const before = live.filter(({ seq }) => seq <= after);
          const rest = await historyOf(opened, all, after, lastSeq);
          // What came later as a change is given once, at the place of the last.
          const last = new Map(live.map((one) => [one.replaces ?? one.seq, one]));
          expect(rest).toEqual(
            [...last.values()].filter(({ seq }) => seq > after).sort((a, b) => a.seq - b.seq),
          );
          expect(viewOf([...before, ...rest])).toEqual(viewOf(live));
          expect(await historyOf(opened, message, after, lastSeq)).toEqual(
            rest.filter(({ messageId }) => messageId === "1"),
          );
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("a change is known again after the answer to its batch was lost", async () => {
  using opened = await openStore();
  await applyAndPublish(opened.store, [event(1, { eventId: "x", createdAt: 9, attributes: '{"a":1}' })]);
  const repeat = [event(2, { eventId: "x", createdAt: 5 }), event(3, { event: "NEW" })];
  const published = await applyAndPublish(opened.store, repeat);
  expect(published).toMatchObject([{ seq: 2, replaces: 1, createdAt: 5, attributes: "" }, { seq: 3 }]);
  expect(await applyAndPublish(opened.store, repeat)).toEqual(published);
});

test("history says no more than its own reader has seen", async () => {
  using opened = await openStore();
  await opened.store.apply(await batchOf([event(1), event(2)]));
  const topics: Topic[] = [{ name: "all" }, { name: "", appId: "app", messageId: "message" }];
  for (const topic of topics) {
    const page = await opened.queries.history({ topic, after: 0, upTo: 1_000 });
    expect([page.events.length, page.to]).toEqual([2, 2]);
  }
});

test("a page of history ends at its bound of bytes, and the next goes on behind it", async () => {
  using opened = await openStore();
  const attributes = JSON.stringify({ a: "x".repeat(8_000) });
  const events = Array.from({ length: 300 }, (_, n) => event(n + 1, { attributes }));
  await opened.store.apply(await batchOf(events));
  for (const topic of [{ name: "all" }, { name: "", appId: "app", messageId: "message" }]) {
    const { events: first, to } = await opened.queries.history({ topic, after: 0, upTo: 300 });
    expect(first.length).toBeGreaterThan(100);
    expect(first.length).toBeLessThan(140);
    expect(to).toBe(first.length);
    expect(await historyOf(opened, topic, 0, 300)).toEqual(events);
  }
});

async function historyOf({ queries }: TestStore, topic: Topic, after: number, upTo: number) {
  const events: SequencedEvent[] = [];
  for (let at = after; at < upTo; ) {
    const page = await queries.history({ topic, after: at, upTo });
    expect(page.to).toBeGreaterThan(at);
    events.push(...page.events);
    at = page.to;
  }
  return events;
}

/** What a watcher knows who takes an event that replaces another for it. */
function viewOf(frames: readonly SequencedEvent[], messageId?: string) {
  const known = new Map<number, SequencedEvent>();
  for (const { replaces, ...one } of frames) {
    const seq = replaces ?? one.seq;
    // When it was received stays that of the first report.
    known.set(seq, { ...one, seq });
  }
  return [...known.values()]
    .filter((one) => messageId === undefined || one.messageId === messageId)
    .sort((a, b) => a.seq - b.seq);
}
