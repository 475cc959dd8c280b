/** The ids of messages, by the numbers that Mars gives them. */
import type { Database } from "../database.ts";
import { asRows, rowsOf } from "../rows.ts";

/** Those that there are, by their numbers. */
export async function readMessageIds(
  database: Pick<Database, "execute">,
  messages: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  if (messages.length === 0) return new Map();
  const statement = asRows(
    "id, message_id",
    "SELECT id, message_id FROM messages WHERE id IN (SELECT value FROM json_each(?1))",
    [JSON.stringify(messages)],
  );
  return new Map(rowsOf<[message: number, messageId: string]>(await database.execute(statement)));
}
