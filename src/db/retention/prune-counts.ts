/** Retention of what is counted. */
import type { Micros } from "../../core/event.ts";
import { eraseSql, pruneSql } from "../../gen/sql.ts";
import { bucketsOf } from "../../statistics/buckets.ts";
import type { Database } from "../database.ts";

/** Stages without a version that one step of `pruneCounts` examines. */
const stepStages = 10_000;

/** See `Store.pruneCounts`. It is called often, so little is due at a time: the buckets of the minutes since the last call. */
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
      { sql: pruneSql.deleteStages, args: [stepStages] },
      { sql: eraseSql.forgetDone, args: [before] },
    ],
    "write",
  );
  return results.reduce((sum, { rowsAffected }) => sum + rowsAffected, 0);
}
