/** The lives of which something holds that has not been raised; those of apps that are held do not count. */
import type { InStatement } from "@libsql/client";
import { asRows } from "../db/rows.ts";
import { findingColumns, lifeColumns } from "./projector-sql.ts";

/** The ids of held apps, as JSON. */
export type HeldApps = string;
/** None is held. */
export const noHeldApps: HeldApps = "[]";

/** The lives with something that holds by `watermark`, the longest ago first. */
export function dueLives(watermark: number, livesMax: number, held: HeldApps): InStatement {
  return asRows(lifeColumns, due("*", held), [watermark, livesMax, ...argsOf(held)]);
}

/** The findings of the same lives. */
export function dueFindings(watermark: number, livesMax: number, held: HeldApps): InStatement {
  return asRows(
    findingColumns,
    `SELECT * FROM findings WHERE message IN (SELECT message FROM (${due("message", held)}))`,
    [watermark, livesMax, ...argsOf(held)],
  );
}

/** Of the first of them, the message. */
export function firstDue(watermark: number, held: HeldApps): InStatement {
  return { sql: due("message", held), args: [watermark, 1, ...argsOf(held)] };
}

/** When the next one will be due. */
export function nextDue(held: HeldApps): InStatement {
  return {
    sql: `SELECT min(next_at) AS at FROM lives WHERE next_at <> 0 ${unheld(held, "?1")}`,
    args: argsOf(held),
  };
}

function due(columns: string, held: HeldApps): string {
  return `SELECT ${columns} FROM lives WHERE next_at <> 0 AND next_at < ?1 ${unheld(held, "?3")}
    ORDER BY next_at, message LIMIT ?2`;
}

/** By the index `lives_next`, which has the app: lives of held apps are passed over without being read. */
function unheld(held: HeldApps, parameter: string): string {
  if (held === noHeldApps) return "";
  return `AND app NOT IN (SELECT id FROM apps WHERE app_id IN (SELECT value FROM json_each(${parameter})))`;
}

function argsOf(held: HeldApps): string[] {
  return held === noHeldApps ? [] : [held];
}
