/** What is kept of time: the clock's record, and how far the sequences were when. */
import type { InStatement, Row } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import type { TimeRecord } from "../../core/time-record.ts";

/** Reads the record of the run before. */
export const knownTime: InStatement = "SELECT elapsed, wall, absent, stepped, agreed FROM clock";

/** @returns nothing before the first record */
export function timeOf(row: Row | undefined): TimeRecord | undefined {
  if (row === undefined) return undefined;
  return {
    elapsed: Number(row.elapsed),
    wall: Number(row.wall),
    absent: Number(row.absent),
    stepped: Number(row.stepped),
    agreed: Number(row.agreed),
  };
}

/** Replaces the record. */
export function recordTime({ elapsed, wall, absent, stepped, agreed }: TimeRecord): InStatement {
  return {
    sql: `INSERT INTO clock (one, elapsed, wall, absent, stepped, agreed) VALUES (1, ?, ?, ?, ?, ?)
      ON CONFLICT (one) DO UPDATE SET elapsed = excluded.elapsed, wall = excluded.wall, absent = excluded.absent,
        stepped = excluded.stepped, agreed = excluded.agreed`,
    args: [elapsed, wall, absent, stepped, agreed],
  };
}

/** Marks how far the sequences are, unless they are where the last mark has them, or that is younger than `apart`. */
export function addMark(elapsed: Micros, seq: number, apart: Micros): InStatement {
  return {
    sql: `INSERT OR REPLACE INTO marks (elapsed, seq, finding_seq)
      SELECT ?1, ?2, finding_seq FROM projection
      WHERE (?2, finding_seq) IS NOT (SELECT seq, finding_seq FROM marks ORDER BY elapsed DESC LIMIT 1)
        AND NOT EXISTS (SELECT 1 FROM marks WHERE elapsed > ?1 - ?3)`,
    args: [elapsed, seq, apart],
  };
}

/** Drops the marks before the last one that is at least so old. */
export function dropMarks(elapsed: Micros): InStatement {
  return {
    sql: "DELETE FROM marks WHERE elapsed < (SELECT max(elapsed) FROM marks WHERE elapsed <= ?)",
    args: [elapsed],
  };
}

/**
 * How far the sequences were, at least so long ago; no row where nobody knows. No further than the projector is: what it has not
 * followed must not go.
 */
export function markBefore(elapsed: Micros): InStatement {
  return {
    sql: `SELECT seq, finding_seq FROM marks WHERE elapsed <= ? AND seq <= (SELECT seq FROM projection)
      ORDER BY elapsed DESC LIMIT 1`,
    args: [elapsed],
  };
}
