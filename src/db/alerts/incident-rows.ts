/** The statements that write incidents and their new deliveries. */
import type { InStatement } from "@libsql/client";
import type { AlertStep } from "../../alerting/ports.ts";
import { alertsSql } from "../../gen/sql.ts";
import { forRows } from "../rows.ts";

export function writeIncidents({
  incidents,
  deliveries,
}: Pick<AlertStep, "incidents" | "deliveries">): InStatement[] {
  const json = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row));
  return [
    ...forRows(alertsSql.upsertIncidents, json(incidents)),
    ...forRows(alertsSql.supersedeDeliveries, json(deliveries)),
    ...forRows(alertsSql.insertDeliveries, json(deliveries)),
  ];
}
