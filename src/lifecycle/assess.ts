/**
 * The state of a message: a pure function of the set of its events, its lifecycle, and one time, the watermark.
 *
 * The events come as the earliest time of each name (`Times`): a stage is done when it was first done. What can be said
 * of a message without a watermark are its prospects: the findings that will hold if nothing else comes, each with the
 * time from which on it does. The watermark only decides which of them hold by now.
 *
 * Rules where a lifecycle alone does not say:
 * - An event of `fail_on` fails a message for good; else it is complete from its first event of `complete_on` on.
 * - A message that has ended is not missing anything any more. If it completed without a required stage, the stage was
 *   skipped; said a grace after completion, as events of different services overtake each other.
 * - A required stage is expected once something that it comes after has come, or a stage that is itself expected, whichever of
 *   its alternatives it would have been. So what hangs on an optional stage is not expected without it, nor what hangs on one
 *   alternative where another came.
 */
import type { Micros } from "../core/event.ts";
import type { Assessment, StageState, StageStatus } from "../core/state.ts";
import { microsBetween } from "../core/time.ts";
import type { Prospect } from "./finding.ts";
import { earliest, type Plan, type Times } from "./plan.ts";

/** When a stage's clock started, was due and was done; `null` for what is not. */
export interface StageTimes {
  readonly startedAt: Micros | null;
  readonly dueAt: Micros | null;
  readonly doneAt: Micros | null;
}

export function stageTimes({ stages }: Plan, index: number, times: Times): StageTimes {
  const stage = stages[index]!;
  const startedAt = earliest(times, stage.starts);
  const dueAt = startedAt === null || stage.within === undefined ? null : startedAt + stage.within;
  return { startedAt, dueAt, doneAt: earliest(times, stage.events) };
}

/** When a message completed and when it failed; `null` for what it did not. A failed one does not complete. */
export function endOf(plan: Plan, times: Times): { completedAt: Micros | null; failedAt: Micros | null } {
  const failedAt = earliest(
    times,
    plan.fail.map(({ slot }) => slot),
  );
  return { completedAt: failedAt === null ? earliest(times, plan.complete) : null, failedAt };
}

/** Of what has happened already there is nothing to wait for, even where a producer's clock is ahead. */
const atOnce = 0;

/** The findings that hold or will hold if nothing else comes; in the order of the stages, `failed` last. */
export function prospectsOf(plan: Plan, times: Times): Prospect[] {
  const { completedAt, failedAt } = endOf(plan, times);
  const ended = completedAt !== null || failedAt !== null;
  const prospects: Prospect[] = [];
  const expected = completedAt === null ? undefined : expectedStages(plan, times);
  for (const [index, stage] of plan.stages.entries()) {
    const { dueAt, doneAt } = stageTimes(plan, index, times);
    if (doneAt !== null) {
      if (dueAt === null || stage.optional || doneAt <= dueAt + plan.grace) continue;
      const lateBy = microsBetween(dueAt, doneAt);
      prospects.push({ kind: "late", stage: stage.name, raiseAt: atOnce, dueAt, lateBy });
    } else if (!ended) {
      if (dueAt === null || stage.optional) continue;
      prospects.push({ kind: "missing", stage: stage.name, raiseAt: dueAt + plan.grace, dueAt, lateBy: 0 });
    } else if (completedAt !== null && expected?.[index]) {
      const raiseAt = completedAt + plan.grace;
      prospects.push({ kind: "skipped", stage: stage.name, raiseAt, dueAt: completedAt, lateBy: 0 });
    }
  }
  for (const { event, slot } of plan.fail) {
    const at = times[slot] ?? null;
    if (at === null || at !== failedAt) continue;
    prospects.push({ kind: "failed", stage: event, raiseAt: atOnce, dueAt: at, lateBy: 0 });
    break;
  }
  return prospects;
}

/** Says of a prospect whether it holds. */
export type Holds = (prospect: Prospect) => boolean;

/** By a time: what is due and has its grace behind it by then is missing. */
export function holdsBy(watermark: Micros): Holds {
  return ({ raiseAt }) => raiseAt < watermark;
}

/** The state of a message of which these prospects hold. */
export function assess(plan: Plan, times: Times, holds: Holds): Assessment {
  const { completedAt, failedAt } = endOf(plan, times);
  const held = new Map(
    prospectsOf(plan, times)
      .filter(holds)
      .map((prospect) => [prospect.kind + prospect.stage, prospect]),
  );
  let overdueSince: Micros | undefined;
  const stages = plan.stages.map((stage, index): StageState => {
    const { startedAt, dueAt, doneAt } = stageTimes(plan, index, times);
    const missing = held.has(`missing${stage.name}`);
    if (missing && dueAt !== null && (overdueSince === undefined || dueAt < overdueSince))
      overdueSince = dueAt;
    const late = held.get(`late${stage.name}`);
    const status: StageStatus =
      doneAt !== null
        ? "done"
        : missing
          ? "overdue"
          : held.has(`skipped${stage.name}`)
            ? "skipped"
            : completedAt !== null || failedAt !== null
              ? "unreached"
              : startedAt === null && stage.starts.length > 0
                ? "pending"
                : "waiting";
    return {
      name: stage.name,
      after: stage.after,
      optional: stage.optional,
      status,
      ...(doneAt !== null && { doneAt }),
      ...(dueAt !== null && { dueAt }),
      ...(missing && dueAt !== null && { missingSince: dueAt }),
      ...(late !== undefined && { lateBy: late.lateBy }),
      ...(doneAt !== null &&
        startedAt !== null &&
        doneAt < startedAt && { earlyBy: microsBetween(doneAt, startedAt) }),
    };
  });
  return {
    state:
      failedAt !== null
        ? "failed"
        : completedAt !== null
          ? "complete"
          : overdueSince !== undefined
            ? "overdue"
            : "open",
    stages,
    ...(overdueSince !== undefined && { overdueSince }),
    ...(completedAt !== null && { completedAt }),
    ...(failedAt !== null && { failedAt }),
  };
}

function expectedStages(plan: Plan, times: Times): readonly boolean[] {
  const expected: boolean[] = [];
  for (const index of plan.order) {
    const stage = plan.stages[index]!;
    expected[index] =
      !stage.optional &&
      (stage.afterStages.length === 0 ||
        earliest(times, stage.starts) !== null ||
        stage.afterStages.some(
          (before) =>
            expected[before] === true &&
            plan.stages[before]!.events.every((slot) => stage.starts.includes(slot)),
        ));
  }
  return expected;
}
