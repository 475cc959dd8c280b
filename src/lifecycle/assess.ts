/**
 * The state of a message: a pure function of the set of its events, its lifecycle, and one time, the watermark.
 *
 * The events come as the earliest time of each name (`Times`): a stage is done when it was first done. What can be known
 * of a message without a watermark are its pending findings: those that will be active if nothing else comes, each with the
 * time from which on it is. The watermark only decides which of them are active by now.
 *
 * Rules where a lifecycle alone does not say:
 * - An event of `fail_on` fails a message for good, or, where it `recovers`, until an event of `complete_on` at or after the last
 *   failure; else it is complete from its first event of `complete_on` on.
 * - Nothing is missing of a message that has ended. If it completed without a required stage, the stage was skipped; that is
 *   found a grace after completion, as events of different services overtake each other.
 * - A message that misses a stage is abandoned `give_up` after the earliest due time of what it misses, and not before a finding
 *   of it was raised. Nothing is missing of it then. If that stage comes after all, it is judged by its events as ever.
 * - A required stage is expected once something that it comes after has come, or a stage that is itself expected, whichever of
 *   its alternatives it would have been. So what hangs on an optional stage is not expected without it, nor what hangs on one
 *   alternative where another came.
 */
import type { Micros } from "../core/event.ts";
import { behindOf, excessOf, noSkews, type Skew } from "../core/skew.ts";
import { nameOfEvents } from "../core/stage-name.ts";
import type { Assessment, InstanceStage, StageStatus } from "../core/state.ts";
import { microsBetween } from "../core/time.ts";
import type { FindingKey, PendingFinding } from "./finding.ts";
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

/** When a message completed and when it failed; `null` for what it did not. One that failed and recovered has completed. */
export function endOf(plan: Plan, times: Times): { completedAt: Micros | null; failedAt: Micros | null } {
  const recoveredAt = plan.recovery === undefined ? null : (times[plan.recovery] ?? null);
  if (recoveredAt !== null) return { completedAt: recoveredAt, failedAt: null };
  const failedAt = earliest(times, plan.failSlots);
  return { completedAt: failedAt === null ? earliest(times, plan.complete) : null, failedAt };
}

/** Of what has happened already there is nothing to wait for, even where a producer's clock is ahead. */
const atOnce = 0;

/**
 * The findings that are or will be active if nothing else comes; in the order of the stages, `abandoned` and `failed` last. With
 * `abandoned` none of `missing` is active: see `withoutGivenUp`.
 *
 * @param skews what is known of the clock that may have given these times
 * @param isOver whether people have ended a finding: nothing is given up because of it
 */
export function pendingFindings(
  plan: Plan,
  times: Times,
  skews: readonly Skew[] = noSkews,
  isOver: (finding: PendingFinding) => boolean = () => false,
): PendingFinding[] {
  const { completedAt, failedAt } = endOf(plan, times);
  const ended = completedAt !== null || failedAt !== null;
  const pending: PendingFinding[] = [];
  let longest: PendingFinding | undefined;
  // Nearly all messages complete with every stage: nothing is to be known of what was expected.
  let expected: readonly boolean[] | undefined;
  for (const [index, stage] of plan.stages.entries()) {
    const { startedAt, dueAt, doneAt } = stageTimes(plan, index, times);
    if (doneAt !== null) {
      if (startedAt === null || dueAt === null || stage.optional || doneAt <= dueAt + plan.grace) continue;
      const lateBy = microsBetween(dueAt, doneAt) - excessOf(skews, startedAt, doneAt);
      if (lateBy <= plan.grace) continue;
      pending.push({ kind: "late", stage: stage.name, raiseAt: atOnce, waits: 0, dueAt, lateBy });
    } else if (!ended) {
      if (startedAt === null || dueAt === null || stage.optional) continue;
      const [raiseAt, waits] = [dueAt + plan.grace, behindOf(skews, startedAt)];
      const missing = { kind: "missing", stage: stage.name, raiseAt, waits, dueAt, lateBy: 0 } as const;
      pending.push(missing);
      if (!isOver(missing) && (longest === undefined || dueAt < longest.dueAt)) longest = missing;
    } else if (completedAt !== null) {
      expected ??= expectedStages(plan, times);
      if (!expected[index]) continue;
      const [raiseAt, waits] = [completedAt + plan.grace, behindOf(skews, completedAt)];
      pending.push({ kind: "skipped", stage: stage.name, raiseAt, waits, dueAt: completedAt, lateBy: 0 });
    }
  }
  if (plan.giveUp !== undefined && longest !== undefined) {
    const raiseAt = longest.dueAt + Math.max(plan.giveUp, plan.grace);
    pending.push({ ...longest, kind: "abandoned", raiseAt });
  }
  for (const { event, slot } of plan.fail) {
    const at = times[slot] ?? null;
    if (at === null || at !== failedAt) continue;
    pending.push({
      kind: "failed",
      stage: nameOfEvents([event]),
      raiseAt: atOnce,
      waits: 0,
      dueAt: at,
      lateBy: 0,
    });
    break;
  }
  return pending;
}

