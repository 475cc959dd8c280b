/** The findings of one message that hold, as the answer to the message goes by them: those that are active, and those that people have ended. */
import type { InStatement, Row } from "@libsql/client";
import { endOfMark, type Mark } from "../../core/mark.ts";
import type { InstanceStage } from "../../core/state.ts";
import type { IsActive } from "../../lifecycle/assess.ts";

export function heldFindings(message: number): InStatement {
  return {
    sql: `SELECT run, kind, stage, due_at, retracted_at, triage, mark FROM findings
      WHERE message = ? AND (retracted_at = 0 OR ended_by IN ('resolved', 'ignored'))`,
    args: [message],
  };
}

/** Overdue stages are those with an active finding, as in every other answer. @param run its key */
export function activeIn(rows: readonly Row[], run: number): IsActive {
  // A late event or a failure has happened, even if its finding is not raised yet.
  return ({ kind, stage }) =>
    kind === "late" ||
    kind === "failed" ||
    rows.some((row) => row.kind === kind && row.stage === stage && row.run === run && row.retracted_at === 0);
}

/** @param rows of `heldFindings` */
export function closedIn(rows: readonly Row[], run: number): IsActive {
  return ({ kind, stage, dueAt }) =>
    rows.some((row) => {
      const same = row.kind === kind && row.stage === stage && row.run === run && row.retracted_at !== 0;
      // What is ignored for good in another run has no mark of its own.
      return same && (row.mark === "" || endOfMark(markOf(row), dueAt) !== undefined);
    });
}

/** The stages with the marks on what is found of them. @param rows of `heldFindings` */
export function withMarks(
  stages: readonly InstanceStage[],
  rows: readonly Row[],
  run: number,
): readonly InstanceStage[] {
  const marked = rows.filter((row) => row.run === run && row.triage !== 0);
  const marks = new Map(marked.map((row) => [row.stage, markOf(row)]));
  return stages.map((stage) => {
    const mark = marks.get(stage.name);
    return mark === undefined ? stage : { ...stage, mark };
  });
}

function markOf({ mark }: Row): Mark | undefined {
  return mark === "" ? undefined : (JSON.parse(String(mark)) as Mark);
}
