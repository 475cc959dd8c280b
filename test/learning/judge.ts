/** How near a learned lifecycle comes to the true one, over messages that it was not learned from. */
import type { MessageHistory } from "../../src/learning/history.ts";
import { activeBy, assess } from "../../src/lifecycle/assess.ts";
import type { Definition } from "../../src/lifecycle/definition.ts";
import { createPlan } from "../../src/lifecycle/plan.ts";

/** In messages. */
export interface Distance {
  readonly messages: number;
  /** By the true one, and how many of these the learned one does not find, and how many it finds that are none. */
  readonly failed: { readonly all: number; readonly missed: number; readonly false: number };
  readonly overdue: { readonly all: number; readonly missed: number; readonly false: number };
}

export function distanceOf(
  learned: Definition,
  truth: Definition,
  histories: readonly MessageHistory[],
  clock: number,
): Distance {
  const [found, expected] = [learned, truth].map((definition) => statesBy(definition, histories, clock));
  const compare = (state: string) => {
    const pairs = expected!.map((one, index) => [one === state, found![index] === state]);
    return {
      all: pairs.filter(([is]) => is).length,
      missed: pairs.filter(([is, seems]) => is && !seems).length,
      false: pairs.filter(([is, seems]) => !is && seems).length,
    };
  };
  return { messages: histories.length, failed: compare("failed"), overdue: compare("overdue") };
}

function statesBy(definition: Definition, histories: readonly MessageHistory[], clock: number): string[] {
  const plan = createPlan(definition);
  return histories.map(({ events }) => {
    const at = new Map(events.map((event) => [event.event, event.at]));
    const times = [...plan.slots.keys()].map((name) => at.get(name) ?? null);
    return assess(plan, times, activeBy(clock)).state;
  });
}
