/** The changes of findings as they are stored: what a step of the projector whose answer was lost had changed. */
import type { Row } from "@libsql/client";
import type { Database } from "../db/database.ts";
import { projectionSql } from "../gen/sql.ts";
import type { Finding, FindingKind } from "../lifecycle/finding.ts";
import type { ProjectionStep } from "./projection-step.ts";

/** Changes that are read at once. */
const changesMax = 1_000;

/**
 * Reads the changes from `after` (exclusive) to `upTo`: a bounded number of them, and how far they lead.
 */
export async function readChanges(
  database: Database,
  after: number,
  upTo: number,
): Promise<Pick<ProjectionStep, "findings" | "findingSeq">> {
  const { rows } = await database.execute({ sql: projectionSql.findingChanges, args: [after, changesMax] });
  const findings = rows.map(findingOf);
  const last = findings.length === changesMax ? findings.at(-1)?.seq : undefined;
  return { findings, findingSeq: last ?? upTo };
}

function findingOf(row: Row): Finding {
  return {
    seq: Number(row.seq),
    id: Number(row.id),
    appId: String(row.app_id),
    messageId: String(row.message_id),
    kind: row.kind as FindingKind,
    stage: String(row.stage),
    after: String(row.after),
    version: Number(row.version),
    dueAt: Number(row.due_at),
    raisedAt: Number(row.raised_at),
    ...(row.retracted_at !== 0 && { retractedAt: Number(row.retracted_at) }),
    lateBy: Number(row.late_by),
  };
}
