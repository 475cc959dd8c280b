/** Instances of which a finding is to be raised, or to be retracted because its clock was ahead. */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../core/event.ts";
import { dueInstancesSql } from "../gen/sql.ts";

/** The ids of held apps, as JSON. */
export type HeldApps = string;
/** None is held. */
export const noHeldApps: HeldApps = "[]";

/** Those with a finding that is active by `watermark` and not raised, the longest ago first; and their findings. */
export function dueInstances(watermark: Micros, instancesMax: number, held: HeldApps): InStatement[] {
  const args = [watermark, instancesMax, held];
  return [
    { sql: dueInstancesSql.due, args },
    { sql: dueInstancesSql.findingsOfDue, args },
  ];
}

/** Of the first of them, the message. */
export function firstDue(watermark: Micros, held: HeldApps): InStatement {
  return { sql: dueInstancesSql.firstDue, args: [watermark, held] };
}

/** When the next one will be due, `at`. */
export function nextDue(held: HeldApps): InStatement {
  return { sql: dueInstancesSql.next, args: [held] };
}

/** Those with a finding that was raised by a clock which was ahead of this watermark; and their findings. */
export function aheadInstances(watermark: Micros, instancesMax: number): InStatement[] {
  const args = [watermark, instancesMax];
  return [
    { sql: dueInstancesSql.ahead, args },
    { sql: dueInstancesSql.findingsOfAhead, args },
  ];
}

/** Of the first of them, the message. */
export function firstAhead(watermark: Micros): InStatement {
  return { sql: dueInstancesSql.firstAhead, args: [watermark] };
}
