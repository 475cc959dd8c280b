/** Retention of what is counted. */
import type { Micros } from "../../core/event.ts";
import { bucketsOf } from "../../statistics/buckets.ts";
import type { Database } from "../database.ts";

/** Stages that no version names, of which one step of `pruneCounts` looks whether they still count something. */
const stepStages = 10_000;

/** See `Store.pruneCounts`. Often, and so little at a time: what is due is of the minutes since the last call. */
export async function pruneCounts(database: Database, before: Micros): Promise<number> {
  const spans = bucketsOf(before);
  // By the stages and the apps, so that the primary keys find the old rows.
  const results = await database.batch(
    [
      ...["funnel", "latencies"].flatMap((table) =>
        spans.map(({ span, start }) => ({
          sql: `DELETE FROM ${table} WHERE stage IN (SELECT id FROM stages) AND span = ? AND start < ?`,
          args: [span, start],
        })),
      ),
      {
        sql: "DELETE FROM rates WHERE app IN (SELECT id FROM apps) AND minute < ?",
        args: [Math.floor(before / 60_000_000)],
      },
      `DELETE FROM stages WHERE id IN (SELECT id FROM stages WHERE versions = 0 ORDER BY id LIMIT ${stepStages})
        AND NOT EXISTS (SELECT 1 FROM funnel WHERE stage = stages.id)
        AND NOT EXISTS (SELECT 1 FROM latencies WHERE stage = stages.id)`,
    ],
    "write",
  );
  return results.reduce((sum, { rowsAffected }) => sum + rowsAffected, 0);
}
