import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import fc from "fast-check";
import { MarsError } from "../../../src/core/error.ts";
import type { SequencedEvent } from "../../../src/core/event.ts";
import { compareEvents, foldReports } from "../../../src/core/fold.ts";
import { createStoreService } from "../../../src/workers/store-service.ts";
import { naiveSummary } from "../../support/model.ts";
import { batchOf, event, journalId, openStore } from "../../support/store.ts";

/** Few values, so that messages and identities meet again in later batches. */
const report = fc
  .record({
    appId: fc.constantFrom("a", "b"),
    messageId: fc.constantFrom("1", "2"),
    event: fc.constantFrom("A", "B", "\u{1F600}", "\uFFFD"),
    createdAt: fc.integer({ min: 1, max: 5 }),
    eventId: fc.constantFrom("", "", "x", "A"),
    externalId: fc.constantFrom("", "e1", "e2"),
    parentId: fc.constantFrom("", "p1"),
    attributes: fc.constantFrom("", '{"a":1}'),
    ahead: fc.constantFrom(0, 0, 3),
  })
  .map(({ ahead, ...fields }) => ({ ...fields, ...(ahead > 0 && { aheadBy: ahead }) }));

test("the store folds over batches exactly as the pure fold does at once", async () => {
  using opened = await openStore();
  let lastSeq = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(report, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
      async (batches) => {
        // Every history has apps of its own, and continues the sequence.
        const history = `${lastSeq}-`;
        const all: SequencedEvent[] = [];
        for (const reports of batches) {
          const events = reports.map((fields) =>
            event(++lastSeq, { ...fields, appId: history + fields.appId }),
          );
          const known = new Set(foldedSeqs(all));
          all.push(...events);
          const outcome = await opened.store.apply(await batchOf(events));
          const expected = foldedSeqs(all).filter((seq) => !known.has(seq));
          // `null` says that every event of the batch was new.
          expect(outcome?.fresh ?? events.map(({ seq }) => seq)).toEqual(expected);
        }
        for (const [key, reports] of byMessage(all)) {
          const events = foldReports(reports).sort(compareEvents);
          const { message } = await opened.queries.get(key);
          expect(message).toEqual({ ...naiveSummary(key, events), events });
        }
      },
    ),
    { numRuns: 80 },
  );
});

test("a batch that is sent again after a lost answer is stored once", async () => {
  using opened = await openStore();
  const batch = await batchOf([event(1), event(2), event(3, { createdAt: 1_000_002 })]);
  expect(await opened.store.apply(batch)).toEqual({ fresh: [1, 2], changed: [] });
  expect(await opened.store.apply(batch)).toEqual({ fresh: [1, 2], changed: [] });
  const { message } = await opened.queries.get({ appId: "app", messageId: "message" });
  expect(message?.events.map(({ duplicates }) => duplicates)).toEqual([0, 1]);
});

test("a batch of several chunks finds the messages that were there before it", async () => {
  using opened = await openStore();
  const ids = Array.from({ length: 30_000 }, (_, index) => ` "${index}" \\ \u{1F600}\n${"x".repeat(60)}`);
  const old = ids
    .filter((_, index) => index % 2 === 0)
    .map((messageId, index) => event(index + 1, { messageId }));
  await opened.store.apply(await batchOf(old));
  const batch = await batchOf(
    ids.map((messageId, index) =>
      event(old.length + index + 1, { messageId, event: ` "B" \\ é${messageId}`, createdAt: -1 - index }),
    ),
  );
  expect(batch.chunks.length).toBeGreaterThan(1);
  expect(await opened.store.apply(batch)).toBeNull();
  for (const index of [0, 1, 14_999, 15_000, 29_998, 29_999]) {
    const { message } = await opened.queries.get({ appId: "app", messageId: ids[index]! });
    const stages = [` "B" \\ é${ids[index]}`, ...(index % 2 === 0 ? ["CREATED"] : [])];
    expect([message?.stages, message?.createdAt]).toEqual([stages, -1 - index]);
  }
  const known = event(old.length + ids.length + 1, { messageId: ids[1]!, event: "C" });
  expect(await opened.store.apply(await batchOf([known]))).toBeNull();
  const { message } = await opened.queries.get({ appId: "app", messageId: ids[1]! });
  expect(message?.eventCount).toBe(2);
  // What a batch calls its messages is forgotten with it.
  const client = createClient({ url: opened.url });
  const { rows } = await client.execute("SELECT count(*) AS aliases FROM aliases");
  client.close();
  expect(rows[0]?.aliases).toBe(0);
});

