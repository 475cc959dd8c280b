/** A percentile of the time that a hop takes, against a bound or against what is usual. Pure. */
import type { Micros } from "../../core/event.ts";
import type { Window } from "../../core/window.ts";
import type { LatencyCondition } from "./condition.ts";
import type { HopTimes } from "./hop-times.ts";
import type { Measured } from "./measured.ts";

const hour: Micros = 3_600_000_000;
const day = 24 * hour;
/** Days of which what is usual is taken. */
export const usualDays = 7;
/** With fewer messages in these, nothing is usual, and the condition does not hold. */
export const usualMessagesMin = 100;

/**
 * Of which messages what is usual is taken: those of the same time of the seven days before, in whole hours. So mornings are
 * compared with mornings, and a short window has enough messages.
 */
export function usualWindows({ since, until }: Window): Window[] {
  return Array.from({ length: usualDays }, (_, index) => {
    const back = (index + 1) * day;
    return {
      since: Math.floor((since - back) / hour) * hour,
      until: Math.ceil((until - back) / hour) * hour,
    };
  });
}

/**
 * @param usual the same percentile of `usualWindows`; absent where no message passed the hop then
 * @returns `undefined` where there are too few messages, or nothing is usual
 */
export function measureLatency(
  condition: LatencyCondition,
  times: HopTimes,
  { atLeast, usual }: { readonly atLeast: number; readonly usual: HopTimes | undefined },
): Measured | undefined {
  const { percentile, aboveMs, aboveUsual = 0 } = condition;
  if (times.count < atLeast) return undefined;
  const { count: messages, value } = times;
  if (aboveMs !== undefined) {
    const bound = aboveMs * 1_000;
    return { value, bound, holds: value > bound, messages, percentile };
  }
  if (usual === undefined || usual.count < usualMessagesMin) return undefined;
  const bound = Math.round(usual.value * aboveUsual);
  return { value, bound, holds: value > bound, messages, percentile, usual: usual.value };
}
