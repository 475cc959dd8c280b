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
  /** The ids of those that are not complete, as they began; not all where there are many. */
  readonly missing: readonly string[];
  /** How many there have to be, by the message's own events; 0 where these do not say. */
  readonly size: number;
}

/** When the stage was done; `null` where it is not: there is at least one child, and as many as the message says. */
export function childrenDoneAt({ total, incomplete, lastAt, size }: Children): Micros | null {
  return incomplete === 0 && total >= Math.max(1, size) ? lastAt : null;
}

/** Who owes the stage; `undefined` while nothing is known of any child. */
export function childrenOwed({ total, incomplete, missing, size }: Children): Owed | undefined {
  const expected = Math.max(total, size);
  if (expected === 0) return undefined;
  return {
    expected,
    received: total - incomplete,
    missing: shownNames(missing),
    extra: [],
    extraCount: 0,
    late: [],
    lateCount: 0,
  };
}
