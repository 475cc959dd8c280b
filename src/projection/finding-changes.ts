/** The changes of findings as they are stored: what a step of the projector whose answer was lost had changed. */
import type { InStatement } from "@libsql/client";
import type { Database } from "../db/database.ts";
import { asRows, rowsOf } from "../db/rows.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { ProjectionStep } from "./projection-step.ts";

/** Changes that are read at once. */
const changesMax = 1_000;

/**
 * Reads the changes from `after` (exclusive) to `upTo`: a bounded number of them, and how far they lead.
 */
export async function changesAgain(
  database: Database,
  after: number,
  upTo: number,
): Promise<Pick<ProjectionStep, "findings" | "findingSeq">> {
  const rows = rowsOf<ChangeRow>(await database.execute(changesAfter(after)));
  const last = rows.length === changesMax ? rows.at(-1)?.[0] : undefined;
  return { findings: rows.map(findingOfChange), findingSeq: last ?? upTo };
}

type ChangeRow = [
  seq: number,
  id: number,
  appId: string,
  messageId: string,
  kind: string,
  stage: string,
  after: string,
  version: number,
  dueAt: number,
  raisedAt: number,
  retractedAt: number,
  lateBy: number,
];

/** The changes of findings behind a seq, in order: of each finding that has changed the last. */
function changesAfter(seq: number): InStatement {
  return asRows(
    "seq, id, app_id, message_id, kind, stage, after, version, due_at, raised_at, retracted_at, late_by",
    `SELECT f.*, m.app_id, m.message_id FROM findings f CROSS JOIN messages m ON m.id = f.message
      WHERE f.seq > ?1 ORDER BY f.seq LIMIT ${changesMax}`,
    [seq],
  );
}

function findingOfChange(row: ChangeRow): Finding {
  const [seq, id, appId, messageId, kind, stage, after, version, dueAt, raisedAt, retractedAt, lateBy] = row;
  return {
    seq,
    id,
    appId,
    messageId,
    kind: kind as Finding["kind"],
    stage,
    after,
    version,
    dueAt,
    raisedAt,
    ...(retractedAt !== 0 && { retractedAt }),
    lateBy,
  };
}
