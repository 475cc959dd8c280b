/** The clock's record, and how far the sequences were at which time. */
import type { InStatement, Row } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import { noSkews, type Skew } from "../../core/skew.ts";
import type { SkewRecord, TimeRecord } from "../../core/time-record.ts";
import { timeMarksSql } from "../../gen/sql.ts";

/** Reads the record of the run before. */
export const knownTime: InStatement = "SELECT elapsed, wall, absent, stepped, agreed, skews FROM clock";

/** @returns nothing before the first record */
export function timeOf(row: Row | undefined): TimeRecord | undefined {
  if (row === undefined) return undefined;
  const skews = skewsOf(row);
  return {
    elapsed: Number(row.elapsed),
    wall: Number(row.wall),
    absent: Number(row.absent),
    stepped: Number(row.stepped),
    agreed: Number(row.agreed),
    ...(skews !== undefined && { skews }),
  };
}

/** @returns nothing where none were recorded */
function skewsOf(row: Row | undefined): SkewRecord | undefined {
  const text = String(row?.skews ?? "");
  return text === "" ? undefined : (JSON.parse(text) as SkewRecord);
}

/** @param row with the column `skews` of the record */
export function knownSkews(row: Row | undefined): readonly Skew[] {
  return skewsOf(row)?.known ?? noSkews;
}

/** Replaces the record. */
export function recordTime({ elapsed, wall, absent, stepped, agreed, skews }: TimeRecord): InStatement {
  const args = [elapsed, wall, absent, stepped, agreed, skews === undefined ? "" : JSON.stringify(skews)];
  return { sql: timeMarksSql.recordTime, args };
}

/** Marks how far the sequences are, unless the last mark says the same or is younger than `apart`. */
export function addMark(elapsed: Micros, seq: number, apart: Micros): InStatement {
  return { sql: timeMarksSql.addMark, args: [elapsed, seq, apart] };
}

/** Drops marks that are closer to each other than by a fraction of their age. */
export function thinMarks(elapsed: Micros, fraction: number): InStatement {
  return { sql: timeMarksSql.thinMarks, args: [elapsed, fraction] };
}

/** Drops the marks before the last one that is at least so old. */
export function dropMarks(elapsed: Micros): InStatement {
  return { sql: timeMarksSql.dropMarks, args: [elapsed] };
}

/** How far the sequences were, at least so long ago; no row where no mark is as old. */
export function markBefore(elapsed: Micros): InStatement {
  return { sql: timeMarksSql.markBefore, args: [elapsed] };
}
