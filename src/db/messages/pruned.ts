/** How far a topic has lost events. */
import type { InStatement } from "@libsql/client";
import type { HistoryQuery } from "../../core/query.ts";

/**
 * Where a database went on from an older one, all topics have lost what came before. By retention an app has lost what came
 * before its last message that went; a message that is there has lost nothing since it was first reported.
 */
export function prunedTo({ appId, messageId }: HistoryQuery["topic"]): InStatement {
  const retained = "coalesce((SELECT seq FROM pruned_apps WHERE app_id = ?1), 0)";
  if (appId === undefined || messageId === undefined) {
    return { sql: `SELECT max(seq, ${retained}) AS seq FROM pruned`, args: [appId ?? ""] };
  }
  const began = "coalesce((SELECT id - 1 FROM messages WHERE message_id = ?2 AND app_id = ?1), 9e15)";
  return {
    sql: `SELECT max(seq, CAST(min(${retained}, ${began}) AS INTEGER)) AS seq FROM pruned`,
    args: [appId, messageId],
  };
}
