/** Random lifecycles and histories for property tests. */
import fc from "fast-check";
import type { Definition, Stage } from "../../src/lifecycle/definition.ts";
import type { Plan, Times } from "../../src/lifecycle/plan.ts";

export interface NamedEvent {
  readonly event: string;
  /** In microseconds. */
  readonly at: number;
}

/** Few names and short durations, so that everything meets everything. */
export const anyDefinition: fc.Arbitrary<Definition> = fc
  .array(
    fc.record({
      alternatives: fc.integer({ min: 1, max: 3 }),
      after: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      withinMs: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
      optional: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .chain((drafts) => {
    const stages: Stage[] = [];
    for (const [index, { alternatives, after, withinMs, optional }] of drafts.entries()) {
      const events = Array.from({ length: alternatives }, (_, place) => `S${index}${"abc"[place]}`);
      const before = stages.flatMap((stage) => stage.events);
      stages.push(
        index === 0
          ? { events, after: [], optional: false }
          : {
              events,
              after: [...new Set(after.map((place) => before[place % before.length]!))],
              ...(withinMs !== undefined && { withinMs }),
              optional,
            },
      );
    }
    const names = stages.flatMap(({ events }) => events);
    const definition = fc.record({
      // In any order: what a stage comes after may stand behind it.
      stages: fc
        .shuffledSubarray(stages.slice(1), { minLength: stages.length - 1 })
        .map((others) => [stages[0]!, ...others]),
      completeOn: fc.subarray(names, { minLength: 1 }),
      failOn: fc.subarray(["X", "Y"]),
      graceMs: fc.integer({ min: 0, max: 3 }),
    });
    const giveUp = fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined });
    const isOverdue = stages.some(({ optional, withinMs }) => !optional && withinMs !== undefined);
    return fc.tuple(definition, giveUp).map(([fields, giveUpMs]) => {
      return giveUpMs === undefined || !isOverdue ? fields : { ...fields, giveUpMs };
    });
  });

/** The same, some of its stages owed by several, and some that fail and recover or run again. */
export const anyOwedDefinition: fc.Arbitrary<Definition> = anyDefinition.chain((definition) =>
  fc
    .tuple(
      fc.array(fc.constantFrom({}, { each: { of: "to", by: "by" } }, { times: 2 }), { maxLength: 5 }),
      fc.constantFrom({}, { recovers: true } as const),
      fc.constantFrom({}, { reopenOn: ["R"] }, { reopenOn: ["R", "Q"] }),
    )
    .map(([owed, recovers, reopenOn]) => ({
      ...definition,
      ...(definition.failOn.length > 0 && recovers),
      ...reopenOn,
      stages: definition.stages.map((stage, index) =>
        index === 0 || stage.events.length > 1 ? stage : { ...stage, ...owed[index] },
      ),
    })),
);

export function anyEvents({ stages, failOn }: Definition): fc.Arbitrary<NamedEvent[]> {
  const names = [...stages.flatMap(({ events }) => events), ...failOn, "OTHER"];
  const event = fc.record({ event: fc.constantFrom(...names), at: fc.integer({ min: -2_000, max: 15_000 }) });
  return fc.array(event, { maxLength: 8 });
}

/** The earliest time of each name that the plan knows. */
export function timesOf({ slots }: Plan, events: readonly NamedEvent[]): Times {
  return [...slots.keys()].map((name) => {
    const times = events.filter(({ event }) => event === name).map(({ at }) => at);
    return times.length === 0 ? null : Math.min(...times);
  });
}
