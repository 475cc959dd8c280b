/**
 * Events from ahead: dated later than their receipt by more than `MARS_SKEW_MAX`. Nothing can have happened after Mars received the
 * report of it, so the clock that gave such a time was wrong. The event keeps its `created_at`, is marked, and counts wherever
 * times count by that of its receipt, like an event without a `created_at`.
 *
 * An event is marked once, when it is read from the log, and the mark is stored with it. So neither a restart nor another value of the
 * setting changes when it happened. Of several reports of one event the contents of one count (`fold.ts`), and the event had happened by
 * the earliest time that any of them proves: the mark is how far the `created_at` that counts lies ahead of that.
 */
import type { MarsEvent, Micros } from "./event.ts";

type Times = Pick<MarsEvent, "createdAt" | "receivedAt">;

/** Whether an event is dated later than its receipt by more than this. */
export function isAhead({ createdAt, receivedAt }: Times, skewMax: Micros): boolean {
  return createdAt - receivedAt > skewMax;
}

/** When it happened as far as Mars can know: by its `created_at`, or, where that is marked as ahead, by its receipt. */
export function happenedAt({ createdAt, aheadBy }: Pick<MarsEvent, "createdAt" | "aheadBy">): Micros {
  return aheadBy === undefined ? createdAt : createdAt - aheadBy;
}
