import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import type { Window } from "../../../src/core/window.ts";
import { readRatesByRange } from "../../../src/db/statistics/rate-ranges.ts";
import { activeBy, assess } from "../../../src/lifecycle/assess.ts";
import { hopsOf } from "../../../src/lifecycle/hops.ts";
import { createPlan, type Plan } from "../../../src/lifecycle/plan.ts";
import type { Distribution } from "../../../src/statistics/statistics.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, markTime, openStore, prune, type TestStore } from "../../support/store.ts";

const second = 1_000_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const clock = 2 * day;

const plans = [
  {
    stages: [
      { event: "CREATED" },
      { event: "SENT", within: "1m" },
      { event: "SEEN", after: "SENT", within: "2d" },
    ],
    complete_on: ["SEEN"],
    fail_on: ["BOUNCED"],
  },
  {
    stages: [
      { event: "CREATED" },
      { event: "QUEUED", within: "10s" },
      { event: "SENT", after: "QUEUED", within: "1m" },
      { event: "SEEN", after: "SENT", within: "2d" },
    ],
    complete_on: ["SEEN"],
    fail_on: ["BOUNCED"],
  },
].map((definition) => createPlan(parseDefinition(definition)));

interface Model {
  readonly plan: Plan;
  readonly messageId: string;
  readonly events: readonly SequencedEvent[];
}

let opened: TestStore;
let models: Model[];

/** Four days around 1970, so that windows begin and end within days, hours and minutes, also before it. */
beforeAll(async () => {
  opened = await openStore();
  models = await fill(opened, 400);
});
afterAll(() => opened[Symbol.dispose]());

const windows = fc
  .tuple(fc.integer({ min: -2 * day, max: 2 * day }), fc.integer({ min: 1, max: 3 * day }))
  .map(([since, length]): Window => ({ since, until: since + length }));

test("a funnel counts the messages opened in any window by how they stand with each stage", async () => {
  await fc.assert(
    fc.asyncProperty(windows, async (window) => {
      const { since, until } = widened(window);
      const counts = new Map<string, { reached: number; waiting: number; overdue: number; never: number }>();
      const opening = models.filter(({ events }) => isIn(openedAt(events), { since, until }));
      for (const { plan, events } of opening) {
        const { state, stages } = assess(plan, timesOf(plan, events), activeBy(clock));
        for (const { name, after, status } of stages) {
          const key = `${after} ${name}`;
          const sum = counts.get(key) ?? { reached: 0, waiting: 0, overdue: 0, never: 0 };
          if (status === "done") sum.reached++;
          else if (state === "complete" || state === "failed") sum.never++;
          else if (status === "overdue") sum.overdue++;
          else sum.waiting++;
          counts.set(key, sum);
        }
      }
      const funnel = await opened.queries.funnel("app", window);
      expect({ since: funnel.since, until: funnel.until, opened: funnel.opened }).toEqual({
        since,
        until,
        opened: opening.length,
      });
      expect(new Map(funnel.stages.map(({ after, stage, ...sum }) => [`${after} ${stage}`, sum]))).toEqual(
        counts,
      );
    }),
    { numRuns: 200 },
  );
});

test("latencies of any window are those of the hops made in it, at most 1 % off, beside those before", async () => {
  await fc.assert(
    fc.asyncProperty(windows, async (window) => {
      const { since, until } = widened(window);
      const now = durations({ since, until });
      const before = durations({ since: 2 * since - until, until: since });
      const latency = await opened.queries.latency("app", window);
      expect([latency.since, latency.until]).toEqual([since, until]);
      const keys = latency.hops.map(({ after, stage }) => `${after} ${stage}`);
      expect(new Set(keys)).toEqual(new Set([...now.keys(), ...before.keys()]));
      for (const [index, hop] of latency.hops.entries()) {
        expectDistribution(hop.now, now.get(keys[index]!) ?? []);
        expectDistribution(hop.before, before.get(keys[index]!) ?? []);
      }
    }),
    { numRuns: 100 },
  );
});

