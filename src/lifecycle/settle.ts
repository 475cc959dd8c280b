/**
 * One step of a lifecycle's instance: from the findings that were held to those that hold, and what it counts as.
 *
 * Taking in events and raising are kept apart. An event alone never raises anything: its neighbours may be on their way
 * through Mars, and would be called missing. Raising is for a watermark behind which nothing is on its way any more.
 */
import type { Micros } from "../core/event.ts";
import type { MessageState, StageMark } from "../core/state.ts";
import { microsBetween } from "../core/time.ts";
import { endOf, prospectsOf, stageTimes } from "./assess.ts";
import type { FindingKey } from "./finding.ts";
import { earliest, type Plan, type Times } from "./plan.ts";

/** A finding that has been raised and not retracted. */
export interface Held extends FindingKey {
  readonly dueAt: Micros;
  readonly lateBy: Micros;
}

/** A finding that holds from now on, or with another due time; `raiseAt` as a `Prospect` has it. */
export interface Raised extends Held {
  readonly raiseAt: Micros;
}

export interface Settled {
  /** New, or with another due time than before. */
  readonly raised: readonly Raised[];
  /** Held no more; `lateBy` says how late the stage came, 0 where it came in time. */
  readonly retracted: readonly Held[];
  readonly state: MessageState;
  /** The longest overdue stage's due time; absent where none is. */
  readonly overdueSince?: Micros;
  /** From when on a finding will hold that is not held yet; absent where none will. */
  readonly nextAt?: Micros;
  /** By the plan's stages. */
  readonly marks: readonly StageMark[];
}

/**
 * @param watermark nothing holds that would hold only later
 * @param raising whether findings may be raised; else they can only be retracted
 */
export function settle(
  plan: Plan,
  times: Times,
  before: readonly Held[],
  { watermark, raising }: { readonly watermark: Micros; readonly raising: boolean },
): Settled {
  const held: Held[] = [];
  const raised: Raised[] = [];
  let nextAt: Micros | undefined;
  const prospects = prospectsOf(plan, times);
  for (const { kind, stage, dueAt, lateBy, raiseAt } of prospects) {
    const known = before.find((one) => one.kind === kind && one.stage === stage);
    if (raiseAt < watermark && (raising || known !== undefined)) {
      const finding = { kind, stage, dueAt, lateBy };
      held.push(finding);
      if (known?.dueAt !== dueAt || known.lateBy !== lateBy) raised.push({ ...finding, raiseAt });
    } else if (nextAt === undefined || raiseAt < nextAt) {
      nextAt = raiseAt;
    }
  }
  const retracted = before
    .filter((one) => !held.some(({ kind, stage }) => kind === one.kind && stage === one.stage))
    .map((one) => {
      const late = prospects.find(({ kind, stage }) => kind === "late" && stage === one.stage);
      return { ...one, lateBy: late?.lateBy ?? one.lateBy };
    });

  const { completedAt, failedAt } = endOf(plan, times);
  const missing = held.filter(({ kind }) => kind === "missing");
  const overdue = missing.length === 0 ? undefined : Math.min(...missing.map(({ dueAt }) => dueAt));
  const ended = completedAt !== null || failedAt !== null;
  return {
    raised,
    retracted,
    state:
      failedAt !== null
        ? "failed"
        : completedAt !== null
          ? "complete"
          : overdue !== undefined
            ? "overdue"
            : "open",
    ...(overdue !== undefined && { overdueSince: overdue }),
    ...(nextAt !== undefined && { nextAt }),
    marks: plan.stages.map((stage): StageMark => {
      if (earliest(times, stage.events) !== null) return "reached";
      if (ended) return "never";
      return missing.some((finding) => finding.stage === stage.name) ? "overdue" : "waiting";
    }),
  };
}

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
