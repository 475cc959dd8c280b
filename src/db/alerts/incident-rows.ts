/** The statements that write incidents and their new deliveries. */
import type { InStatement } from "@libsql/client";
import type { AlertStep } from "../../alerting/ports.ts";
import { alertsSql } from "../../gen/sql.ts";
import type { Database } from "../database.ts";
import { forRows } from "../rows.ts";

export function writeIncidents({
  incidents,
  deliveries,
}: Pick<AlertStep, "incidents" | "deliveries">): InStatement[] {
  const json = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row));
  return [
    // Each takes the places behind those of the one before.
    ...forRows(alertsSql.upsertIncidents, json(incidents)).flatMap((upsert) => [
      upsert,
      alertsSql.moveIncidentSeq,
    ]),
    ...forRows(alertsSql.supersedeDeliveries, json(deliveries)),
    ...forRows(alertsSql.insertDeliveries, json(deliveries)),
  ];
}

/**
 * Writes them durably.
 *
 * @returns the seq of the last change of any incident, theirs: only this thread writes
 */
export async function writeWithSeq(
  database: Pick<Database, "durably" | "execute">,
  statements: readonly InStatement[],
): Promise<number> {
  await database.durably([...statements]);
  const { rows } = await database.execute(alertsSql.incidentSeq);
  return Number(rows[0]?.seq);
}
