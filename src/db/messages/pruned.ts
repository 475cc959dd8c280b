/** How far a topic has lost events. */
import type { InStatement } from "@libsql/client";
import type { HistoryQuery } from "../../core/query.ts";
import { positionSql } from "../../gen/sql.ts";

/**
 * Where a database went on from an older one, all topics have lost what came before. By retention an app has lost what came
 * before its last message that went; a message that is there has lost nothing since it was first reported.
 */
export function prunedTo({ appId, messageId }: HistoryQuery["topic"]): InStatement {
  return appId === undefined || messageId === undefined
    ? { sql: positionSql.prunedApp, args: [appId ?? ""] }
    : { sql: positionSql.prunedMessage, args: [appId, messageId] };
}
