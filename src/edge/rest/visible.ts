/** `min_seq`: waits until everything up to it is visible, so that a client reads its own write. */
import type { Caller } from "../../core/caller.ts";
import { minSeqWaitMs } from "../../core/limits.ts";
import type { Progress } from "../../core/ports.ts";
import { checkMinSeq } from "../parse-query.ts";

/**
 * @param progress whose word counts: what is stored is not at once projected
 * @throws `MarsError` `invalid_argument`, `deadline_exceeded` after `minSeqWaitMs`
 */
export async function visible(progress: Progress, minSeq: string | undefined, caller: Caller): Promise<void> {
  const seq = checkMinSeq(minSeq);
  if (seq !== undefined) await progress.reached(seq, minSeqWaitMs, caller);
}
