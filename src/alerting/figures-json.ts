/** The JSON form of figures, the same in notifications and in answers. Absent values are `null`. */
import { formatTime } from "../core/time.ts";
import { isConditionKind } from "./conditions/condition.ts";
import { measuredToJson } from "./conditions/measured.ts";
import { countMax, type Figures } from "./figures.ts";
import type { IncidentKind } from "./incident.ts";

/**
 * @param figures of a notification that an earlier Mars has made, they may have no `fresh`
 * @param max by which they were read
 */
export function figuresToJson(
  figures: Omit<Figures, "fresh" | "recent"> & Partial<Pick<Figures, "fresh">>,
  kind: IncidentKind,
  max = countMax,
) {
  const { count, fresh = 0, since, freshSince, burstSince, lateBy, samples, hopP99, measured } = figures;
  const { expired = 0, abandoned = 0, closed = 0 } = figures;
  return {
    count: Math.min(count, max),
    count_exceeded: count > max,
    since: since === undefined ? null : formatTime(since),
    new: Math.min(fresh, max),
    new_since: freshSince === undefined ? null : formatTime(freshSince),
    burst_since: burstSince === undefined ? null : formatTime(burstSince),
    late_by_ms: lateBy === 0 ? null : lateBy / 1_000,
    hop_p99_ms: hopP99 === undefined ? null : hopP99 / 1_000,
    samples: [...samples],
    expired,
    abandoned,
    closed: Math.min(closed, countMax),
    measured: measured === undefined || !isConditionKind(kind) ? null : measuredToJson(kind, measured),
  };
}
