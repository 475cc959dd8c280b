/** The pulse of apps: what an overview shows of each in one look. Times are microseconds. */
import type { Micros } from "../core/event.ts";

/** Apps whose pulses are read together. */
export const pulsesMax = 24;
/** How far a pulse looks back. */
export interface PulseSpan {
  /** Percentiles are of so long before the clock, and of as long before that. */
  readonly compared: Micros;
  /** Whole minutes. */
  readonly step: Micros;
  /** At most 48; the last one holds the clock. */
  readonly steps: number;
}

const minute: Micros = 60_000_000;
const stepsMax = 48;
const stepMinutes = [1, 2, 5, 10, 15, 30, 60, 120, 240];

/** The last hour, and a day in half hours. */
export const usualSpan: PulseSpan = { compared: 60 * minute, step: 30 * minute, steps: stepsMax };

/** @param window 8 days at most */
export function spanOf(window: Micros): PulseSpan {
  const minutes = Math.ceil(window / minute);
  const step = stepMinutes.find((one) => minutes <= one * stepsMax) ?? stepMinutes.at(-1)!;
  return { compared: minutes * minute, step: step * minute, steps: Math.ceil(minutes / step) };
}

/** Findings of one step that are counted. */
export const pulseFindingsMax = 1_000;

export interface AppPulse {
  readonly appId: string;
  /** From the first event to completion, of those that completed in the time compared, and in the time before; absent without any. */
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
  pulses(appIds: readonly string[], clock: Micros, span: PulseSpan): Promise<readonly AppPulse[]>;
}
