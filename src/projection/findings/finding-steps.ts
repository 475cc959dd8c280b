/** The findings that one step of the projector changes. */
import type { Micros } from "../../core/event.ts";
import { endOfMark, isMarkEnd, type Mark, triageOf } from "../../core/mark.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import type { Finding, FindingEnding } from "../../lifecycle/finding.ts";
import type { ActiveFinding, EndedBy, KnownFinding, Reconciled } from "../../lifecycle/reconcile.ts";
import type { InstanceOwed } from "../instances/instance-owed.ts";
import type { StoredFinding } from "../instances/projection-rows.ts";
import type { RollupDeltas } from "../rollups/rollup-deltas.ts";

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

/** A finding that was raised, retracted or ended, or has another due time, mark or number of its run. */
interface Change extends ActiveFinding {
  readonly run: JudgedRun;
  readonly after: string;
  readonly startedAt: Micros;
  readonly id: number;
  readonly raisedAt: Micros;
  readonly retractedAt: Micros;
  readonly endedBy: FindingEnding | undefined;
  readonly imported: boolean;
  /** The mark that holds for it. */
  readonly mark: Mark | undefined;
  readonly triage: number;
  readonly seq: number;
}

/** How a finding is from now on. */
interface Next {
  readonly retractedAt: Micros;
  readonly endedBy?: FindingEnding | undefined;
  /** When it became active, where it is raised. */
  readonly raiseAt?: Micros;
}

/** The findings of a run that hold unless something has come: those that are active, and those that people have ended. */
export function holding(known: readonly StoredFinding[]): readonly KnownFinding[] {
  return known.flatMap(({ kind, stage, dueAt, lateBy, retractedAt, endedBy }) => {
    const finding = { kind, stage, dueAt, lateBy };
    if (retractedAt === 0) return [finding];
    return isMarkEnd(endedBy) ? [{ ...finding, endedBy }] : [];
  });
}

/**
 * By what people have ended the findings of a run. What they ignore for good they ignore in every run.
 *
 * @param all the findings of the message
 */
export function endedByMarks(known: readonly StoredFinding[], all: readonly StoredFinding[]): EndedBy {
  const always = all.filter(({ mark }) => mark?.until === "always");
  if (always.length === 0 && known.every(({ mark }) => mark === undefined)) return nobody;
  const isOf = (finding: Pick<ActiveFinding, "kind" | "stage">) => (one: StoredFinding) =>
    isSame(one, finding);
  return (finding) =>
    endOfMark((known.find(isOf(finding)) ?? always.find(isOf(finding)))?.mark, finding.dueAt) ??
    endOfMark(always.find(isOf(finding))?.mark, finding.dueAt);
}

const nobody: EndedBy = () => undefined;

export class FindingSteps {
  readonly #now: Micros;
  readonly #firstSeq: number;
  readonly #deltas: Pick<RollupDeltas, "changeFinding">;
  readonly #changes: Change[] = [];

