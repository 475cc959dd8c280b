/** The instances and findings that one step of the projector changes. */
import type { Micros } from "../core/event.ts";
import type { Skew } from "../core/skew.ts";
import { messageStates } from "../core/state.ts";
import type { StoredLifecycle } from "../db/lifecycles/lifecycle-cache.ts";
import type { Finding } from "../lifecycle/finding.ts";
import { completionOf, type OwedEvents } from "../lifecycle/owed.ts";
import type { Times } from "../lifecycle/plan.ts";
import { type ActiveFinding, type Reconciled, reconcile } from "../lifecycle/reconcile.ts";
import type { CollectedEvents } from "./event-range.ts";
import { InstanceOwed } from "./instance-owed.ts";
import type { ProjectionPosition } from "./position.ts";
import type { StoredFinding, StoredInstance } from "./projection-rows.ts";
import type { CountedInstance, RollupDeltas } from "./rollup-deltas.ts";
import { statusesOf, statusesText } from "./statuses-text.ts";

/** A message's instance as it is stored, with its lifecycle. */
export interface Instance extends Omit<StoredInstance, "lifecycle" | "findings"> {
  readonly lifecycle: StoredLifecycle;
  /** All that were ever raised, retracted or not. */
  readonly findings: readonly StoredFinding[];
}

/** A finding that was raised, retracted, or has another due time. */
interface Change extends ActiveFinding {
  readonly after: string;
  readonly startedAt: Micros;
  readonly instance: Pick<NextInstance, "message" | "lifecycle">;
  readonly id: number;
  readonly raisedAt: Micros;
  readonly retractedAt: Micros;
  readonly seq: number;
}

type Next = readonly [at: number, waits: number];

interface NextInstance {
  readonly message: number;
  readonly lifecycle: StoredLifecycle;
  readonly openedAt: Micros;
  readonly times: Times;
  readonly reconciled: Reconciled;
  /** See the columns `next_at` and `waits`. */
  readonly next: Next;
  /** All that was ever found. */
  readonly findings: number;
}

/** The times of a step. */
export interface StepTime {
  /** Findings that were active by then have been raised, or are to be where the step is `raising`. */
  readonly watermark: Micros;
  /** The time of its changes. */
  readonly now: Micros;
  readonly raising: boolean;
}

export class InstanceSteps {
  readonly #watermark: Micros;
  readonly #now: Micros;
  readonly #raising: boolean;
  readonly #skews: readonly Skew[];
  readonly #deltas: RollupDeltas;
  readonly #instances: NextInstance[] = [];
  /** Instances that begin, by their lifecycle. */
  readonly #begun = new Map<number, number>();
  readonly #changes: Change[] = [];
  readonly owed = new InstanceOwed();
  readonly #firstSeq: number;

  /** @param step `findingSeq` as the projector has it, `skews` as in `ProjectionTarget` */
  constructor(
    step: StepTime & Pick<ProjectionPosition, "findingSeq"> & { readonly skews: readonly Skew[] },
    deltas: RollupDeltas,
  ) {
    this.#watermark = step.watermark;
    this.#now = step.now;
    this.#raising = step.raising;
    this.#skews = step.skews;
    this.#firstSeq = step.findingSeq + 1;
    this.#deltas = deltas;
  }

  /** How many changes of findings there are. */
  get changes(): number {
    return this.#changes.length;
  }

  /** The messages of which findings have changed. */
  get changedMessages(): number[] {
    return [...new Set(this.#changes.map(({ instance }) => instance.message))];
  }

  /** Those of them whose lifecycles have stages that are owed by several. */
  get changedOwingMessages(): number[] {
    const owing = this.#changes.filter(({ instance }) => instance.lifecycle.plan.owed.length > 0);
    return [...new Set(owing.map(({ instance }) => instance.message))];
  }

  /**
   * Events of a message came.
   *
   * @param instance absent for one that was not known
   * @param owed by `Plan.owed`, all of its events; absent where none of them has come or changed
   */
  apply(
    collected: CollectedEvents,
    instance: Instance | undefined,
    lifecycle: StoredLifecycle,
    owed?: readonly OwedEvents[],
  ): void {
    const { plan } = lifecycle;
    const { slots } = plan;
    const times: (number | null)[] =
      instance === undefined ? Array.from({ length: slots.size }, () => null) : [...instance.times];
    for (const [event, at] of collected.times) {
      const slot = slots.get(event);
      if (slot === undefined) continue;
      const known = times[slot] ?? null;
      if (known === null || at < known) times[slot] = at;
    }
    // Not the earliest of their events: another recipient puts off when such a stage was done.
    for (const [index, stage] of plan.owed.entries()) {
      const events = owed?.[index];
      times[stage.slot] = events
        ? (completionOf(stage, events)?.at ?? null)
        : (instance?.times[stage.slot] ?? null);
    }
    if (owed !== undefined) this.owed.add(collected.message, plan, times, owed);
    const same =
      instance !== undefined &&
      instance.openedAt === collected.openedAt &&
      times.every((time, slot) => time === instance.times[slot]);
    if (!same) this.#reconcile(collected.message, lifecycle, instance, collected.openedAt, times);
  }

  /** Its time has come: a finding is active that has not been raised. Or its time was taken back, and one is active no more. */
  look(instance: Instance): void {
    const { message, lifecycle, openedAt, times } = instance;
    this.#reconcile(message, lifecycle, instance, openedAt, times);
  }

  instanceRows(): Iterable<string> {
    return this.#instances
      .values()
      .map(({ message, lifecycle, openedAt, times, reconciled, next, findings }) =>
        JSON.stringify([
          message,
          lifecycle.app,
          lifecycle.id,
          messageStates.indexOf(reconciled.state),
          openedAt,
          reconciled.overdueSince ?? 0,
          next[0],
          findings,
          statusesText(lifecycle, reconciled.statuses),
          JSON.stringify(times),
          next[1],
        ]),
      );
  }

  /** How many instances begin with each lifecycle. */
  begunRows(): Iterable<string> {
    return this.#begun.entries().map((row) => JSON.stringify(row));
  }

  findingRows(): Iterable<string> {
    return this.#changes
      .values()
      .map((change) =>
        JSON.stringify([
          change.instance.message,
          change.kind,
          change.stage,
          change.id,
          change.instance.lifecycle.app,
          change.instance.lifecycle.id,
          change.after,
          change.instance.lifecycle.version,
          change.startedAt,
          change.dueAt,
          change.raisedAt,
          change.retractedAt,
          change.lateBy,
          change.seq,
        ]),
      );
  }

  /** The changes as they are published. @param names the ids of `changedMessages` */
  findings(names: ReadonlyMap<number, string>): Finding[] {
    return this.#changes.flatMap((change) => {
      const { message, lifecycle } = change.instance;
      const messageId = names.get(message);
      if (messageId === undefined) return [];
      const owed = this.owed.of(message, change.stage);
      return {
        seq: change.seq,
        id: change.id,
        appId: lifecycle.appId,
        messageId,
        kind: change.kind,
        stage: change.stage,
        after: change.after,
        version: lifecycle.version,
        dueAt: change.dueAt,
        raisedAt: change.raisedAt,
        ...(change.retractedAt !== 0 && { retractedAt: change.retractedAt }),
        lateBy: change.lateBy,
        ...(owed !== undefined && { owed }),
      };
    });
  }

