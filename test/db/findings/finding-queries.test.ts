import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import { type Finding, findingKinds } from "../../../src/lifecycle/finding.ts";
import type { FindingQuery, OverdueStage } from "../../../src/lifecycle/finding-query.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000_000;

const definition = parseDefinition({
  stages: [
    { event: "CREATED" },
    { event: "SENT", within: "5s" },
    { event: "CHARGED", within: "7s" },
    { event: "SEEN", after: "SENT", within: "9s" },
  ],
  complete_on: ["SEEN"],
  fail_on: ["BOUNCED"],
  give_up: "50s",
});

let opened: TestStore;
/** As they were last published, by id. */
const published = new Map<number, Finding>();
let [seq, clock] = [0, 0];

/** Messages of two apps, some of whose stages are missing, late, skipped or failed, raised and retracted over a while. */
beforeAll(async () => {
  opened = await openStore(7);
  const { store } = opened;
  for (const appId of ["app0", "app1"]) await store.putLifecycle(appId, definition);
  for (let round = 0; round < 30; round++) {
    const events: SequencedEvent[] = [];
    const add = (n: number, name: string, afterSeconds: number) =>
      events.push(
        event(++seq, {
          appId: `app${n % 2}`,
          // Each name is one of either app.
          messageId: `m${n >> 1}`,
          event: name,
          createdAt: (n + afterSeconds) * second,
        }),
      );
    for (const n of [3 * round, 3 * round + 1, 3 * round + 2]) {
      add(n, "CREATED", 0);
      if (n % 3 !== 0) add(n, "SENT", n % 8);
      // What came late was missing for some rounds.
      if (n >= 12) {
        if (n % 4 === 0) add(n - 12, "SENT", 10);
        if (n % 5 === 0) add(n - 12, "SEEN", 11);
        if (n % 7 === 0) add(n - 12, "BOUNCED", 11);
      }
    }
    await store.apply(await batchOf(events));
    clock = 3 * (round + 1) * second;
    for (const finding of await projectAll(store, seq, clock)) published.set(finding.id, finding);
  }
});
afterAll(() => opened[Symbol.dispose]());

test("every kind of finding is there to be asked for, and some hold no more", () => {
  const all = [...published.values()];
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(findingKinds));
  expect(all.filter(({ retractedAt }) => retractedAt !== undefined).length).toBeGreaterThan(5);
});

const queries = fc.record(
  {
    appId: fc.constantFrom("app0", "app1", "nobody"),
    messageId: fc.constantFrom("m0", "m4", "m7", "none"),
    kind: fc.constantFrom(...findingKinds),
    stage: fc.constantFrom("SENT", "SEEN", "BOUNCED", "NEVER"),
    state: fc.constantFrom("current", "retracted", "any"),
    since: fc.integer({ min: 0, max: 95 }).map((n) => n * second),
    until: fc.integer({ min: 0, max: 95 }).map((n) => n * second),
    order: fc.constantFrom("newest", "oldest"),
    limit: fc.integer({ min: 1, max: 30 }),
  },
  { requiredKeys: ["state", "order", "limit"] },
);

