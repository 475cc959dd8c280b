/** The stage that the children of a message make: it is done when all of them are complete. */
import type { Micros } from "../core/event.ts";
import type { Owed } from "../core/state.ts";
import { shownNames } from "./owed.ts";

/** How far the children of a message are. */
export interface Children {
  readonly total: number;
  readonly incomplete: number;
  /** When the last one completed; 0 where none has. */
  readonly lastAt: Micros;
  /** The ids of those that are not complete, of many those that were reported first. */
  readonly missing: readonly string[];
  /** How many there have to be by the message's own events, and when the first of these said so. Absent: at least one. */
  readonly count?: { readonly size: number; readonly saidAt: Micros };
  /** A value of the attribute `count` that is no whole number from 0 to `childrenCountMax`, as JSON. */
  readonly ignored?: string;
}

/** A count fits into 32 bits, as answers by RPC have it. */
export const childrenCountMax = 1_000_000_000;

/** When the stage was done; `null` where it is not. A message that says it has no children has nothing to wait for. */
export function childrenDoneAt({ total, incomplete, lastAt, count }: Children): Micros | null {
  if (total === 0) return count?.size === 0 ? count.saidAt : null;
  return incomplete === 0 && total >= (count?.size ?? 1) ? lastAt : null;
}

/** Who owes the stage; `undefined` while nothing is known of any child, nor of how many there are. */
export function childrenOwed({ total, incomplete, missing, count, ignored }: Children): Owed | undefined {
  if (total === 0 && count === undefined && ignored === undefined) return undefined;
  const expected = Math.max(total, count?.size ?? 1);
  return {
    expected,
    received: total - incomplete,
    // Not in the order of their reports: an answer goes by the set of events.
    missing: shownNames(missing.toSorted()),
    extra: [],
    extraCount: 0,
    late: [],
    lateCount: 0,
    ...(ignored !== undefined && { countIgnored: ignored }),
  };
}