  /** @param findingSeq the last seq that was given to a change */
  constructor(
    { now, findingSeq }: { readonly now: Micros; readonly findingSeq: number },
    deltas: Pick<RollupDeltas, "changeFinding">,
  ) {
    this.#now = now;
    this.#firstSeq = findingSeq + 1;
    this.#deltas = deltas;
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
    { raised, ended, retracted }: Pick<Reconciled, "raised" | "ended" | "retracted">,
  ): number {
    if (known.length + raised.length + ended.length === 0) return 0;
    const storedOf = (finding: ActiveFinding) => known.find((one) => isSame(one, finding));
    for (const finding of retracted) {
      const [stored, { endedBy }] = [storedOf(finding), finding];
      // What people have ended holds no more since then.
      this.#change(run, finding, stored, { retractedAt: stored?.retractedAt || this.#now, endedBy });
    }
    for (const finding of ended) {
      this.#change(run, finding, storedOf(finding), { retractedAt: this.#now, endedBy: finding.endedBy });
    }
    for (const finding of raised) {
      this.#change(run, finding, storedOf(finding), { retractedAt: 0, raiseAt: finding.raiseAt });
    }
    const changed = [...retracted, ...ended, ...raised];
    for (const finding of known) {
      const { retractedAt, endedBy } = finding;
      const ahead = finding.raisedAt > this.#now && (retractedAt === 0 || isMarkEnd(endedBy));
      // It is one of another version of the lifecycle now.
      const other = run.adopted === true && retractedAt === 0;
      if (!ahead && !other && !finding.marked && finding.runNumber === run.number) continue;
      if (changed.some((one) => isSame(one, finding))) continue;
      this.#change(run, finding, finding, { retractedAt: Math.min(retractedAt, this.#now), endedBy });
    }
    return [...ended, ...raised].filter((finding) => storedOf(finding) === undefined).length;
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
      const retracted = holding(known).map(({ endedBy: _, ...finding }) => finding);
      const run = { message, lifecycle, key, number: known[0]!.runNumber };
      this.apply(run, known, { raised: [], ended: [], retracted });
    }
  }

  #change(
    run: JudgedRun,
    { kind, stage: name, dueAt, lateBy }: ActiveFinding,
    stored: StoredFinding | undefined,
    { retractedAt, endedBy, raiseAt = Number.NEGATIVE_INFINITY }: Next,
  ): void {
    const stage = run.lifecycle.plan.stages.find((one) => one.name === name);
    const timed = kind !== "skipped" && kind !== "failed";
    const triage = triageOf(stored?.mark, dueAt);
    const seq = this.#firstSeq + this.#changes.length;
    const adopted = run.adopted === true && retractedAt === 0 && stored?.retractedAt !== 0;
    // It stays so while it is active, and where that ends.
    const imported = adopted || (stored?.retractedAt === 0 && stored.imported);
    const finding = { kind, stage: name, dueAt, lateBy, retractedAt, endedBy, triage };
    this.#deltas.changeFinding(run.lifecycle, finding, stored);
    this.#changes.push({
      ...{ ...finding, run, seq },
      after: stage?.after ?? "",
      startedAt: dueAt - (timed ? (stage?.within ?? 0) : 0),
      id: stored?.id ?? seq,
      raisedAt: adopted
        ? Math.min(this.#now, Math.max(raiseAt, dueAt + lateBy))
        : this.#raisedAt(stored, retractedAt, raiseAt),
      imported,
      mark: triage === 0 ? undefined : stored?.mark,
    });
  }

  /** It was raised after it became active, and not later than now: so a clock that goes back says what to look at again. */
  #raisedAt(stored: StoredFinding | undefined, retractedAt: Micros, raiseAt: Micros): Micros {
    if (stored === undefined || stored.raisedAt > this.#now) return this.#now;
    const raisedAgain = stored.retractedAt !== 0 && retractedAt === 0;
    return !raisedAgain && stored.raisedAt > raiseAt ? stored.raisedAt : this.#now;
  }

  /** For `upsertFindings`. */
  rows(): Iterable<string> {
    return this.#changes.values().map((change) => {
      const { message, lifecycle, key, number } = change.run;
      return JSON.stringify([
        ...[message, change.kind, change.stage, change.id, lifecycle.app, lifecycle.id, change.after],
        ...[lifecycle.version, change.startedAt, change.dueAt, change.raisedAt, change.retractedAt],
        ...[
          change.lateBy,
          change.seq,
          key,
          number,
          change.endedBy ?? "",
          change.imported ? 1 : 0,
          change.triage,
        ],
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
        ...(change.endedBy !== undefined && { endedBy: change.endedBy }),
        lateBy: change.lateBy,
        ...(change.imported && { imported: true }),
        ...(owed !== undefined && { owed }),
        ...(change.mark !== undefined && { mark: change.mark }),
      };
    });
  }
}

function isSame(a: Pick<ActiveFinding, "kind" | "stage">, b: Pick<ActiveFinding, "kind" | "stage">): boolean {
  return a.kind === b.kind && a.stage === b.stage;
}
