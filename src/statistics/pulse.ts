/** The pulse of apps: what an overview shows of each in one look. Times are microseconds. */
import type { Micros } from "../core/event.ts";

/** Apps whose pulses are read together. */
export const pulsesMax = 24;
/** A day in half hours. */
export const pulseSteps = 48;
export const pulseStep: Micros = 1_800_000_000;
/** Findings of one step that are counted. */
export const pulseFindingsMax = 1_000;

export interface AppPulse {
  readonly appId: string;
  /** From the first event to completion, of those that completed in the last hour, and in the hour before; absent without any. */
  readonly p95?: Micros;
  readonly p95Before?: Micros;
  /** Events that happened in each step, the last of which holds the clock. */
  readonly events: readonly number[];
  /** Findings that were raised in each step, up to `pulseFindingsMax`. */
  readonly findings: readonly number[];
}

/** Reads pulses. Rejects with `unavailable` while the database is away. */
export interface PulseReader {
  /** Of these apps, `pulsesMax` at most; none of an app that is not there. */
  pulses(appIds: readonly string[], clock: Micros): Promise<readonly AppPulse[]>;
}
