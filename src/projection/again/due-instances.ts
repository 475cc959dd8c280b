/** Instances of which a finding is to be raised, or to be retracted because its clock was ahead. */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import { dueInstancesSql } from "../../gen/sql.ts";

/** The ids of paused apps, as JSON. */
export type PausedApps = string;
/** None is paused. */
export const noPausedApps: PausedApps = "[]";

/** Those with a finding that is active by `watermark` and not raised, the longest ago first. */
export function dueInstances(watermark: Micros, instancesMax: number, paused: PausedApps): InStatement[] {
  return [{ sql: dueInstancesSql.due, args: [watermark, instancesMax, paused] }];
}

/** Of the first of them, the message. */
export function firstDue(watermark: Micros, paused: PausedApps): InStatement {
  return { sql: dueInstancesSql.firstDue, args: [watermark, paused] };
}

/** Those with a finding that was raised by a clock which was ahead of this watermark. */
export function aheadInstances(watermark: Micros, instancesMax: number): InStatement[] {
  return [{ sql: dueInstancesSql.ahead, args: [watermark, instancesMax] }];
}

/** Of the first of them, the message. */
export function firstAhead(watermark: Micros): InStatement {
  return { sql: dueInstancesSql.firstAhead, args: [watermark] };
}
