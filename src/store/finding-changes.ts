/** The changes of findings as they are stored, for a step whose answer was lost. */
import type { InStatement } from "@libsql/client";
import type { Finding } from "../lifecycle/finding.ts";
import { asRows } from "./tracker-sql.ts";

export type ChangeRow = [
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
export function changesAfter(seq: number, changesMax: number): InStatement {
  return asRows(
    "seq, id, app_id, message_id, kind, stage, after, version, due_at, raised_at, retracted_at, late_by",
    `SELECT f.*, m.app_id, m.message_id FROM findings f CROSS JOIN messages m ON m.id = f.message
      WHERE f.seq > ?1 ORDER BY f.seq LIMIT ?2`,
    [seq, changesMax],
  );
}

export function findingOfChange(row: ChangeRow): Finding {
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
