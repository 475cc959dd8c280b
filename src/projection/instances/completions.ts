/** When messages completed, for those that are parts of others: see `db/journeys/children.ts`. */
import type { MessageState } from "../../core/state.ts";
import { endOf } from "../../lifecycle/assess.ts";
import type { Plan, Times } from "../../lifecycle/plan.ts";

interface Judged {
  readonly message: number;
  readonly lifecycle: { readonly plan: Plan };
  readonly run: { readonly times: Times };
  readonly reconciled: { readonly state: MessageState };
  /** It was complete before the step. */
  readonly wasComplete: boolean;
}

/** Of each that is complete the time, and 0 of each that is so no more. */
export function* completionRows(instances: Iterable<Judged>): Iterable<string> {
  for (const { message, lifecycle, run, reconciled, wasComplete } of instances) {
    const isComplete = reconciled.state === "complete";
    if (!isComplete && !wasComplete) continue;
    // 0 is for not complete; the beginning of 1970 is a microsecond later.
    const completedAt = endOf(lifecycle.plan, run.times).completedAt || 1;
    yield JSON.stringify([message, isComplete ? completedAt : 0]);
  }
}
