/**
 * Indexed attributes against a naive model: random histories of events, repeats that change attributes, indexes that are put and dropped
 * at any time, deletions and crashes. At their end each value finds the messages that have it in one of their events, and no others.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import fc from "fast-check";
import type { SequencedEvent, StoredEvent } from "../../../src/core/event.ts";
import { foldReports } from "../../../src/core/fold.ts";
import type { StoreService } from "../../../src/workers/store-service.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const names = ["region", 'a "b".c', "n"];

/** Few values, so that they meet; of several types, one that is no scalar and one that is too long. */
const attributes = fc
  .record({
    region: fc.constantFrom(undefined, "north", "south", "x".repeat(257), ["north"]),
    'a "b".c': fc.constantFrom(undefined, "north", true, null),
    n: fc.constantFrom(undefined, 1, 1.5, 1e21, "1"),
  })
  .map((values) => {
    const text = JSON.stringify(values);
    return text === "{}" ? "" : text;
  });

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("apply" as const),
      reports: fc.array(
        fc.record({
          appId: fc.constantFrom("a", "b"),
          messageId: fc.constantFrom("1", "2", "3"),
          createdAt: fc.integer({ min: 1, max: 9 }),
          eventId: fc.constantFrom("", "x", "x", "x"),
          attributes,
        }),
        { minLength: 1, maxLength: 6 },
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("project" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      appId: fc.constantFrom("a", "b"),
      indexed: fc.subarray(names),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("erase" as const),
      appId: fc.constantFrom("a", "b"),
      messageId: fc.constantFrom("1", "2", "3"),
    }),
  },
);

let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});
afterAll(() => opened[Symbol.dispose]());

test("each value finds the messages that have it, after any history", async () => {
  let [lastSeq, store]: [number, StoreService] = [0, opened.store];
  const projectOnce = () => store.project({ upTo: lastSeq, watermark: 0, raise: false });
  const projectAll = async () => {
    for (let more = true; more; ) {
      const step = await projectOnce();
      more = !step.done || step.more === true;
    }
  };
  let history = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const of = (appId: string) => `${appId}-${history}`;
      history += 1;
      const events: SequencedEvent[] = [];
      // There is a bound on the names of all apps.
      for (const app of ["a", "b"]) await store.putAttributes(`${app}-${history - 2}`, []);
      // One app has indexed from the beginning, so that changes of what is indexed are frequent.
      await store.putAttributes(of("a"), names);
      const indexed = new Map<string, readonly string[]>([[of("a"), names]]);
      for (const one of steps) {
        if (one.do === "apply") {
          const batch = one.reports.map((fields) => event(++lastSeq, { ...fields, appId: of(fields.appId) }));
          events.push(...batch);
          await store.apply(await batchOf(batch));
        } else if (one.do === "put") {
          await store.putAttributes(of(one.appId), one.indexed);
          indexed.set(of(one.appId), one.indexed);
        } else if (one.do === "project") {
          await projectOnce();
        } else if (one.do === "crash") {
          store = await opened.restart();
        } else {
          await projectAll();
          const key = { appId: of(one.appId), messageId: one.messageId };
          await store.eraseMessage(key, lastSeq);
          for (let at = events.length - 1; at >= 0; at--) {
            if (events[at]!.appId === key.appId && events[at]!.messageId === key.messageId)
              events.splice(at, 1);
          }
        }
      }
      await projectAll();
      for (const appId of [of("a"), of("b")]) {
        const put = indexed.get(appId) ?? [];
        expect(await opened.queries.indexedAttributes(appId)).toEqual(
          expect.arrayContaining(put.map((name) => ({ name, done: true, share: 1 }))),
        );
        for (const name of put) {
          const expected = naive(events, appId, name);
          const values = [
            "north",
            "south",
            "true",
            "1",
            "1.5",
            "1e+21",
            "null",
            "x".repeat(257),
            '["north"]',
          ];
          for (const value of values) {
            const page = await opened.queries.list({
              appId,
              attributes: [{ name, value }],
              order: "oldest",
              limit: 10,
            });
            expect(page.messages.map(({ messageId }) => messageId).sort()).toEqual(
              [...(expected.get(value) ?? [])].sort(),
            );
          }
          const counts = await opened.queries.counts({ appId, name });
          expect(new Map(counts.values.map(({ value, messages }) => [value, messages]))).toEqual(
            new Map([...expected].map(([value, messages]) => [value, messages.size])),
          );
          const all = new Set(events.filter((one) => one.appId === appId).map((one) => one.messageId));
          const having = new Set([...expected.values()].flatMap((messages) => [...messages]));
          expect(counts).toMatchObject({
            messages: all.size,
            without: all.size - having.size,
            partial: false,
          });
        }
      }
    }),
    { numRuns: 30 },
  );
  // Nothing is left of what is not indexed any more.
  const client = createClient({ url: opened.url });
  const { rows } = await client.execute(
    `SELECT (SELECT count(*) FROM attribute_values WHERE name NOT IN (SELECT id FROM attribute_names)) AS lost,
      (SELECT count(*) FROM attribute_names WHERE dropped = 1) AS dropped,
      (SELECT count(*) FROM attribute_changes) AS changes`,
  );
  client.close();
  expect(rows[0]).toMatchObject({ lost: 0, dropped: 0, changes: 0 });
}, 60_000);

/** Of the events of each message, folded, the messages by each value. */
function naive(events: readonly SequencedEvent[], appId: string, name: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const own = events.filter((one) => one.appId === appId);
  const messages = Map.groupBy(own, ({ messageId }) => messageId);
  const stored: StoredEvent[] = [...messages.values()].flatMap((reports) => foldReports(reports));
  for (const { messageId, attributes } of stored) {
    const value = attributes === "" ? undefined : (JSON.parse(attributes) as Record<string, unknown>)[name];
    if (!["string", "number", "boolean"].includes(typeof value)) continue;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text.length > 256) continue;
    found.set(text, (found.get(text) ?? new Set()).add(messageId));
  }
  return found;
}
