/** `min_seq`: waits until everything up to it is visible, so that a client reads its own write. */
import type { Caller } from "../core/caller.ts";
import { minSeqWaitMs } from "../core/limits.ts";
import type { Progress } from "../core/ports.ts";

/**
 * @param progress whose word counts: what is stored is not at once tracked
 * @throws `MarsError` `deadline_exceeded` after `minSeqWaitMs`
 */
export async function visible(progress: Progress, minSeq: number | undefined, caller: Caller): Promise<void> {
  if (minSeq !== undefined && minSeq > progress.storedSeq) {
    await progress.reached(minSeq, minSeqWaitMs, caller);
  }
}
