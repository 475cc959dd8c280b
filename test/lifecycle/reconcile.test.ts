import { expect, test } from "bun:test";
import fc from "fast-check";
import type { FunnelStatus, StageStatus } from "../../src/core/state.ts";
import { activeBy, assess, pendingFindings, withoutGivenUp } from "../../src/lifecycle/assess.ts";
import { createPlan, type Plan, type Times } from "../../src/lifecycle/plan.ts";
import { type ActiveFinding, reconcile } from "../../src/lifecycle/reconcile.ts";
import { anyDefinition, anyEvents, timesOf } from "./definitions.ts";

/** Events that come in parts, with the watermarks by which they are looked at. */
const anyCase = anyDefinition.chain((definition) =>
  fc.record({
    plan: fc.constant(createPlan(definition)),
    parts: fc.array(
      fc.record({
        events: anyEvents(definition),
        watermark: fc.integer({ min: -2_000, max: 25_000 }),
        raising: fc.boolean(),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  }),
);

const funnelStatusOf: Readonly<Record<StageStatus, FunnelStatus>> = {
  done: "reached",
  waiting: "waiting",
  pending: "waiting",
  overdue: "overdue",
  skipped: "never",
  unreached: "never",
  closed: "never",
};

const keyOf = ({ kind, stage }: Pick<ActiveFinding, "kind" | "stage">) => `${kind} ${stage}`;
const text = (finding: ActiveFinding) => `${keyOf(finding)} ${finding.dueAt} ${finding.lateBy}`;

/** What is active after a step, from what was before it and what the step changed. */
function step(
  plan: Plan,
  times: Times,
  before: readonly ActiveFinding[],
  by: { readonly watermark: number; readonly raising: boolean },
) {
  const result = reconcile(plan, times, before, by);
  const changed = new Set([...result.raised, ...result.retracted].map(keyOf));
  return { result, active: [...before.filter((one) => !changed.has(keyOf(one))), ...result.raised] };
}

test("for all events and earlier findings, raising ends at the findings that are active by the watermark", () => {
  fc.assert(
    fc.property(anyCase, ({ plan, parts }) => {
      const events: (typeof parts)[number]["events"] = [];
      let active: ActiveFinding[] = [];
      for (const { events: more, watermark, raising } of parts) {
        events.push(...more);
        const times = timesOf(plan, events);
        const before = active.map(keyOf);
        const after = step(plan, times, active, { watermark, raising });
        active = after.active;
        if (!raising) expect(active.map(keyOf).filter((key) => !before.includes(key))).toEqual([]);
        const final = step(plan, times, active, { watermark, raising: true });
        const wanted = withoutGivenUp(pendingFindings(plan, times).filter(activeBy(watermark)));
        expect(final.active.map(text).sort()).toEqual(wanted.map(text).sort());
        const again = step(plan, times, final.active, { watermark, raising: true }).result;
        expect([again.raised, again.retracted]).toEqual([[], []]);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a stage counts in the funnel as its status says, and the state is the message's", () => {
  fc.assert(
    fc.property(anyCase, ({ plan, parts: [{ events, watermark } = { events: [], watermark: 0 }] }) => {
      const times = timesOf(plan, events);
      const { result } = step(plan, times, [], { watermark, raising: true });
      const { state, stages, overdueSince } = assess(plan, times, activeBy(watermark));
      expect(result.statuses).toEqual(stages.map(({ status }) => funnelStatusOf[status]));
      expect([result.state, result.overdueSince]).toEqual([state, overdueSince]);
    }),
    { numRuns: 1_000 },
  );
});
