/** How far a topic has lost events. */
import type { InStatement } from "@libsql/client";
import type { HistoryQuery } from "../../core/query.ts";
import { positionSql } from "../../gen/sql.ts";

/**
 * After an older copy of the database was put back, all topics have lost the events before. By retention an app has lost the
 * events before its last deleted message; a message that is there has lost none since its first event.
 */
export function prunedTo({ appId, messageId }: HistoryQuery["topic"]): InStatement {
  return appId === undefined || messageId === undefined
    ? { sql: positionSql.prunedApp, args: [appId ?? ""] }
    : { sql: positionSql.prunedMessage, args: [appId, messageId] };
}