test("rates count every event of a window in its step, those with the most events first", async () => {
  const all = models.flatMap(({ events }) => events);
  await fc.assert(
    fc.asyncProperty(windows, fc.constantFrom(1, 7, 60, 1_440), async (window, minutes) => {
      const step = minutes * minute;
      const { since, until } = widened(window);
      const steps = Math.ceil((until - since) / step);
      const expected = new Map<string, number[]>();
      for (const { event: name, createdAt } of all) {
        if (!isIn(createdAt, { since, until })) continue;
        const counts = expected.get(name) ?? Array.from({ length: steps }, () => 0);
        counts[Math.floor((createdAt - since) / step)]!++;
        expected.set(name, counts);
      }
      const rates = await opened.queries.rates({ appId: "app", step, ...window });
      const inTurns = await readRatesByRange(async (query) => opened.queries.rates(query), {
        appId: "app",
        step,
        ...window,
      });
      expect({ ...inTurns, stages: new Set(inTurns.stages) }).toEqual({
        ...rates,
        stages: new Set(rates.stages),
      });
      expect([rates.since, rates.until, rates.step]).toEqual([since, until, step]);
      expect(new Map(rates.stages.map(({ event: name, counts }) => [name, counts]))).toEqual(
        new Map(expected),
      );
      const totals = rates.stages.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
      expect(totals).toEqual(totals.toSorted((a, b) => b - a));
    }),
    { numRuns: 50 },
  );
});

test("apps are listed with their counts, their last event and the version that holds now", async () => {
  using other = await openStore();
  const { store, queries } = other;
  const { events } = (await fill(other, 40)).at(-1)!;
  const seq = events.at(-1)!.seq + 1;
  await store.apply(await batchOf([event(seq, { appId: "free", event: "B", createdAt: 20 })]));
  await store.putLifecycle("free", plans[0]!.definition);
  await store.putLifecycle("free", undefined);
  await projectAll(store, seq, clock);
  const [first, second] = [
    await queries.apps({ limit: 1 }),
    await queries.apps({ cursor: "WyJhcHBzIiwiYXBwIl0", limit: 1 }),
  ];
  expect(first.nextCursor).toBe("WyJhcHBzIiwiYXBwIl0");
  const [app] = first.apps;
  const { open, overdue, complete, failed, expired } = app!.messages;
  expect([app!.appId, app!.lifecycleVersion, open + overdue + complete + failed, expired]).toEqual([
    "app",
    2,
    40,
    0,
  ]);
  expect(second.apps).toEqual([
    {
      appId: "free",
      messages: {
        ...{ open: 0, overdue: 0, complete: 0, failed: 0 },
        ...{ abandoned: 0, closed: 0, untracked: 1, expired: 0 },
      },
      events: 1,
      eventsAhead: 0,
      lastEvent: "B",
      lastEventAt: 20,
      indexed: [],
    },
  ]);
  expect((await queries.apps({ cursor: second.nextCursor!, limit: 1 })).apps).toEqual([]);
});

test("messages that retention takes leave their counts, and are named no more", async () => {
  using other = await openStore();
  await fill(other, 60);
  const window = { since: -2 * day, until: 4 * day };
  const read = async () => {
    const { hops } = await other.queries.latency("app", window);
    const rates = await other.queries.rates({ appId: "app", step: day, ...window });
    return { hops, rates, opened: (await other.queries.funnel("app", window)).opened };
  };
  const before = await read();
  expect(before.hops[0]!.now.percentiles[0]!.example).toBeDefined();
  await markTime(other.store, 1);
  await prune(other.store, 10_000);
  const after = await read();
  expect([after.opened, after.rates]).toEqual([60, before.rates]);
  expect(after.hops.map(({ now }) => now)).toEqual(
    before.hops.map(({ now }) => ({
      ...now,
      percentiles: now.percentiles.map(({ percent, value }) => ({ percent, value })),
    })),
  );
});