test("findings are listed by every combination of filters as they were published, page by page", async () => {
  await fc.assert(
    fc.asyncProperty(queries, async (query) => {
      const sign = query.order === "oldest" ? 1 : -1;
      const expected = [...published.values()]
        .filter(
          (one) =>
            isOf(one, query as FindingQuery) &&
            (query.kind === undefined || one.kind === query.kind) &&
            (query.stage === undefined || one.stage === query.stage) &&
            (query.state === "any" || (query.state === "current") === (one.retractedAt === undefined)) &&
            (query.since === undefined || one.raisedAt >= query.since) &&
            (query.until === undefined || one.raisedAt < query.until),
        )
        .sort((a, b) => sign * (a.raisedAt - b.raisedAt || a.id - b.id));
      const found = await pages(async (cursor) => {
        const page = await opened.queries.findings({ ...query, ...cursor } as FindingQuery);
        expect(page.asOfSeq).toBe(lastChange());
        return { rows: page.findings, nextCursor: page.nextCursor };
      });
      expect(found).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("what is overdue is listed by how long, with when its clock started and how long others took", async () => {
  const others = await opened.queries.latency("app0", { since: -3_600 * second, until: 3_600 * second });
  const p99 = others.hops.find(({ stage }) => stage === "SENT")?.now.percentiles.at(-1)?.value;
  expect(p99).toBeGreaterThan(0);
  await fc.assert(
    fc.asyncProperty(
      fc.record(
        { appId: fc.constantFrom("app0", "app1"), stage: fc.constantFrom("SENT", "SEEN", "NEVER") },
        { requiredKeys: [] },
      ),
      fc.integer({ min: 1, max: 30 }),
      async (filter, limit) => {
        const expected = [...published.values()]
          .filter(({ kind, retractedAt }) => kind === "missing" && retractedAt === undefined)
          .filter((one) => isOf(one, filter) && (filter.stage === undefined || one.stage === filter.stage))
          .sort((a, b) => a.dueAt - b.dueAt || a.id - b.id);
        const found = await pages<OverdueStage>(async (cursor) => {
          const page = await opened.queries.overdue({ ...filter, clock, limit, ...cursor });
          expect(page.clock).toBe(clock);
          return { rows: page.overdue, nextCursor: page.nextCursor };
        });
        expect(found.map(({ finding }) => finding)).toEqual(expected);
        const within: Readonly<Record<string, number>> = { SENT: 5, CHARGED: 7, SEEN: 9 };
        for (const { finding, startedAt, hopP99 } of found) {
          expect(startedAt).toBe(finding.dueAt - within[finding.stage]! * second);
          // Nothing was ever charged, so its usual time is unknown.
          expect(hopP99 === undefined).toBe(finding.stage === "CHARGED");
          if (finding.appId === "app0" && finding.stage === "SENT") expect(hopP99).toBe(p99!);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("the history of changes gives each topic its findings once and in order, in ranges", async () => {
  for (const topic of [{}, { appId: "app1" }, { appId: "app0", messageId: "m2" }, { messageId: "m3" }]) {
    for (const [after, upTo] of [
      [0, lastChange()],
      [10, lastChange() - 10],
    ] as const) {
      const found: Finding[] = [];
      for (let to: number = after; to < upTo; ) {
        const page = await opened.queries.findingHistory({ ...topic, after: to, upTo });
        expect([page.to > to, page.prunedTo]).toEqual([true, 0]);
        found.push(...page.findings);
        to = page.to;
      }
      const expected = [...published.values()]
        .filter((one) => one.seq > after && one.seq <= upTo && isOf(one, topic))
        .sort((a, b) => a.seq - b.seq);
      expect(found).toEqual(expected);
    }
  }
});

test("a cursor of another list is refused", async () => {
  const { nextCursor } = await opened.queries.findings({ state: "any", order: "newest", limit: 1 });
  for (const call of [
    () => opened.queries.findings({ state: "any", order: "oldest", limit: 1, cursor: nextCursor! }),
    () => opened.queries.overdue({ clock, limit: 1, cursor: nextCursor! }),
    () => opened.queries.apps({ cursor: nextCursor!, limit: 1 }),
  ]) {
    expect(await call().catch((error: unknown) => error)).toMatchObject({ code: "invalid_argument" });
  }
});

function isOf(finding: Finding, of: { readonly appId?: string; readonly messageId?: string }): boolean {
  return (
    (of.appId === undefined || finding.appId === of.appId) &&
    (of.messageId === undefined || finding.messageId === of.messageId)
  );
}

function lastChange(): number {
  return Math.max(...[...published.values()].map((one) => one.seq));
}

async function pages<Row>(
  read: (cursor: {
    readonly cursor?: string;
  }) => Promise<{ readonly rows: readonly Row[]; readonly nextCursor: string | undefined }>,
): Promise<Row[]> {
  const all: Row[] = [];
  let cursor: { readonly cursor?: string } = {};
  for (let page = 0; page < 1_000; page++) {
    const { rows, nextCursor } = await read(cursor);
    all.push(...rows);
    if (nextCursor === undefined) return all;
    cursor = { cursor: nextCursor };
  }
  throw new Error("the list does not end");
}
