/** A definition made ready to be asked many times: names become places in a short list of times. */
import { afterName, type Definition, linkedEvent, stageName } from "./definition.ts";
import type { OwedStage } from "./owed.ts";
import { stageOrder } from "./stage-order.ts";

/**
 * The earliest `created_at` of each event that the definition names, by `Plan.slots`; `null` where none came. Of a stage that is
 * owed by several, when it was done.
 */
export type Times = readonly (number | null)[];

export interface PlanStage {
  /** See `stageName` and `afterName`. */
  readonly name: string;
  readonly after: string;
  /** Places of its events, and of those that start its clock. */
  readonly events: readonly number[];
  readonly starts: readonly number[];
  /** Indexes of the stages that it comes after. */
  readonly afterStages: readonly number[];
  /** In microseconds; absent where it is never due. */
  readonly within?: number;
  readonly optional: boolean;
}

/** The place in `Times` of another app's event. */
export interface LinkedSlot {
  readonly slot: number;
  readonly app: string;
  readonly event: string;
}

export interface ChildrenSlot {
  /** Its index among the plan's stages. */
  readonly stage: number;
  readonly slot: number;
  /** The events that may say how many children there have to be, and the attribute that does. */
  readonly after: readonly string[];
  readonly count?: string;
}

export interface Plan {
  readonly definition: Definition;
  /** The events that count, each with its place in `Times`; those of other apps by names that no event has. */
  readonly slots: ReadonlyMap<string, number>;
  readonly stages: readonly PlanStage[];
  /** Indexes of stages, each behind all that it comes after. */
  readonly order: readonly number[];
  readonly complete: readonly number[];
  /** With the events' names, in the order in which the definition has them. */
  readonly fail: readonly { readonly event: string; readonly slot: number }[];
  readonly failSlots: readonly number[];
  /** The events of other apps: those of messages that belong to the same journey. */
  readonly links: readonly LinkedSlot[];
  /** The stage that the children of a message make; absent for none. */
  readonly children?: ChildrenSlot;
  /** The stages that are owed by several. */
  readonly owed: readonly OwedStage[];
  /** The events of these and of what they come after: those that change who owes and who has acknowledged. */
  readonly owedEvents: ReadonlySet<string>;
  /** In microseconds. */
  readonly grace: number;
  /** In microseconds, from when a stage was due; absent where a message is never given up. */
  readonly giveUp?: number;
  /**
   * The slot of no event: when a message that had failed was completed by a later try; `null` where it was not. Absent where the
   * lifecycle has no `recovers`.
   */
  readonly recovery?: number;
  /** Places of the events that begin a run. */
  readonly reopen: readonly number[];
  /** Those of them that are stages; the others stand for the first stage. */
  readonly reopenStages: readonly number[];
  /**
   * The order of its events where their times are equal: by stage; behind all stages what makes it fail, and then what reopens
   * it and is no stage.
   */
  readonly ranks: ReadonlyMap<string, number>;
}

/** No event has this name. */
const recoverySlot = "";

export function createPlan(definition: Definition): Plan {
  const slots = new Map<string, number>();
  const linked = new Set(
    definition.stages.flatMap(({ app, children, events }) =>
      app === undefined && children === undefined ? [] : events,
    ),
  );
  const slotOf = (name: string): number => {
    // No event has NUL in its name, so none of the message itself takes the place of another app's.
    const event = linked.has(name) ? `\0${name}` : name;
    const known = slots.get(event);
    if (known !== undefined) return known;
    slots.set(event, slots.size);
    return slots.size - 1;
  };
  for (const { events } of definition.stages) events.forEach(slotOf);
  const { order } = stageOrder(definition.stages);
  const reopenOn = definition.reopenOn ?? [];
  const isStage = (event: string) => definition.stages.some(({ events }) => events.includes(event));
  const reopenStages = reopenOn.filter(isStage).map(slotOf);
  // Such an event opens its run in place of the first stage.
  const openings = reopenOn.filter((event) => !isStage(event));
  const opening = definition.stages[0]?.events ?? [];
  const withOpenings = (after: readonly string[]) =>
    after.some((event) => opening.includes(event)) ? [...after, ...openings] : after;
  const owner = (event: string) => definition.stages.findIndex(({ events }) => events.includes(event));
  const owed = definition.stages.flatMap(({ events: [event], after, each, times }, stage) => {
    if (event === undefined || (each === undefined && times === undefined)) return [];
    const before = withOpenings(after);
    return { stage, event, slot: slotOf(event), after: before, ...(each && { each }), times: times ?? 1 };
  });
  const fail = definition.failOn.map((event) => ({ event, slot: slotOf(event) }));
  return {
    definition,
    slots,
    links: definition.stages.flatMap(({ app, events }) =>
      app === undefined
        ? []
        : events.map((name) => ({ slot: slotOf(name), app, event: linkedEvent(app, name) })),
    ),
    ...childrenOf(definition, slotOf),
    owed,
    reopen: reopenOn.map(slotOf),
    reopenStages,
    ...(definition.recovers && { recovery: slotOf(recoverySlot) }),
    owedEvents: new Set(owed.flatMap(({ event, after }) => [event, ...after])),
    stages: definition.stages.map((stage, index) => ({
      name: stageName(stage),
      after: afterName(stage),
      events: [...stage.events, ...(index === 0 ? openings : [])].map(slotOf),
      starts: withOpenings(stage.after).map(slotOf),
      afterStages: [...new Set(stage.after.map(owner))],
      ...(stage.withinMs !== undefined && { within: stage.withinMs * 1_000 }),
      optional: stage.optional,
    })),
    order,
    complete: definition.completeOn.map(slotOf),
    fail,
    failSlots: fail.map(({ slot }) => slot),
    grace: definition.graceMs * 1_000,
    ...(definition.giveUpMs !== undefined && { giveUp: definition.giveUpMs * 1_000 }),
    ranks: new Map([
      ...reopenOn.map((event) => [event, order.length + 1] as const),
      ...definition.failOn.map((event) => [event, order.length] as const),
      ...order.flatMap((stage, rank) =>
        definition.stages[stage]!.events.map((event) => [event, rank] as const),
      ),
    ]),
  };
}

function childrenOf({ stages }: Definition, slotOf: (event: string) => number): Pick<Plan, "children"> {
  const stage = stages.findIndex(({ children }) => children !== undefined);
  const { after, children, events } = stages[stage] ?? {};
  if (children === undefined || after === undefined) return {};
  return { children: { stage, slot: slotOf(events![0]!), after, ...children } };
}

/** The earliest of these places' times; `null` where none came. */
export function earliest(times: Times, slots: readonly number[]): number | null {
  let first: number | null = null;
  for (const slot of slots) {
    const time = times[slot] ?? null;
    if (time !== null && (first === null || time < first)) first = time;
  }
  return first;
}
