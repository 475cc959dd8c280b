/** What is learned, by the names of the version in force. */
import type { Definition } from "../lifecycle/definition.ts";
import type { Learned } from "./learn.ts";

/**
 * A stage of alternatives is named by their order, which learning cannot know; rules, silences and addresses name stages. Where the
 * version in force has the same alternatives, their order is kept: saving what is learned renames no stage.
 */
export function namedAs(learned: Learned, inForce: Definition): Learned {
  const orders = new Map<string, readonly string[]>();
  for (const { events, after } of inForce.stages) {
    for (const names of [after, events]) orders.set(keyOf(names), names);
  }
  const named = <Stage extends Pick<Definition["stages"][number], "events" | "after">>(
    stage: Stage,
  ): Stage => ({
    ...stage,
    events: orders.get(keyOf(stage.events)) ?? stage.events,
    after: orders.get(keyOf(stage.after)) ?? stage.after,
  });
  const { definition, stages } = learned;
  return {
    ...learned,
    stages: stages.map(named),
    ...(definition !== undefined && { definition: { ...definition, stages: definition.stages.map(named) } }),
  };
}

function keyOf(names: readonly string[]): string {
  return JSON.stringify(names.toSorted());
}
