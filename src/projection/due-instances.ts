/** The instances of which something holds that has not been raised; those of apps that are held do not count. */
import type { InStatement } from "@libsql/client";
import { asRows } from "../db/rows.ts";
import { findingColumns, instanceColumns } from "./projector-sql.ts";

/** The ids of held apps, as JSON. */
export type HeldApps = string;
/** None is held. */
export const noHeldApps: HeldApps = "[]";

/** The instances with something that holds by `watermark`, the longest ago first. */
export function dueInstances(watermark: number, instancesMax: number, held: HeldApps): InStatement {
  return asRows(instanceColumns, due("*", held), [watermark, instancesMax, ...argsOf(held)]);
}

/** The findings of the same instances. */
export function dueFindings(watermark: number, instancesMax: number, held: HeldApps): InStatement {
  return asRows(
    findingColumns,
    `SELECT * FROM findings WHERE message IN (SELECT message FROM (${due("message", held)}))`,
    [watermark, instancesMax, ...argsOf(held)],
  );
}

/** Of the first of them, the message. */
export function firstDue(watermark: number, held: HeldApps): InStatement {
  return { sql: due("message", held), args: [watermark, 1, ...argsOf(held)] };
}

/** When the next one will be due. */
export function nextDue(held: HeldApps): InStatement {
  return {
    sql: `SELECT min(next_at) AS at FROM instances WHERE next_at <> 0 ${unheld(held, "?1")}`,
    args: argsOf(held),
  };
}

function due(columns: string, held: HeldApps): string {
  return `SELECT ${columns} FROM instances WHERE next_at <> 0 AND next_at < ?1 ${unheld(held, "?3")}
    ORDER BY next_at, message LIMIT ?2`;
}

/** By the index `instances_next`, which has the app: instances of held apps are passed over without being read. */
function unheld(held: HeldApps, parameter: string): string {
  if (held === noHeldApps) return "";
  return `AND app NOT IN (SELECT id FROM apps WHERE app_id IN (SELECT value FROM json_each(${parameter})))`;
}

function argsOf(held: HeldApps): string[] {
  return held === noHeldApps ? [] : [held];
}
