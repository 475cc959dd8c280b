/** The ids of messages, by the numbers that Mars gives them. */
import type { InStatement, ResultSet } from "@libsql/client";
import { asRows, rowsOf } from "../rows.ts";

export function messageIds(messages: readonly number[]): InStatement {
  return asRows(
    "id, message_id",
    "SELECT id, message_id FROM messages WHERE id IN (SELECT value FROM json_each(?1))",
    [JSON.stringify(messages)],
  );
}

/** @param result of `messageIds` */
export function messageIdsOf(result: ResultSet): Map<number, string> {
  return new Map(rowsOf<[message: number, messageId: string]>(result));
}