/** Says of a pending finding whether it is active. */
export type IsActive = (finding: PendingFinding) => boolean;

/** By a time: what is due and has its grace behind it by then is missing. */
export function activeBy(watermark: Micros): IsActive {
  return ({ raiseAt, waits }) => raiseAt + waits < watermark;
}

/** Of the active findings those that are left where the message is abandoned: nothing is missing of it any more. */
export function withoutGivenUp<Found extends FindingKey>(active: readonly Found[]): readonly Found[] {
  const abandoned = active.some(({ kind }) => kind === "abandoned");
  return abandoned ? active.filter(({ kind }) => kind !== "missing") : active;
}

/**
 * The state of a message of which these findings are active.
 *
 * @param isClosed whether a finding would be, and people have ended it
 */
export function assess(
  plan: Plan,
  times: Times,
  isActive: IsActive,
  skews: readonly Skew[] = noSkews,
  isClosed: IsActive = () => false,
): Assessment {
  const { completedAt, failedAt } = endOf(plan, times);
  const pending = pendingFindings(plan, times, skews, isClosed);
  const found = withoutGivenUp(pending.filter((finding) => isActive(finding) && !isClosed(finding)));
  const active = new Map(found.map((finding) => [finding.kind + finding.stage, finding]));
  const closed = new Set(pending.filter(isClosed).map(({ kind, stage }) => kind + stage));
  const abandonedAt = pending.find(
    (one) => one.kind === "abandoned" && (isActive(one) || isClosed(one)),
  )?.raiseAt;
  let overdueSince: Micros | undefined;
  const stages = plan.stages.map((stage, index): InstanceStage => {
    const { startedAt, dueAt, doneAt } = stageTimes(plan, index, times);
    const missing = active.has(`missing${stage.name}`);
    if (missing && dueAt !== null && (overdueSince === undefined || dueAt < overdueSince))
      overdueSince = dueAt;
    const late = active.get(`late${stage.name}`);
    const status: StageStatus =
      doneAt !== null
        ? "done"
        : missing
          ? "overdue"
          : closed.has(`missing${stage.name}`)
            ? "closed"
            : active.has(`skipped${stage.name}`)
              ? "skipped"
              : completedAt !== null || failedAt !== null || abandonedAt !== undefined
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
          : abandonedAt !== undefined
            ? "abandoned"
            : overdueSince !== undefined
              ? "overdue"
              : stages.some(({ status }) => status === "closed")
                ? "closed"
                : "open",
    stages,
    ...(overdueSince !== undefined && { overdueSince }),
    ...(completedAt !== null && { completedAt }),
    ...(failedAt !== null && { failedAt }),
    ...(abandonedAt !== undefined && { abandonedAt }),
  };
}

function expectedStages(plan: Plan, times: Times): readonly boolean[] {
  const expected: boolean[] = [];
  const reopened = earliest(times, plan.reopenStages) !== null;
  for (const index of plan.order) {
    const stage = plan.stages[index]!;
    expected[index] =
      !stage.optional &&
      // A run that a later stage has begun does not go by the first.
      !(reopened && index === 0) &&
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
