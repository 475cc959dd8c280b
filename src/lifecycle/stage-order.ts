/** The stages in an order in which each comes behind all that it may come after. */
import type { Stage } from "./definition.ts";

export interface StageOrder {
  /** Indexes of the stages; not all of them where there is a circle. */
  readonly order: readonly number[];
  /** Indexes of stages each of which comes after the next, and the last after the first; empty where there is none. */
  readonly cycle: readonly number[];
}

/** Depth first, which at most `stagesMax` stages allow. */
export function stageOrder(stages: readonly Stage[]): StageOrder {
  const owners = new Map(stages.flatMap(({ events }, index) => events.map((event) => [event, index])));
  const order: number[] = [];
  const path: number[] = [];
  const done = new Set<number>();

  const visit = (index: number): readonly number[] | undefined => {
    if (done.has(index)) return undefined;
    const at = path.indexOf(index);
    if (at >= 0) return path.slice(at);
    path.push(index);
    for (const event of stages[index]!.after) {
      const owner = owners.get(event);
      const cycle = owner === undefined ? undefined : visit(owner);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(index);
    order.push(index);
    return undefined;
  };

  for (const index of stages.keys()) {
    const cycle = visit(index);
    if (cycle !== undefined) return { order, cycle };
  }
  return { order, cycle: [] };
}
