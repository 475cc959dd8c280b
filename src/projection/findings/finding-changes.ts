/** The changes of findings as they are stored: what a step of the projector whose answer was lost had changed. */
import type { Database } from "../../db/database.ts";
import { findingOf } from "../../db/findings/finding-row.ts";
import { projectionSql } from "../../gen/sql.ts";
import type { ProjectionStep } from "../projection-step.ts";

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