test("an unknown app has no counts", async () => {
  const window = { since: 0, until: minute };
  expect(await opened.queries.funnel("nobody", window)).toEqual({ ...window, opened: 0, stages: [] });
  expect(await opened.queries.latency("nobody", window)).toEqual({ ...window, hops: [] });
  const query = { appId: "nobody", step: minute, ...window };
  expect(await opened.queries.rates(query)).toEqual({ ...query, stages: [] });
});

/** Half of the messages go by each version. */
async function fill({ store }: TestStore, count: number): Promise<Model[]> {
  let lastSeq = 0;
  const random = fc.sample(
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
    {
      numRuns: count,
      seed: 4,
    },
  );
  const all: Model[] = [];
  for (const plan of plans) {
    await store.putLifecycle("app", plan.definition);
    const first = lastSeq;
    const more = random.slice(all.length, all.length + count / 2).map(([at, a, b, c, d, e], index): Model => {
      const messageId = `m${all.length + index}`;
      const start = -2 * day + Math.floor(at! * 3.9 * day);
      const add = (name: string, after: number) =>
        event(++lastSeq, { appId: "app", messageId, event: name, createdAt: start + Math.floor(after) });
      // From microseconds to hours.
      const took = (share: number) => 2 ** (share * 35);
      const events = [add("CREATED", 0)];
      if (a! > 0.2) events.push(add("QUEUED", took(a!)));
      if (b! > 0.2) events.push(add("SENT", took(a!) + took(b!)));
      if (c! > 0.4) events.push(add("SEEN", took(b!) + took(c!)));
      if (d! > 0.9) events.push(add("BOUNCED", took(e!)));
      return { plan, messageId, events };
    });
    await store.apply({ ...(await batchOf(more.flatMap(({ events }) => events))), from: first });
    all.push(...more);
  }
  await projectAll(store, lastSeq, clock);
  return all;
}

function widened({ since, until }: Window): Window {
  return {
    since: Math.floor(since / minute) * minute,
    until: Math.floor((until + minute - 1) / minute) * minute,
  };
}

function isIn(at: number, { since, until }: Window): boolean {
  return at >= since && at < until;
}

function openedAt(events: readonly SequencedEvent[]): number {
  return Math.min(...events.map(({ createdAt }) => createdAt));
}

function timesOf({ slots }: Plan, events: readonly SequencedEvent[]) {
  return [...slots.keys()].map((name) => events.find((one) => one.event === name)?.createdAt ?? null);
}

/** How long each hop took that was made in the window, with its message. */
function durations(window: Window): Map<string, { took: number; messageId: string }[]> {
  const found = new Map<string, { took: number; messageId: string }[]>();
  for (const { plan, events, messageId } of models) {
    for (const { stage, reachedAt, took } of hopsOf(plan, timesOf(plan, events))) {
      if (!isIn(reachedAt, window)) continue;
      const key = `${plan.stages[stage]?.after ?? ""} ${plan.stages[stage]?.name ?? ""}`;
      found.set(key, [...(found.get(key) ?? []), { took, messageId }]);
    }
  }
  return found;
}

function expectDistribution(
  { count, max, percentiles }: Distribution,
  hops: readonly { readonly took: number; readonly messageId: string }[],
): void {
  const sorted = hops.map(({ took }) => took).sort((a, b) => a - b);
  const greatest = sorted.at(-1) ?? 0;
  expect(count).toBe(sorted.length);
  expect(max).toBeGreaterThanOrEqual(greatest);
  expect(max).toBeLessThanOrEqual(greatest * 1.01);
  expect(percentiles.map(({ percent }) => percent)).toEqual([50, 90, 95, 99]);
  for (const { percent, value, example } of percentiles) {
    const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
    expect(Math.abs(value - exact)).toBeLessThanOrEqual(exact * 0.01);
    if (count === 0) continue;
    const theirs = hops.filter(({ messageId }) => messageId === example?.messageId);
    expect(theirs.some(({ took }) => Math.abs(took - value) <= took * 0.01)).toBe(true);
  }
}
