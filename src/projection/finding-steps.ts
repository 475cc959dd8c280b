/** The findings that one step of the projector changes. */
import type { Micros } from "../core/event.ts";
import type { StoredLifecycle } from "../db/lifecycles/lifecycle-cache.ts";
import type { Finding, FindingEnding } from "../lifecycle/finding.ts";
import type { ActiveFinding, Reconciled, RetractedFinding } from "../lifecycle/reconcile.ts";
import type { InstanceOwed } from "./instance-owed.ts";
import type { StoredFinding } from "./projection-rows.ts";
import type { RollupDeltas } from "./rollup-deltas.ts";

/** A run of a message. */
export interface JudgedRun {
  readonly message: number;
  readonly lifecycle: StoredLifecycle;
  /** See `Run`. */
  readonly key: number;
  readonly number: number;
  /** Its message goes by this lifecycle from now on: see `InstanceSteps.adopt`. */
  readonly adopted?: true;
}

/** A finding that was raised, retracted, or has another due time or number of its run. */
interface Change extends ActiveFinding {
  readonly run: JudgedRun;
  readonly after: string;
  readonly startedAt: Micros;
  readonly id: number;
  readonly raisedAt: Micros;
  /** 0 while it is active. */
  readonly retractedAt: Micros;
  readonly endedBy: FindingEnding | "";
  readonly imported: boolean;
  readonly seq: number;
}

export class FindingSteps {
  readonly #now: Micros;
  readonly #firstSeq: number;
  readonly #changes: Change[] = [];

  readonly #deltas: Pick<RollupDeltas, "changeFinding">;

  /** @param findingSeq the last seq that was given to a change */
  constructor(
    { now, findingSeq }: { readonly now: Micros; readonly findingSeq: number },
    deltas: Pick<RollupDeltas, "changeFinding">,
  ) {
    this.#deltas = deltas;
    this.#now = now;
    this.#firstSeq = findingSeq + 1;
  }

  /** How many changes there are. */
  get count(): number {
    return this.#changes.length;
  }

  /** The messages of which findings have changed. */
  get messages(): number[] {
    return [...new Set(this.#changes.map(({ run }) => run.message))];
  }

  /** Those of them whose lifecycles have stages that are owed by several. */
  get owingMessages(): number[] {
    const owing = this.#changes.filter(({ run }) => {
      const { owed, children } = run.lifecycle.plan;
      return owed.length > 0 || children !== undefined;
    });
    return [...new Set(owing.map(({ run }) => run.message))];
  }

  /**
   * Changes the findings of a run as they were reconciled.
   *
   * @param known all that were ever raised of this run
   * @returns how many are new
   */
  apply(
    run: JudgedRun,
    known: readonly StoredFinding[],
    { raised, retracted }: Pick<Reconciled, "raised" | "retracted">,
  ): number {
    if (known.length + raised.length === 0) return 0;
    const storedOf = (finding: ActiveFinding) => known.find((one) => isSame(one, finding));
    for (const finding of retracted) this.#change(run, finding, storedOf(finding), this.#now);
    for (const finding of raised) this.#change(run, finding, storedOf(finding), 0, finding.raiseAt);
    for (const finding of known) {
      const ahead = finding.retractedAt === 0 && finding.raisedAt > this.#now;
      // It is one of another version of the lifecycle now.
      const other = run.adopted === true && finding.retractedAt === 0;
      if (!ahead && !other && finding.runNumber === run.number) continue;
      if (retracted.some((one) => isSame(one, finding)) || raised.some((one) => isSame(one, finding)))
        continue;
      this.#change(run, finding, finding, finding.retractedAt);
    }
    return raised.filter((finding) => storedOf(finding) === undefined).length;
  }

