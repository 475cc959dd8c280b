/** The instances and findings that one step of the projector changes. */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import type { Skew } from "../../core/skew.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { forEntries, forRows } from "../../db/rows.ts";
import { childrenSql, owedSql, projectionSql } from "../../gen/sql.ts";
import { type Reconciled, reconcile } from "../../lifecycle/reconcile.ts";
import type { CollectedEvents } from "../events/event-range.ts";
import type { ReadAgain } from "../events/events-again.ts";
import { endedByMarks, FindingSteps, holding } from "../findings/finding-steps.ts";
import type { ProjectionPosition } from "../position.ts";
import type { CountedRun, RollupDeltas } from "../rollups/rollup-deltas.ts";
import { completionRows } from "./completions.ts";
import { FormerRuns } from "./former-runs.ts";
import { InstanceOwed } from "./instance-owed.ts";
import { instanceEntry, type Next, type NextInstance, nextAtOf, nextOf } from "./instance-row.ts";
import { firstRun, isSame, isStored, type RunToJudge, storedOf, timesOf } from "./judged-runs.ts";
import type { StoredFinding, StoredInstance, StoredRun } from "./projection-rows.ts";
import { statusesOf, statusesText } from "./statuses-text.ts";

/** A message's instance as it is stored, with its lifecycle. */
export interface Instance extends Omit<StoredInstance, "lifecycle" | "findings"> {
  readonly lifecycle: StoredLifecycle;
  /** All that were ever raised, retracted or not. */
  readonly findings: readonly StoredFinding[];
  /** The runs before the last one; absent for none. */
  readonly former?: readonly StoredRun[] | undefined;
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
  readonly #raising: boolean;
  readonly #skews: readonly Skew[];
  readonly #deltas: RollupDeltas;
  readonly #instances: NextInstance[] = [];
  /** Instances that begin, by their lifecycle. */
  readonly #begun = new Map<number, number>();
  readonly findings: FindingSteps;
  readonly owed = new InstanceOwed();
  readonly #formerRuns = new FormerRuns();
  /** For `putRuns`. */
  readonly #newRuns: string[] = [];

  /** @param step `findingSeq` as the projector has it, `skews` as in `ProjectionTarget` */
  constructor(
    step: StepTime & Pick<ProjectionPosition, "findingSeq"> & { readonly skews: readonly Skew[] },
    deltas: RollupDeltas,
  ) {
    this.#watermark = step.watermark;
    this.#raising = step.raising;
    this.#skews = step.skews;
    this.findings = new FindingSteps(step, deltas);
    this.#deltas = deltas;
  }

  /**
   * Events of a message came.
   *
   * @param instance absent for one that was not known
   * @param again what was read of the message's events beside those that came
   */
  apply(
    collected: CollectedEvents,
    instance: Instance | undefined,
    lifecycle: StoredLifecycle,
    again: Partial<ReadAgain> = {},
  ): void {
    const { plan } = lifecycle;
    const current = this.#runsOf(collected, instance, lifecycle, again);
    // Of the runs before, what is owed may change without a change of their times.
    const owing = current.length > 1 && plan.owed.length > 0;
    if (owing || !isSame(instance, current)) this.#reconcile(collected.message, lifecycle, instance, current);
  }

