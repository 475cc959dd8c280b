/** A time by which can be judged what has come, and what has not. */
import type { Micros } from "./event.ts";

export interface Judgement {
  /** See `Clock.judged`. All that was accepted before is stored, followed and counted. */
  readonly judged: Micros;
  /** Apps whose producers may hold events back, because Mars refused them. */
  readonly pausedApps: readonly string[];
}

/** `undefined` while Mars is behind, its clock is in doubt, or producers of all apps may hold events back. */
export type Judge = () => Promise<Judgement | undefined>;
