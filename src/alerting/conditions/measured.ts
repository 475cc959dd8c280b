/** The result of measuring a condition at one moment. Pure. */
import type { Micros } from "../../core/event.ts";
import { formatTime } from "../../core/time.ts";
import type { ConditionKind } from "./condition.ts";

/** A share of 1, as the whole number that is stored. */
export const wholeShare = 1_000_000;

/** Shares are in millionths, times in microseconds, a drift is the number of differences: whole numbers all. */
export interface Measured {
  readonly value: number;
  readonly bound: number;
  /** Whether the value is beyond the bound, of enough samples. */
  readonly holds: boolean;
  /** Messages that it was measured of; 0 where it is not of messages. */
  readonly messages: number;
  /** `absence`: when the last event came, or else from when on one was waited for. */
  readonly since?: Micros;
  /** `latency`: which percentile. */
  readonly percentile?: number;
  /** `latency` against what is usual: that. */
  readonly usual?: Micros;
  /** `drift` only: one sentence each, at most `differencesMax`. */
  readonly differences?: readonly string[];
}

export const differencesMax = 20;

/** Of an incident of a condition that could not be measured: none of its figures is of findings. */
export const noFigures = { count: 0, fresh: 0, recent: 0, lateBy: 0, samples: [] } as const;

/** Absent values are `null`. A share is a number from 0 to 1, times are in milliseconds. */
export function measuredToJson(kind: ConditionKind, measured: Measured) {
  const { value, bound, messages, since, usual, differences = [] } = measured;
  const shown = (whole: number) =>
    kind === "share" ? whole / wholeShare : kind === "drift" ? whole : whole / 1_000;
  return {
    value: shown(value),
    bound: shown(bound),
    unit:
      kind === "share" ? ("share" as const) : kind === "drift" ? ("differences" as const) : ("ms" as const),
    messages,
    since: since === undefined ? null : formatTime(since),
    usual_ms: usual === undefined ? null : usual / 1_000,
    differences: [...differences],
  };
}
