/** Hops: how long a message took from one stage to the next, and all the way. */
import type { Micros } from "../core/event.ts";
import { microsBetween } from "../core/time.ts";
import { endOf, stageTimes } from "./assess.ts";
import { earliest, type Plan, type Times } from "./plan.ts";

/** How long a message took to a stage, or all the way. */
export interface Hop {
  /** The index of the stage; -1 for the whole way, from the first stage to completion. */
  readonly stage: number;
  readonly reachedAt: Micros;
  /** Not negative: where clocks differ, a hop takes no time at least. */
  readonly took: Micros;
}

/** The hops that a message has made: stages that were reached and whose clock had started, and the whole way. */
export function hopsOf(plan: Plan, times: Times): Hop[] {
  const hops: Hop[] = [];
  for (const index of plan.stages.keys()) {
    const { startedAt, doneAt } = stageTimes(plan, index, times);
    if (startedAt === null || doneAt === null) continue;
    hops.push({ stage: index, reachedAt: doneAt, took: Math.max(0, microsBetween(startedAt, doneAt)) });
  }
  const openedAt = earliest(times, plan.stages[0]!.events);
  const { completedAt } = endOf(plan, times);
  if (openedAt !== null && completedAt !== null) {
    hops.push({ stage: -1, reachedAt: completedAt, took: Math.max(0, microsBetween(openedAt, completedAt)) });
  }
  return hops;
}
