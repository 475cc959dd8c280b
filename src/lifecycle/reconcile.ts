/**
 * Reconciles an instance's findings with its events: from those that were active to those that are, and what it counts as.
 *
 * Applying events and raising are kept apart. An event alone never raises anything: its neighbours may be on their way
 * through Mars, and would be called missing. Raising is for a watermark behind which nothing is on its way any more.
 */
import type { Micros } from "../core/event.ts";
import type { MarkEnd } from "../core/mark.ts";
import { noSkews, type Skew } from "../core/skew.ts";
import type { FunnelStatus, MessageState } from "../core/state.ts";
import { endOf, pendingFindings } from "./assess.ts";
import type { FindingEnding, FindingKey, PendingFinding } from "./finding.ts";
import { earliest, type Plan, type Times } from "./plan.ts";
import { isOpen } from "./runs.ts";

/** A finding that has been raised and not retracted. */
export interface ActiveFinding extends FindingKey {
  readonly dueAt: Micros;
  readonly lateBy: Micros;
}

/** A finding that is active from now on, or with another due time; `raiseAt` as a `PendingFinding` has it. */
export interface RaisedFinding extends ActiveFinding {
  readonly raiseAt: Micros;
}

/** A finding that is active no more. */
export interface RetractedFinding extends ActiveFinding {
  readonly endedBy?: FindingEnding;
}

/** A finding that would be active, and people have ended it. */
export interface EndedFinding extends ActiveFinding {
  readonly endedBy: MarkEnd;
}

/** What was active, or ended by people. */
export interface KnownFinding extends ActiveFinding {
  readonly endedBy?: MarkEnd;
}

export interface Reconciled {
  /** New, or with another due time than before. */
  readonly raised: readonly RaisedFinding[];
  /** Ended by people: now, or otherwise than before. */
  readonly ended: readonly EndedFinding[];
  /** Active no more; `lateBy` says how late the stage came, 0 where it came in time. */
  readonly retracted: readonly RetractedFinding[];
  readonly state: MessageState;
  /** The longest overdue stage's due time; absent where none is. */
  readonly overdueSince?: Micros;
  /** When the next pending finding becomes active; absent where none will. */
  readonly nextAt?: Micros;
  /** How much of `nextAt` is there because the clock was behind. */
  readonly waits: Micros;
  /** By the plan's stages. */
  readonly statuses: readonly FunnelStatus[];
}

/**
 * @param watermark nothing is active that would be only later
 * @param raising whether findings may be raised; else they can only be retracted
 * @param skews as `pendingFindings` has them; what has been raised is not retracted by them
 * @param former whether it is a run of a message that is not the last one: of those nothing is missing
 * @param endedBy by what people have ended a finding
 */
