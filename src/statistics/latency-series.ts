/** Latencies over time: percentiles of each step, and how many took how long. Times are microseconds. */
import type { Micros } from "../core/event.ts";
import type { Window } from "../core/window.ts";

/** Steps of one answer. */
export const seriesStepsMax = 200;

/** A hop by its names; both empty for the whole way, from the first event to completion. */
export interface LatencySeriesQuery extends Window {
  readonly appId: string;
  readonly stage: string;
  readonly after: string;
  /** Whole minutes. */
  readonly step: Micros;
}

export interface LatencyStep {
  readonly count: number;
  /** 0 where nothing was counted. */
  readonly p50: Micros;
  readonly p95: Micros;
  readonly p99: Micros;
  readonly max: Micros;
  /** How many took from `2^bin` to `2^(bin+1)` milliseconds; bin 0 begins at 0. The least bin first, without empty ones. */
  readonly bins: readonly (readonly [bin: number, count: number])[];
}

export interface LatencySeries extends Window {
  readonly step: Micros;
  /** From `since` on. A step that began before `since` was widened to whole minutes. */
  readonly steps: readonly LatencyStep[];
}

/** Reads series. Rejects with `unavailable` while the database is away. */
export interface LatencySeriesReader {
  latencySeries(query: LatencySeriesQuery): Promise<LatencySeries>;
}

/** The bin of a duration. */
export function binOf(micros: Micros): number {
  const ms = micros / 1_000;
  return ms < 2 ? 0 : Math.floor(Math.log2(ms));
}
