/** For how long an event has been waited for: time that counts, and no other. Pure. */
import type { Micros } from "../../core/event.ts";

/** Longer between two looks and Mars was not there, or not sure: that time does not count. */
export const lookGapMax: Micros = 60_000_000;

export interface Wait {
  /** Time that counts since `since`. */
  readonly waited: Micros;
  /** When the last event came, or else from when on one is waited for. */
  readonly since: Micros;
  /** Up to here time has been counted. */
  readonly lookedAt: Micros;
}

export interface Look {
  /** By a watermark: all that came before has been noticed. */
  readonly now: Micros;
  /** When the last event came; 0 for never. */
  readonly arrivedAt: Micros;
  /** Whether producers of the app may be holding events back. */
  readonly paused: boolean;
  /** How much of a span is within the rule's hours. */
  readonly activeBetween: (from: Micros, to: Micros) => Micros;
}

export function beginWait(now: Micros): Wait {
  return { waited: 0, since: now, lookedAt: now };
}

export function wait(before: Wait, { now, arrivedAt, paused, activeBetween }: Look): Wait {
  const lookedAt = Math.min(before.lookedAt, now);
  const counts = !paused && now - lookedAt <= lookGapMax;
  if (arrivedAt > before.since) {
    const since = Math.min(arrivedAt, now);
    return { waited: counts ? activeBetween(since, now) : 0, since, lookedAt: now };
  }
  return { ...before, waited: before.waited + (counts ? activeBetween(lookedAt, now) : 0), lookedAt: now };
}
