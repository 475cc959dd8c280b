/**
 * Triage at random moments of random histories, against a naive model: what is found, ended, counted and grouped in the end is a
 * function of the set of events, the watermark and the marks.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import { shownStates } from "../../../src/core/state.ts";
import type { Finding } from "../../../src/lifecycle/finding.ts";
import { type TriageChange, type TriageSelection, triageActions } from "../../../src/lifecycle/triage.ts";
import { parseDefinition } from "../../support/definition.ts";
import { naiveLifecycle } from "../../support/naive-lifecycle.ts";
import { type NaiveMark, naiveWorld } from "../../support/naive-world.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000_000;

const definition = parseDefinition({
  stages: [
    { event: "A" },
    { event: "B", after: "A", within: "2s" },
    { any_of: ["C", "D"], after: "A", within: "4s" },
    { event: "E", after: ["B", "C"], within: "3s" },
  ],
  complete_on: ["E"],
  fail_on: ["X"],
  grace: "500ms",
  give_up: "15s",
});
const naive = naiveLifecycle(definition);
const stageNames = ["B", "C|D", "E", "X"];
const kinds = ["missing", "late", "skipped", "failed", "abandoned"] as const;

/** Few messages, names and times, so that repeats, ties and reversals are common. */
const report = fc.record({
  messageId: fc.constantFrom("a", "b", "c", "d"),
  event: fc.constantFrom("A", "A", "A", "B", "C", "D", "E", "X"),
  createdAt: fc.integer({ min: 0, max: 24 }).map((n) => (n * second) / 2),
  eventId: fc.constantFrom("", "", "x", "y"),
});
const selection = fc.oneof(
  fc.constantFrom(...stageNames).map((stage) => ({ kind: "missing", stage }) as const),
  fc.constantFrom("a", "b", "c", "d").map((messageId) => ({ messageId })),
  fc.constantFrom(...kinds).map((kind) => ({ kind })),
  fc.constantFrom(...stageNames).map((stage) => ({ stage })),
  fc.constant({}),
);
const actions = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(report, { minLength: 1, maxLength: 6 }).map((reports) => ({ reports })),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        later: fc.integer({ min: 0, max: 12 }),
        raise: fc.boolean(),
        behind: fc.constantFrom(0, 0, 0, 3),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        selection,
        action: fc.constantFrom(...triageActions),
        until: fc.constantFrom("recurs", "always" as const),
      }),
    },
    { weight: 1, arbitrary: fc.constant("restart" as const) },
  ),
  { maxLength: 16 },
);

/** By message, kind and stage. */
type NaiveMarks = Map<string, NaiveMark>;

const statuses = { acknowledge: "acknowledged", resolve: "resolved", ignore: "ignored" } as const;
const by = { action: "test", who: "me", name: "me", address: "", protocol: "rest" } as const;

