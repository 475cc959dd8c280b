/** Groups of overdue stages, compared with counts by hand over the list of what is overdue, after each step of a random history. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { SequencedEvent } from "../../../src/core/event.ts";
import type { OverdueStage } from "../../../src/lifecycle/finding-query.ts";
import {
  type OverdueGroup,
  type OverdueGroupQuery,
  overdueAges,
} from "../../../src/lifecycle/overdue-groups.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { mulberry32 } from "../../support/random.ts";
import { batchOf, event, markTime, openStore, prune, type TestStore } from "../../support/store.ts";

const minute = 60_000_000;
const hour = 60 * minute;
/** The first time; not at a whole minute. */
const start = 1_900_000_000_000_000;

const definition = (within: string) =>
  parseDefinition({
    stages: [
      { event: "A" },
      { event: "B", within },
      { event: "C", after: "A", within: "9m" },
      { any_of: ["D", "E"], after: "C", within: "1h" },
    ],
    complete_on: ["D"],
    fail_on: ["X"],
  });

let opened: TestStore;
let store: TestStore["store"];
let seq = 0;
let clock = start;

beforeAll(async () => {
  opened = await openStore();
  ({ store } = opened);
  for (const app of ["app0", "app1", "other"]) await store.putLifecycle(app, definition("5m"));
});
afterAll(() => opened[Symbol.dispose]());

async function everyOverdue(): Promise<OverdueStage[]> {
  const found: OverdueStage[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await opened.queries.overdue({ clock, limit: 100, ...(cursor && { cursor }) });
    found.push(...page.overdue);
    if (page.nextCursor === undefined) return found;
    cursor = page.nextCursor;
  }
}

async function everyGroup(query: Partial<OverdueGroupQuery>, limit: number): Promise<OverdueGroup[]> {
  const found: OverdueGroup[] = [];
  const asked = { triage: "any", newSince: clock - 15 * minute, clock, limit, ...query } as const;
  for (let cursor: string | undefined; ; ) {
    const page = await opened.queries.overdueGroups({ ...asked, ...(cursor && { cursor }) });
    expect(page.partial).toBe(false);
    found.push(...page.groups);
    if (page.nextCursor === undefined) return found;
    cursor = page.nextCursor;
  }
}

/** By hand. Ages are by whole minutes. */
function naiveGroups(overdue: readonly OverdueStage[], newSince: number): Omit<OverdueGroup, "normalP99">[] {
  const floor = (at: number) => Math.floor(at / minute) * minute;
  const key = ({ finding: { appId, after, stage } }: OverdueStage) => JSON.stringify([appId, after, stage]);
  return [...Map.groupBy(overdue, key).values()]
    .map((group) => {
      const { appId, stage, after } = group[0]!.finding;
      const due = group.map(({ finding }) => finding.dueAt);
      const older = (age: number) => due.filter((at) => at < floor(clock - age)).length;
      const ages = overdueAges.map(({ from }, index) => {
        const next = overdueAges[index + 1];
        return (from === 0 ? due.length : older(from)) - (next === undefined ? 0 : older(next.from));
      });
      const dueAt = Math.min(...due);
      return {
        ...{ appId, stage, after, total: due.length, acknowledged: 0, ages },
        fresh: due.filter((at) => at >= floor(newSince)).length,
        longest: {
          messageId: group.find(({ finding }) => finding.dueAt === dueAt)!.finding.messageId,
          dueAt,
        },
      };
    })
    .sort((a, b) => b.fresh - a.fresh || b.total - a.total);
}

function comparable(groups: readonly Omit<OverdueGroup, "normalP99">[]) {
  return groups.map((group) => ({ ...group, longest: group.longest?.dueAt, normalP99: undefined }));
}

/** Where new and total are equal, the order is that of the stages, of which this knows nothing. */
function sorted<Group extends { fresh: number; total: number }>(groups: readonly Group[]): Group[] {
  const key = (group: Group) => JSON.stringify(group);
  return groups.toSorted((a, b) => b.fresh - a.fresh || b.total - a.total || (key(a) < key(b) ? -1 : 1));
}

async function expectSame(newWithin = 15 * minute): Promise<number> {
  const overdue = await everyOverdue();
  const newSince = clock - newWithin;
  for (const appId of [undefined, "app1"]) {
    const naive = naiveGroups(
      overdue.filter(({ finding }) => appId === undefined || finding.appId === appId),
      newSince,
    );
    const found = await everyGroup({ newSince, ...(appId && { appId }) }, 3);
    expect(found.map(({ fresh, total }) => [fresh, total])).toEqual(
      naive.map(({ fresh, total }) => [fresh, total]),
    );
    expect(sorted(comparable(found))).toEqual(sorted(comparable(naive)));
  }
  return overdue.length;
}

test("groups are what a count by hand says, however events come and messages go", async () => {
  const random = mulberry32(7);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  let most = 0;
  for (let round = 0; round < 40; round++) {
    const events: SequencedEvent[] = Array.from({ length: 1 + Math.floor(random() * 40) }, () =>
      event(++seq, {
        appId: pick(["app0", "app1", "other"]),
        messageId: `m${Math.floor(random() * 150)}`,
        event: pick(["A", "A", "A", "B", "C", "C", "D", "E", "X"]),
        // Some say so days later, and before what is known.
        createdAt: clock - Math.floor(random() ** 6 * 200 * hour),
        receivedAt: clock,
      }),
    );
    await store.apply(await batchOf(events));
    clock += pick([minute / 3, 7 * minute, 3 * hour]);
    if (round === 20) await store.putLifecycle("app0", definition("20m"));
    await projectAll(store, seq, clock);
    if (round === 25) store = await opened.restart();
    if (round === 30) {
      const gone = await store.eraseMessage({ appId: "app1", messageId: "m7" }, seq);
      expect(gone).toBeGreaterThan(0);
    }
    most = Math.max(most, await expectSame(pick([minute, 15 * minute, 24 * hour])));
  }
  expect(most).toBeGreaterThan(100);
});

test("a hop is not listed any more when retention has deleted its messages", async () => {
  await markTime(store, 1);
  const steps = await prune(store, 9_000, Number.MIN_SAFE_INTEGER);
  expect(steps.reduce((sum, { messages }) => sum + messages, 0)).toBeGreaterThan(100);
  expect(await everyOverdue()).toEqual([]);
  expect(await everyGroup({}, 10)).toEqual([]);
});

test("the apps of a key's patterns are shown and no others", async () => {
  clock += hour;
  const events = ["app0", "app1", "other"].map((appId) =>
    event(++seq, { appId, messageId: "n", event: "A", createdAt: clock }),
  );
  await store.apply(await batchOf(events));
  clock += 6 * minute;
  await projectAll(store, seq, clock);
  const apps = async (patterns?: string[]) =>
    (await everyGroup(patterns === undefined ? {} : { apps: patterns }, 1)).map(({ appId }) => appId).sort();
  expect(await apps()).toEqual(["app1", "other"]);
  expect(await apps(["app*"])).toEqual(["app1"]);
  expect(await apps(["other", "none"])).toEqual(["other"]);
  expect(await apps([])).toEqual([]);
});
