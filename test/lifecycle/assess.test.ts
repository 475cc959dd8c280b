import { expect, test } from "bun:test";
import fc from "fast-check";
import { activeBy, assess, pendingFindings } from "../../src/lifecycle/assess.ts";
import { afterName, type Definition, stageName } from "../../src/lifecycle/definition.ts";
import { createPlan } from "../../src/lifecycle/plan.ts";
import { parseDefinition } from "../support/definition.ts";
import { holdsAt, naiveFindings } from "../support/naive-lifecycle.ts";
import { anyDefinition, anyEvents, type NamedEvent, timesOf } from "./definitions.ts";

const anyCase = anyDefinition.chain((definition) =>
  fc.record({
    definition: fc.constant(definition),
    events: anyEvents(definition),
    clock: fc.integer({ min: -2_000, max: 25_000 }),
  }),
);

function findingsOf(
  { stages, completeOn, failOn, graceMs, giveUpMs }: Definition,
  events: readonly NamedEvent[],
) {
  return naiveFindings(
    {
      stages: stages.map(({ events, after, withinMs, optional }) => ({
        names: events,
        after,
        ...(withinMs !== undefined && { within: withinMs * 1_000 }),
        optional,
      })),
      completeOn,
      failOn,
      grace: graceMs * 1_000,
      ...(giveUpMs !== undefined && { giveUp: giveUpMs * 1_000 }),
    },
    events.map(({ event, at }) => ({ event, createdAt: at })),
  );
}

/** The state, derived from the findings of the naive model and from nothing else of the code. */
function naiveAssess(definition: Definition, events: readonly NamedEvent[], clock: number) {
  const first = (names: readonly string[]) => {
    const times = events.filter(({ event }) => names.includes(event)).map(({ at }) => at);
    return times.length === 0 ? undefined : Math.min(...times);
  };
  const failedAt = first(definition.failOn);
  const completedAt = failedAt === undefined ? first(definition.completeOn) : undefined;
  const found = findingsOf(definition, events).filter((one) => holdsAt(one, clock));
  const abandonedAt = found.find(({ kind }) => kind === "abandoned")?.from;
  const missing = found.filter(({ kind }) => kind === "missing").map(({ dueAt }) => dueAt);
  const overdueSince = missing.length === 0 ? undefined : Math.min(...missing);
  const stages = definition.stages.map((stage) => {
    const name = stageName(stage);
    const is = (kind: string) => found.find((one) => one.kind === kind && one.stage === name);
    const doneAt = first(stage.events);
    const startedAt = first(stage.after);
    const dueAt =
      startedAt === undefined || stage.withinMs === undefined
        ? undefined
        : startedAt + stage.withinMs * 1_000;
    const ended = [completedAt, failedAt, abandonedAt].some((at) => at !== undefined);
    let status = "waiting";
    if (doneAt !== undefined) status = "done";
    else if (is("missing")) status = "overdue";
    else if (is("skipped")) status = "skipped";
    else if (ended) status = "unreached";
    else if (stage.after.length > 0 && startedAt === undefined) status = "pending";
    return {
      name,
      after: afterName(stage),
      optional: stage.optional,
      status,
      doneAt,
      dueAt,
      missingSince: is("missing")?.dueAt,
      lateBy: is("late")?.lateBy,
      earlyBy:
        doneAt !== undefined && startedAt !== undefined && doneAt < startedAt
          ? startedAt - doneAt
          : undefined,
    };
  });
  const state =
    failedAt !== undefined
      ? "failed"
      : completedAt !== undefined
        ? "complete"
        : abandonedAt !== undefined
          ? "abandoned"
          : overdueSince !== undefined
            ? "overdue"
            : "open";
  return { state, stages, overdueSince, completedAt, failedAt, abandonedAt };
}

/** What is absent and what is `undefined` is the same to `toEqual`. */
test("a message's state is that of a naive model, at any clock", () => {
  fc.assert(
    fc.property(anyCase, ({ definition, events, clock }) => {
      const plan = createPlan(definition);
      expect<unknown>(assess(plan, timesOf(plan, events), activeBy(clock))).toEqual(
        naiveAssess(definition, events, clock),
      );
    }),
    { numRuns: 2_000 },
  );
});

test("the findings to come are those of the naive model, each with when it holds", () => {
  fc.assert(
    fc.property(anyCase, ({ definition, events }) => {
      const plan = createPlan(definition);
      const found = pendingFindings(plan, timesOf(plan, events)).map(({ raiseAt, waits: _, ...rest }) => ({
        ...rest,
        from: raiseAt,
      }));
      const order = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
      const sorted = (list: readonly { kind: string; stage: string }[]) =>
        list.map((one) => Object.fromEntries(Object.entries(one).sort())).sort(order);
      expect(sorted(found)).toEqual(
        sorted(findingsOf(definition, events).map(({ until: _, ...one }) => one)),
      );
    }),
    { numRuns: 2_000 },
  );
});

test("order and repeats of events make no difference", () => {
  fc.assert(
    fc.property(
      anyCase.chain((one) =>
        fc.record({
          one: fc.constant(one),
          again: fc
            .shuffledSubarray([...one.events, ...one.events], { minLength: one.events.length })
            .map((some) => [...some, ...one.events]),
        }),
      ),
      ({ one: { definition, events, clock }, again }) => {
        const plan = createPlan(definition);
        expect(assess(plan, timesOf(plan, again), activeBy(clock))).toEqual(
          assess(plan, timesOf(plan, events), activeBy(clock)),
        );
      },
    ),
  );
});

test("what hangs on one alternative is not skipped where another came", () => {
  const plan = createPlan(
    parseDefinition({
      stages: [
        { event: "CREATED" },
        { any_of: ["SMS", "PUSH"] },
        { event: "SMS_RECEIPT", after: "SMS" },
        { event: "LOGGED", after: ["SMS", "PUSH"] },
        { event: "DONE" },
      ],
      complete_on: ["DONE"],
    }),
  );
  const skipped = (...names: string[]) => {
    const times = timesOf(
      plan,
      names.map((event) => ({ event, at: 0 })),
    );
    return pendingFindings(plan, times).map(({ kind, stage }) => `${kind} ${stage}`);
  };
  expect(skipped("CREATED", "PUSH", "LOGGED", "DONE")).toEqual([]);
  expect(skipped("CREATED", "SMS", "LOGGED", "DONE")).toEqual(["skipped SMS_RECEIPT"]);
  // Neither came: which one it would have been is not known, but that it would have been logged is.
  expect(skipped("CREATED", "DONE")).toEqual(["skipped SMS|PUSH", "skipped LOGGED"]);
});
