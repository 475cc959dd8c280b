/** Where a message goes another way than one that it is compared with. Pure. */
import type { StageView } from "../../../../api/stage-views.ts";

export interface Parting {
  /** The stage, by `keyOf`. */
  readonly key: string;
  /** `absent`: it has not come. `slow`: it took, or has been waited for, much longer. */
  readonly how: "absent" | "slow";
  /** How many times as long; of `slow` only. */
  readonly times?: number;
}

/** A stage that took less than so many times as long is no other way. */
const timesMin = 2;
/** A difference that nobody waits for. */
const differenceMsMin = 10;

const absent: ReadonlySet<string> = new Set(["overdue", "skipped", "unreached", "closed"]);

/** A stage within its lifecycle: its name alone may be there twice. */
export function keyOf({ stage, after }: Pick<StageView, "stage" | "after">): string {
  return JSON.stringify([stage, after]);
}

/** The first stage that differs; `undefined` where none does. Stages that are optional or not due yet do not. */
export function partingOf(own: readonly StageView[], other: readonly StageView[]): Parting | undefined {
  const others = new Map(other.map((stage) => [keyOf(stage), stage]));
  for (const stage of own) {
    const key = keyOf(stage);
    const compared = others.get(key);
    if (stage.optional || compared === undefined || compared.done_at === null) continue;
    if (absent.has(stage.status)) return { key, how: "absent" };
    const [mine, theirs] = [stage.tookMs, compared.tookMs];
    if (mine === undefined || theirs === undefined) continue;
    // Within what is normal a long time is no other way.
    if (mine <= (stage.p99Ms ?? 0) || mine - theirs < differenceMsMin) continue;
    if (mine >= theirs * timesMin) return { key, how: "slow", times: mine / Math.max(theirs, 1) };
  }
  return undefined;
}