export function reconcile(
  plan: Plan,
  times: Times,
  before: readonly KnownFinding[],
  {
    watermark,
    raising,
    skews = noSkews,
    former = false,
    endedBy = nobody,
  }: {
    readonly watermark: Micros;
    readonly raising: boolean;
    readonly skews?: readonly Skew[];
    readonly former?: boolean;
    readonly endedBy?: EndedBy;
  },
): Reconciled {
  const all = pendingFindings(plan, times, skews, (finding) => endedBy(finding) !== undefined);
  const pending = former ? all.filter((finding) => !isOpen(finding)) : all;
  // As with nearly all messages that have ended.
  if (pending.length === 0 && before.length === 0) return withoutFindings(plan, times, former);
  const active: ActiveFinding[] = [];
  const raised: RaisedFinding[] = [];
  const over: ActiveFinding[] = [];
  const ended: EndedFinding[] = [];
  let next: { readonly at: Micros; readonly waits: Micros } | undefined;
  const knownOf = ({ kind, stage }: PendingFinding) =>
    before.find((one) => one.kind === kind && one.stage === stage);
  const givenUp = plan.giveUp === undefined ? undefined : pending.find(({ kind }) => kind === "abandoned");
  const isActive = (finding: PendingFinding) => {
    const known = knownOf(finding) !== undefined;
    return finding.raiseAt + (known ? 0 : finding.waits) < watermark && (raising || known);
  };
  const isAbandoned = givenUp !== undefined && isActive(givenUp);
  for (const one of pending) {
    const { kind, stage, dueAt, lateBy, raiseAt, waits } = one;
    const end = endedBy(one);
    if (isAbandoned && kind === "missing" && end === undefined) continue;
    const known = knownOf(one);
    const at = known === undefined ? raiseAt + waits : raiseAt;
    if (at < watermark && (raising || known !== undefined)) {
      const finding = { kind, stage, dueAt, lateBy };
      const same = known?.dueAt === dueAt && known.lateBy === lateBy && known.endedBy === end;
      (end === undefined ? active : over).push(finding);
      if (!same && end === undefined) raised.push({ ...finding, raiseAt });
      if (!same && end !== undefined) ended.push({ ...finding, endedBy: end });
    } else if (next === undefined || at < next.at) {
      next = { at, waits: at - raiseAt };
    }
  }
  const holding = [...active, ...over];
  const retracted = before
    .filter((one) => !holding.some(({ kind, stage }) => kind === one.kind && stage === one.stage))
    .map(({ kind, stage, dueAt, lateBy }): RetractedFinding => {
      const same = pending.filter((one) => one.stage === stage);
      const late = same.find((one) => one.kind === "late");
      const givenUp = isAbandoned && kind === "missing" && same.some((one) => one.kind === "missing");
      return {
        ...{ kind, stage, dueAt, lateBy: late?.lateBy ?? lateBy },
        ...(givenUp && { endedBy: "abandoned" as const }),
      };
    });

  const { completedAt, failedAt } = endOf(plan, times);
  const missing = active.filter(({ kind }) => kind === "missing");
  const overdue = missing.length === 0 ? undefined : Math.min(...missing.map(({ dueAt }) => dueAt));
  const closed = over.filter(({ kind }) => kind === "missing");
  const finished = former || completedAt !== null || failedAt !== null;
  const isOf = (stage: string) => (finding: ActiveFinding) => finding.stage === stage;
  return {
    raised,
    ended,
    retracted,
    state:
      failedAt !== null
        ? "failed"
        : completedAt !== null
          ? "complete"
          : isAbandoned
            ? "abandoned"
            : overdue !== undefined
              ? "overdue"
              : closed.length > 0
                ? "closed"
                : "open",
    ...(overdue !== undefined && { overdueSince: overdue }),
    ...(next !== undefined && { nextAt: next.at }),
    waits: next?.waits ?? 0,
    statuses: statusesOf(plan, times, (stage) => {
      if (finished || isAbandoned || closed.some(isOf(stage))) return "never";
      return missing.some(isOf(stage)) ? "overdue" : "waiting";
    }),
  };
}

/** Nothing was found, and nothing will be. */
function withoutFindings(plan: Plan, times: Times, former: boolean): Reconciled {
  const { completedAt, failedAt } = endOf(plan, times);
  const finished = former || completedAt !== null || failedAt !== null;
  return {
    raised: [],
    ended: [],
    retracted: [],
    state: failedAt !== null ? "failed" : completedAt !== null ? "complete" : "open",
    waits: 0,
    statuses: statusesOf(plan, times, () => (finished ? "never" : "waiting")),
  };
}

/** @param otherwise how the message stands with a stage that it has not reached */
function statusesOf(
  { stages }: Plan,
  times: Times,
  otherwise: (stage: string) => FunnelStatus,
): FunnelStatus[] {
  return stages.map(({ name, events }) => (earliest(times, events) !== null ? "reached" : otherwise(name)));
}

/** By what people have ended a finding: see `endOfMark`. */
export type EndedBy = (finding: Pick<ActiveFinding, "kind" | "stage" | "dueAt">) => MarkEnd | undefined;

const nobody: EndedBy = () => undefined;