  #runsOf(
    collected: CollectedEvents,
    instance: Instance | undefined,
    { plan }: StoredLifecycle,
    { owed, runs }: Partial<ReadAgain>,
  ): readonly RunToJudge[] {
    const { message, openedAt } = collected;
    const [first] = runs ?? [];
    const single = runs === undefined || (runs.length === 1 && (instance?.run ?? 0) === 0);
    const current: readonly RunToJudge[] = single
      ? [{ ...firstRun, openedAt, times: timesOf(collected, instance, plan, { owed, all: first?.times }) }]
      : runs;
    for (const run of current) {
      const known = single ? (first?.owed ?? owed) : run.owed;
      if (plan.owed.length > 0 && known !== undefined)
        this.owed.add(message, run.key, plan, run.times, known);
    }
    return current;
  }

  /**
   * A message goes by this lifecycle from now on. What is found by that is no news.
   *
   * @param collected all of its events, and what others have made (`TimesOfOthers`)
   * @param instance as it went by another version; absent where it went by none
   * @param again as `apply` has them
   */
  adopt(
    collected: CollectedEvents,
    instance: Instance | undefined,
    lifecycle: StoredLifecycle,
    again: Partial<ReadAgain>,
  ): void {
    const runs = this.#runsOf(collected, undefined, lifecycle, again);
    if (instance !== undefined) this.#leave(instance, runs);
    if (instance !== undefined) this.owed.forget(collected.message, runs);
    this.#reconcile(collected.message, lifecycle, instance, runs, { adopted: true });
  }

  /**
   * Its time has come: a finding is active that has not been raised. Or its time was taken back, and one is active no more.
   *
   * @param now the times of its last run, where they have changed without an event of its own
   */
  look(instance: Instance, now = instance.times): void {
    const runs = [...(instance.former ?? []), instance].map(({ run, runNumber, openedAt, times }) => {
      return { key: run, number: runNumber, openedAt, times: run === instance.run ? now : times };
    });
    this.#reconcile(instance.message, instance.lifecycle, instance, runs);
  }

  /** Writes what the step changes, but for counts. @param children whether any message is a part of another */
  statements(children: boolean): InStatement[] {
    return [
      ...forEntries(projectionSql.upsertInstances, this.#instances.values().map(instanceEntry)),
      ...forRows(projectionSql.putRuns, this.#newRuns),
      ...forRows(owedSql.put, this.owed.rows()),
      ...this.#formerRuns.statements(),
      ...forRows(
        projectionSql.countInstances,
        this.#begun.entries().map((row) => JSON.stringify(row)),
      ),
      ...forRows(projectionSql.upsertFindings, this.findings.rows()),
      ...(children ? forRows(childrenSql.complete, completionRows(this.#instances)) : []),
    ];
  }

  /** @param runs in order; the message's state is that of the last one */
  #reconcile(
    message: number,
    lifecycle: StoredLifecycle,
    instance: Instance | undefined,
    runs: readonly RunToJudge[],
    { adopted }: { readonly adopted?: true } = {},
  ): void {
    if (instance === undefined || adopted) this.#begin(lifecycle.id, 1);
    const counted = adopted ? undefined : instance;
    const [last, found] = [runs.at(-1)!, instance?.findings ?? none];
    let findings = found.length;
    let next: Next = [0, 0];
    let reconciled: Reconciled | undefined;
    for (const run of runs) {
      const former = run !== last;
      const known = found.length === 0 ? none : found.filter((finding) => finding.run === run.key);
      const by = { watermark: this.#watermark, raising: this.#raising, skews: this.#skews, former };
      const endedBy = endedByMarks(known, found);
      reconciled = reconcile(lifecycle.plan, run.times, holding(known), { ...by, endedBy });
      const { key, number, openedAt, times } = run;
      findings += this.findings.apply(
        { message, lifecycle, key, number, ...(adopted && { adopted }) },
        known,
        reconciled,
      );
      const { statuses, waits } = reconciled;
      const at = nextAtOf(reconciled);
      if (at !== 0 && (next[0] === 0 || at < next[0])) next = [at, waits];
      const stored = storedOf(counted, run);
      this.#deltas.changeRun(message, lifecycle, stored && countedOf(stored), { openedAt, statuses, times });
      if (former) this.#putFormer(message, counted, run, statusesText(lifecycle, statuses));
    }
    this.#forget(message, lifecycle, counted, runs);
    if (
      last.key !== (instance?.run ?? firstRun.key) ||
      last.number !== (instance?.runNumber ?? firstRun.number)
    )
      this.#newRuns.push(JSON.stringify([message, last.key, last.number]));
    this.#instances.push({
      ...{ message, lifecycle, run: last, reconciled: reconciled!, findings },
      next: nextOf(next, instance, this.#raising),
      wasComplete: instance?.state === "complete",
    });
    this.#deltas.changeState(lifecycle.appId, instance?.state, reconciled!.state);
  }

  #begin(lifecycle: number, count: 1 | -1): void {
    this.#begun.set(lifecycle, (this.#begun.get(lifecycle) ?? 0) + count);
  }

  /** It goes by another lifecycle, by which it has these runs. */
  #leave({ message, lifecycle, former = [], ...instance }: Instance, runs: readonly RunToJudge[]): void {
    this.#begin(lifecycle.id, -1);
    for (const stored of former) this.#formerRuns.delete(stored);
    for (const stored of [...former, { message, ...instance }])
      this.#deltas.changeRun(message, lifecycle, countedOf(stored), undefined);
    this.findings.retractGone(message, lifecycle, instance.findings, runs);
  }

  #putFormer(message: number, instance: Instance | undefined, run: RunToJudge, statuses: string): void {
    const { key, number, openedAt, times } = run;
    const owed = this.owed.textOf(message, key);
    if (owed === undefined && isStored(instance, run, statuses)) return;
    this.#formerRuns.put({ message, run: key, runNumber: number, openedAt, statuses, times, owed });
  }

  /** What is stored of runs that are there no more, or are the last one by now. */
  #forget(
    message: number,
    lifecycle: StoredLifecycle,
    instance: Instance | undefined,
    runs: readonly RunToJudge[],
  ): void {
    // Nearly all messages have one run, and always had.
    if (
      instance === undefined ||
      (instance.former === undefined && runs.length === 1 && runs[0]!.key === instance.run)
    )
      return;
    const kept = new Set(runs.map(({ key }) => key));
    const { former = [] } = instance;
    for (const stored of former) {
      if (!kept.has(stored.run) || stored.run === runs.at(-1)!.key) this.#formerRuns.delete(stored);
    }
    for (const stored of [...former, instance]) {
      if (kept.has(stored.run)) continue;
      this.#deltas.changeRun(message, lifecycle, countedOf(stored), undefined);
    }
    this.findings.retractGone(message, lifecycle, instance.findings, runs);
  }
}

const none: readonly StoredFinding[] = [];

function countedOf({ openedAt, statuses, times }: StoredRun): CountedRun {
  return { openedAt, statuses: statusesOf(statuses), times };
}
