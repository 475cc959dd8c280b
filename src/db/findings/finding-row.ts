/** Reads a finding from its row, with the ids of its app and message beside it. */
import type { Row } from "@libsql/client";
import type { Mark } from "../../core/mark.ts";
import type { Owed } from "../../core/state.ts";
import type { Finding, FindingEnding, FindingKind } from "../../lifecycle/finding.ts";

export function findingOf(row: Row): Finding {
  return {
    seq: Number(row.seq),
    id: Number(row.id),
    appId: String(row.app_id),
    messageId: String(row.message_id),
    run: Number(row.run_number),
    kind: row.kind as FindingKind,
    stage: String(row.stage),
    after: String(row.after),
    version: Number(row.version),
    dueAt: Number(row.due_at),
    raisedAt: Number(row.raised_at),
    ...(row.retracted_at !== 0 && { retractedAt: Number(row.retracted_at) }),
    ...(row.ended_by !== "" && { endedBy: row.ended_by as FindingEnding }),
    lateBy: Number(row.late_by),
    ...(row.imported === 1 && { imported: true }),
    ...(typeof row.owed === "string" && { owed: JSON.parse(row.owed) as Owed }),
    ...(row.triage !== 0 && row.mark !== "" && { mark: JSON.parse(String(row.mark)) as Mark }),
  };
}
