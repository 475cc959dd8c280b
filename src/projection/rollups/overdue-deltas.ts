/** The deltas of a step to the counts of overdue stages, by hop and by when they were due. */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { forRows } from "../../db/rows.ts";
import { overdueAgesSql } from "../../gen/sql.ts";
import type { ActiveFinding } from "../../lifecycle/reconcile.ts";
import type { StoredFinding } from "../instances/projection-rows.ts";
import { minuteKey, rollUp, stageOf } from "./stage-buckets.ts";

/** See the column `findings.triage`. */
const acknowledged = 1;

/** A finding as it is from now on. */
interface OverdueChange extends ActiveFinding {
  readonly retractedAt: Micros;
  readonly triage: number;
}

type Counts = readonly [count: number, acknowledged: number];

export class OverdueDeltas {
  /** By stage and minute. */
  readonly #minutes = new Map<number, Counts>();
  /** Whether something is subtracted. */
  #less = false;

  /**
   * A finding was raised or retracted, or has another due time.
   *
   * @param stored as it was counted; absent for a new one
   */
  change(
    { plan, stageIds }: StoredLifecycle,
    { kind, stage: name, dueAt, retractedAt, triage }: OverdueChange,
    stored: StoredFinding | undefined,
  ): void {
    if (kind !== "missing") return;
    // An active one is of this version from now on.
    const stage = stageIds[plan.stages.findIndex((one) => one.name === name)] ?? stored!.stageId!;
    if (stored?.retractedAt === 0) this.#count(stored.stageId ?? stage, stored.dueAt, stored.triage, -1);
    if (retractedAt === 0) this.#count(stage, dueAt, triage, 1);
  }

  #count(stage: number, dueAt: Micros, mark: number, sign: 1 | -1): void {
    if (sign < 0) this.#less = true;
    const key = minuteKey(stage, dueAt);
    this.#minutes.set(key, sum(this.#minutes.get(key) ?? [0, 0], [sign, mark === acknowledged ? sign : 0]));
  }

  statements(): InStatement[] {
    return [
      ...forRows(overdueAgesSql.add, this.#rows()),
      ...(this.#less ? [overdueAgesSql.deleteEmpty] : []),
    ];
  }

  *#rows(): Iterable<string> {
    const totals = new Map<number, Counts>();
    for (const [key, counts] of this.#minutes) {
      const stage = stageOf(key);
      totals.set(stage, sum(totals.get(stage) ?? [0, 0], counts));
    }
    for (const [stage, counts] of totals)
      if (counts.some(isChange)) yield `[0,${stage},0,${counts.join(",")}]`;
    for (const [key, counts] of rollUp(this.#minutes, sum)) {
      const [stage, span, start] = key.split(",");
      if (counts.some(isChange)) yield `[${span},${stage},${start},${counts.join(",")}]`;
    }
  }
}

function sum(a: Counts, b: Counts): Counts {
  return [a[0] + b[0], a[1] + b[1]];
}

function isChange(count: number): boolean {
  return count !== 0;
}
