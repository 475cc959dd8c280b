/** The ids that clients know, by the numbers that Mars gives to messages. */
import type { InStatement } from "@libsql/client";
import { asRows } from "../rows.ts";

export type NameRow = [message: number, messageId: string];

export function messageIds(messages: readonly number[]): InStatement {
  return asRows(
    "id, message_id",
    "SELECT id, message_id FROM messages WHERE id IN (SELECT value FROM json_each(?1))",
    [JSON.stringify(messages)],
  );
}