test("a transaction that does not continue the position changes nothing and says so", async () => {
  using opened = await openStore();
  await opened.store.apply(await batchOf([event(1)]));
  const failure = await opened.store.apply(await batchOf([event(5)])).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(MarsError);
  expect((failure as MarsError).code).toBe("fenced");
  const { asOfSeq, message } = await opened.queries.get({ appId: "app", messageId: "message" });
  expect([asOfSeq, message?.eventCount]).toEqual([1, 1]);
});

test("a journal that is new to a database leaps beyond all that earlier ones may have assigned", async () => {
  using opened = await openStore();
  await opened.store.apply(await batchOf([event(1), event(2)]));
  const other = createStoreService({ url: opened.url, authToken: "", timeoutMs: 1_000 });
  const { seq, lost } = await other.open({ id: "other", firstSeq: 0, lastSeq: 0, bytes: 0 });
  expect([seq > 1_000_000, lost]).toEqual([true, 0]);
  // A watcher of a sequence that may have gone on longer gets `recovered: false`.
  const prunedTo = async (after: number) =>
    (await opened.queries.history({ topic: { name: "all" }, after, upTo: seq })).prunedTo;
  expect([await prunedTo(2), await prunedTo(3), await prunedTo(seq - 1)]).toEqual([0, seq, seq]);
  // And each finds its own place again.
  expect(await other.open({ id: "other", firstSeq: 0, lastSeq: 0, bytes: 0 })).toMatchObject({
    seq,
    lost: 0,
  });
  expect(await other.open({ id: journalId, firstSeq: 1, lastSeq: 2, bytes: 9 })).toMatchObject({
    seq: 2,
    lost: 0,
    receivedAt: 2_000_002,
    setAside: 0,
  });
  other.close();
});

test("a database older than the journal continues where the journal begins, and the gap is logged", async () => {
  using opened = await openStore();
  await opened.store.apply(await batchOf([event(1), event(2)]));
  const { prunedTo: before } = await opened.queries.history({ topic: { name: "all" }, after: 0, upTo: 2 });
  expect(before).toBe(0);
  expect(await opened.store.open({ id: journalId, firstSeq: 10, lastSeq: 12, bytes: 9 })).toMatchObject({
    seq: 9,
    lost: 7,
    receivedAt: 2_000_002,
    setAside: 0,
  });
  const { prunedTo } = await opened.queries.history({ topic: { name: "all" }, after: 0, upTo: 9 });
  expect(prunedTo).toBe(9);
});

test.each([
  [
    "a newer Mars",
    "INSERT INTO migrations VALUES (1000, 'later', 'then', '')",
    /1000.*written by a newer Mars/,
  ],
  [
    "an earlier text of a step",
    "UPDATE migrations SET hash = 'x' WHERE version = 2",
    /unreleased Mars.*0002/,
  ],
  [
    "a Mars that kept no hashes",
    "ALTER TABLE migrations DROP COLUMN hash",
    /unreleased Mars.*0001.*start with a new data directory/,
  ],
])("a database written by %s is refused", async (_by, sql, message) => {
  using opened = await openStore();
  const client = createClient({ url: opened.url });
  await client.execute(sql);
  client.close();
  const old = createStoreService({ url: opened.url, authToken: "", timeoutMs: 1_000 });
  await expect(old.open({ id: journalId, firstSeq: 0, lastSeq: 0, bytes: 0 })).rejects.toThrow(message);
  old.close();
});

test("counts are kept until they are old, also when their messages are deleted", async () => {
  using opened = await openStore();
  const day = 86_400_000_000;
  await opened.store.apply(await batchOf([event(1, { createdAt: day }), event(2, { createdAt: 3 * day })]));
  await opened.store.project({ upTo: 2, watermark: 0, raise: false });
  const counted = async () => {
    const { stages } = await opened.queries.rates({ appId: "app", since: 0, until: 4 * day, step: day });
    return stages.map(({ counts }) => counts);
  };
  expect(await counted()).toEqual([[0, 1, 0, 1]]);
  expect(await opened.store.pruneCounts(day)).toBe(0);
  expect(await opened.store.pruneCounts(2 * day)).toBe(1);
  expect(await counted()).toEqual([[0, 0, 0, 1]]);
});

function foldedSeqs(events: readonly SequencedEvent[]): number[] {
  return [...byMessage(events).values()]
    .flatMap((reports) => foldReports(reports).map(({ seq }) => seq))
    .sort((a, b) => a - b);
}

function byMessage(
  events: readonly SequencedEvent[],
): Map<{ appId: string; messageId: string }, SequencedEvent[]> {
  const groups = Map.groupBy(events, ({ appId, messageId }) => JSON.stringify({ appId, messageId }));
  return new Map([...groups].map(([key, reports]) => [JSON.parse(key), reports]));
}
