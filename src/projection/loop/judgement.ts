/** The time by which what has come can be judged: all of it is applied. */
import type { Judgement } from "../../core/judgement.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { StoreProgress } from "../../runtime/progress.ts";
import type { Grace } from "./grace.ts";

/** Mars is behind where what was accepted takes longer to be applied. */
const appliedMsMax = 2_000;

export interface JudgementOptions {
  readonly clock: Pick<Clock, "judged" | "mayRaise">;
  readonly grace: Pick<Grace, "pausesAll" | "pausedApps">;
  /** See `ProjectionLoopOptions.barrier`. */
  readonly barrier: () => Promise<number>;
  /** How far the projector has come. */
  readonly projected: Pick<StoreProgress, "reached">;
}

/** See `Judge`. */
export async function judgeNow(options: JudgementOptions): Promise<Judgement | undefined> {
  const { clock, grace, barrier, projected } = options;
  const mayRaise = () => clock.mayRaise && !grace.pausesAll;
  const { judged } = clock;
  if (!mayRaise()) return undefined;
  try {
    await projected.reached(await barrier(), appliedMsMax);
  } catch {
    // It is behind, or stops: nothing can be said by this time.
    return undefined;
  }
  return mayRaise() && judged <= clock.judged ? { judged, pausedApps: grace.pausedApps() } : undefined;
}
