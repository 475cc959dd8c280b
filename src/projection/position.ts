/** How far the projection is. */
import type { InStatement, Row } from "@libsql/client";
import type { Micros } from "../core/event.ts";
import { projectionSql } from "../gen/sql.ts";

export interface ProjectionPosition {
  /** Counts its transactions: each continues from the one before. */
  readonly step: number;
  /** Every event up to here has been applied. */
  readonly seq: number;
  /** Findings that were active by then have been raised. */
  readonly watermark: Micros;
  /** The last change of a finding. */
  readonly findingSeq: number;
}

/** @param row of `projectionSql.position` */
export function positionOf(row: Row | undefined): ProjectionPosition {
  return {
    step: Number(row?.step),
    seq: Number(row?.seq),
    watermark: Number(row?.watermark),
    findingSeq: Number(row?.finding_seq),
  };
}

/** Fails, and the transaction with it, unless this is the step behind the last one. */
export function movePosition({ step, seq, watermark, findingSeq }: ProjectionPosition): InStatement {
  return { sql: projectionSql.movePosition, args: [step, seq, watermark, findingSeq] };
}