  /** Retracts what is known of runs that are there no more. @param runs those that are */
  retractGone(
    message: number,
    lifecycle: StoredLifecycle,
    findings: readonly StoredFinding[],
    runs: readonly { readonly key: number }[],
  ): void {
    const kept = new Set(runs.map(({ key }) => key));
    if (findings.every(({ run }) => kept.has(run))) return;
    for (const [key, known] of Map.groupBy(findings, ({ run }) => run)) {
      if (kept.has(key)) continue;
      const retracted = known.filter(({ retractedAt }) => retractedAt === 0);
      const run = { message, lifecycle, key, number: known[0]!.runNumber };
      this.apply(run, known, { raised: [], retracted });
    }
  }

  #change(
    run: JudgedRun,
    { kind, stage: name, dueAt, lateBy, endedBy }: RetractedFinding,
    stored: StoredFinding | undefined,
    retractedAt: Micros,
    raiseAt = Number.NEGATIVE_INFINITY,
  ): void {
    const stage = run.lifecycle.plan.stages.find((one) => one.name === name);
    const timed = kind === "missing" || kind === "late" || kind === "abandoned";
    const seq = this.#firstSeq + this.#changes.length;
    const imported = run.adopted === true && retractedAt === 0 && stored?.retractedAt !== 0;
    const changed = { kind, stage: name, dueAt, lateBy, ...(endedBy && { endedBy }) };
    this.#deltas.changeFinding(run.lifecycle, { ...changed, retractedAt }, stored);
    this.#changes.push({
      ...{ run, kind, stage: name, dueAt, lateBy },
      after: stage?.after ?? "",
      startedAt: dueAt - (timed ? (stage?.within ?? 0) : 0),
      id: stored?.id ?? seq,
      raisedAt: imported
        ? Math.min(this.#now, Math.max(raiseAt, dueAt + lateBy))
        : this.#raisedAt(stored, retractedAt, raiseAt),
      retractedAt,
      endedBy: endedBy ?? "",
      imported,
      seq,
    });
  }

  /** It was raised after it became active, and not later than now: so a clock that goes back says what to look at again. */
  #raisedAt(stored: StoredFinding | undefined, retractedAt: Micros, raiseAt: Micros): Micros {
    if (stored === undefined || stored.raisedAt > this.#now) return this.#now;
    const stays = stored.retractedAt === 0 ? stored.raisedAt > raiseAt : stored.retractedAt === retractedAt;
    return stays ? stored.raisedAt : this.#now;
  }

  /** For `upsertFindings`. */
  rows(): Iterable<string> {
    return this.#changes.values().map((change) => {
      const { message, lifecycle, key, number } = change.run;
      return JSON.stringify([
        ...[message, change.kind, change.stage, change.id, lifecycle.app, lifecycle.id, change.after],
        ...[lifecycle.version, change.startedAt, change.dueAt, change.raisedAt, change.retractedAt],
        ...[change.lateBy, change.seq, key, number, change.endedBy, change.imported ? 1 : 0],
      ]);
    });
  }

  /** The changes as they are published. @param names the ids of `messages` */
  published(names: ReadonlyMap<number, string>, owedOf: Pick<InstanceOwed, "of">): Finding[] {
    return this.#changes.flatMap((change) => {
      const { message, lifecycle, key, number } = change.run;
      const messageId = names.get(message);
      if (messageId === undefined) return [];
      const owed = owedOf.of(message, key, change.stage);
      return {
        seq: change.seq,
        id: change.id,
        appId: lifecycle.appId,
        messageId,
        run: number,
        kind: change.kind,
        stage: change.stage,
        after: change.after,
        version: lifecycle.version,
        dueAt: change.dueAt,
        raisedAt: change.raisedAt,
        ...(change.retractedAt !== 0 && { retractedAt: change.retractedAt }),
        ...(change.endedBy !== "" && { endedBy: change.endedBy }),
        lateBy: change.lateBy,
        ...(change.imported && { imported: true }),
        ...(owed !== undefined && { owed }),
      };
    });
  }
}

function isSame(a: Pick<ActiveFinding, "kind" | "stage">, b: Pick<ActiveFinding, "kind" | "stage">): boolean {
  return a.kind === b.kind && a.stage === b.stage;
}