test("for every history with triage, what holds is that of events, watermark and marks", async () => {
  using opened = await openStore();
  let store = opened.store;
  let [round, seq, clock] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(actions, async (steps) => {
      // One database for all rounds: each has an app and a time of its own.
      const app = `app${++round}`;
      const base = clock + 1_000 * second;
      clock = base;
      await store.putLifecycle(app, definition);
      const all: SequencedEvent[] = [];
      const marks: NaiveMarks = new Map();
      const published = new Map<number, Finding>();
      const project = async (raise: boolean, behind = 0) => {
        const target = { upTo: Math.max(0, seq - behind), watermark: clock, raise: raise && behind === 0 };
        for (;;) {
          const step = await store.project(target);
          for (const finding of step.findings) if (finding.appId === app) published.set(finding.id, finding);
          if (step.done) return;
        }
      };
      /** Marks what is selected, and says so to the model. */
      const triage = async (chosen: TriageSelection, change: TriageChange) => {
        const query = { ...chosen, appId: app, change };
        const { findings } = await opened.queries.triageFindings(query);
        const { kind, stage, messageId } = chosen;
        const key = (one: Pick<Finding, "messageId" | "kind" | "stage">) =>
          `${one.messageId} ${one.kind} ${one.stage}`;
        const expected = [...published.values()].filter(
          (one) =>
            (kind === undefined || one.kind === kind) &&
            (stage === undefined || one.stage === stage) &&
            (messageId === undefined || one.messageId === messageId) &&
            (change.action === "clear" ? one.mark !== undefined : one.retractedAt === undefined),
        );
        // A mark on another occurrence is history, which a message's or a finding's own call takes along.
        const known = new Set(expected.map(({ id }) => id));
        const found = findings.filter(({ id }) => known.has(id) || change.action !== "clear");
        expect(found.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
        const ids = findings.map(({ id }) => id);
        await store.markFindings(ids, change, { target: "test", appId: app, selection: {} }, by);
        for (const id of ids) {
          const one = published.get(id)!;
          if (change.action === "clear") marks.delete(key(one));
          else {
            const until = change.action === "ignore" ? change.until : undefined;
            const status = statuses[change.action];
            const before = marks.get(key(one));
            const holds = before?.until === "always" || before?.dueAt === one.dueAt;
            if (holds && before?.status === status && before.until === until) continue;
            const { run, kind, stage, dueAt } = one;
            marks.set(key(one), { run, kind, stage, status, dueAt, ...(until && { until }) });
          }
        }
        expect((await store.pendingMarks(ids)).pending).toBe(findings.some(({ changes }) => changes));
        await project(false);
        expect((await store.pendingMarks(ids)).pending).toBe(false);
      };
      for (const step of steps) {
        if (step === "restart") {
          store = await opened.restart();
        } else if ("reports" in step) {
          const events = step.reports.map((fields) => {
            const eventId = fields.eventId && `${fields.event} ${fields.eventId}`;
            return event(++seq, { ...fields, eventId, appId: app, createdAt: base + fields.createdAt });
          });
          all.push(...events);
          await store.apply(await batchOf(events));
        } else if ("action" in step) {
          const until = step.action === "ignore" ? { until: step.until as "recurs" | "always" } : {};
          await project(false);
          await triage(step.selection, { action: step.action, ...until });
        } else {
          clock += (step.later * second) / 2 + 1;
          await project(step.raise, step.behind);
        }
      }
      clock += second / 4;
      await project(true);

      const model = modelOf(all, marks, clock);
      const active = [...published.values()].filter(({ retractedAt }) => retractedAt === undefined);
      const shown = (one: Finding) =>
        `${one.messageId} ${one.kind} ${one.stage} ${one.dueAt} ${one.lateBy} ${one.mark?.status ?? "-"}`;
      expect(active.map(shown).sort()).toEqual(model.active);
      const ended = [...published.values()].filter(
        ({ endedBy }) => endedBy === "resolved" || endedBy === "ignored",
      );
      expect(
        ended.map((one) => `${one.messageId} ${one.kind} ${one.stage} ${one.dueAt} ${one.endedBy}`).sort(),
      ).toEqual(model.ended);
      expect(await storedOf(opened, app, clock)).toEqual(model.stored);
    }),
    { numRuns: Number(process.env.MARS_TEST_RUNS ?? 60) },
  );
}, 600_000);

/** The same from the set of events and the marks. */
function modelOf(all: readonly SequencedEvent[], marks: NaiveMarks, clock: number) {
  const [active, ended]: [string[], string[]] = [[], []];
  const counts = Object.fromEntries(shownStates.map((state) => [state, 0])) as Record<string, number>;
  const states: Record<string, string> = {};
  const groups = new Map<string, [total: number, acknowledged: number, longest: number]>();
  const marksOf = (_: string, messageId: string) =>
    [...marks].flatMap(([key, mark]) => (key.startsWith(`${messageId} `) ? [mark] : []));
  for (const { messageId, state, findings } of naiveWorld(all, {
    lifecycleOf: () => naive,
    marksOf,
    clock,
  })) {
    for (const { kind, stage, dueAt, lateBy, endedBy, mark } of findings) {
      if (endedBy !== undefined) ended.push(`${messageId} ${kind} ${stage} ${dueAt} ${endedBy}`);
      else active.push(`${messageId} ${kind} ${stage} ${dueAt} ${lateBy} ${mark ?? "-"}`);
      if (kind !== "missing" || endedBy !== undefined) continue;
      const group = groups.get(stage) ?? [0, 0, Number.POSITIVE_INFINITY];
      const acknowledged = mark === "acknowledged" ? 1 : 0;
      groups.set(stage, [group[0] + 1, group[1] + acknowledged, Math.min(group[2], dueAt)]);
    }
    states[messageId] = state;
    counts[state]! += 1;
  }
  return {
    active: active.sort(),
    ended: ended.sort(),
    stored: { counts, states, groups: [...groups].map(([stage, group]) => [stage, ...group]).sort() },
  };
}

async function storedOf({ queries }: TestStore, appId: string, clock: number) {
  const { apps } = await queries.apps({ appId, limit: 1 });
  const { expired: _, ...counts } = apps[0]?.messages ?? { expired: 0 };
  const states: Record<string, string> = {};
  for (const messageId of ["a", "b", "c", "d"]) {
    const { message } = await queries.get({ appId, messageId });
    if (message === undefined) continue;
    states[messageId] = message.state;
    const { messages } = await queries.list({ appId, messageId, order: "newest", limit: 1 });
    expect(messages[0]?.state).toBe(message.state);
  }
  const query = { appId, triage: "any", newSince: clock, clock, limit: 100 } as const;
  const { groups } = await queries.overdueGroups(query);
  return {
    counts,
    states,
    groups: groups
      .map(({ stage, total, acknowledged, longest }) => [stage, total, acknowledged, longest?.dueAt])
      .sort(),
  };
}