  /**
   * When the instance is due next. Nearly every event puts that off, which would write the index each time. So an earlier
   * time stays: it costs one look that raises nothing, and is corrected then.
   */
  #next(reconciled: Reconciled, instance: Instance | undefined): Next {
    const next: Next = [nextAtOf(reconciled), reconciled.waits];
    const known: Next = [instance?.nextAt ?? 0, instance?.waits ?? 0];
    return this.#raising || next[0] === 0 || known[0] === 0 || next[0] < known[0] ? next : known;
  }

  #reconcile(
    message: number,
    lifecycle: StoredLifecycle,
    instance: Instance | undefined,
    openedAt: Micros,
    times: Times,
  ): void {
    if (instance === undefined) this.#begun.set(lifecycle.id, (this.#begun.get(lifecycle.id) ?? 0) + 1);
    const known = instance?.findings ?? [];
    const before = known.filter(({ retractedAt }) => retractedAt === 0);
    const reconciled = reconcile(lifecycle.plan, times, before, {
      watermark: this.#watermark,
      raising: this.#raising,
      skews: this.#skews,
    });
    let findings = known.length;
    const change = (finding: ActiveFinding, retractedAt: Micros, raiseAt = Number.NEGATIVE_INFINITY) => {
      const stored = known.find(({ kind, stage }) => kind === finding.kind && stage === finding.stage);
      if (stored === undefined) findings += 1;
      const stage = lifecycle.plan.stages.find(({ name }) => name === finding.stage);
      const timed = finding.kind === "missing" || finding.kind === "late";
      const seq = this.#firstSeq + this.#changes.length;
      this.#deltas.overdue.change(lifecycle, { ...finding, retractedAt }, stored);
      this.#changes.push({
        kind: finding.kind,
        stage: finding.stage,
        dueAt: finding.dueAt,
        lateBy: finding.lateBy,
        instance: { message, lifecycle },
        after: stage?.after ?? "",
        startedAt: finding.dueAt - (timed ? (stage?.within ?? 0) : 0),
        id: stored?.id ?? seq,
        // It was raised after it became active, and not later than now: so a clock that goes back says what to look at again.
        raisedAt:
          stored?.retractedAt === 0 && stored.raisedAt > raiseAt && stored.raisedAt <= this.#now
            ? stored.raisedAt
            : this.#now,
        retractedAt,
        seq,
      });
    };
    for (const finding of reconciled.retracted) change(finding, this.#now);
    for (const finding of reconciled.raised) change(finding, 0, finding.raiseAt);
    for (const finding of before.filter(({ raisedAt }) => raisedAt > this.#now)) {
      const same = ({ kind, stage }: ActiveFinding) => kind === finding.kind && stage === finding.stage;
      if (!reconciled.retracted.some(same) && !reconciled.raised.some(same)) change(finding, 0);
    }
    const next = this.#next(reconciled, instance);
    this.#instances.push({ message, lifecycle, openedAt, times, reconciled, next, findings });
    this.#deltas.changeInstance(message, lifecycle, instance && countedOf(instance), {
      state: reconciled.state,
      openedAt,
      statuses: reconciled.statuses,
      times,
    });
  }
}

/** See the column `next_at`. */
function nextAtOf({ nextAt }: Reconciled): number {
  // 0 is for none; what is active at once is so a microsecond later too.
  return nextAt === undefined ? 0 : nextAt || 1;
}

function countedOf({ state, openedAt, statuses, times }: Instance): CountedInstance {
  return { state, openedAt, statuses: statusesOf(statuses), times };
}
