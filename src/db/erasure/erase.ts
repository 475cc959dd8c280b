/**
 * Erases messages, in one transaction with all that leads to them. The events of a very large one are left for later
 * transactions, as in retention (`prune.ts`); no reader finds them.
 *
 * The writer's connection has `secure_delete`, which overwrites what is deleted.
 */
import type { InStatement, Row } from "@libsql/client";
import { attributesSql, eraseSql, overdueAgesSql, pruneSql } from "../../gen/sql.ts";
import type { Database } from "../database.ts";
import { deleteEvents } from "../retention/prune.ts";
import { messageHash } from "../retention/tombstones.ts";

/** A message that is about to be erased. */
export interface Doomed {
  readonly id: number;
  readonly hash: number;
}

/** @param row has the columns `id` and `message_id` */
export function doomedOf(row: Row, appId: string): Doomed {
  return { id: Number(row.id), hash: messageHash(appId, String(row.message_id)) };
}

/**
 * Erases messages. The projector has applied their first events, so they are in the counts by state, which they leave as those
 * do that retention deletes. A success is not undone by a power cut.
 *
 * @param more runs in the transaction, while the messages are in `remains` and still have their rows
 * @returns the number of events that were deleted; others may be left in `remains`
 */
export async function eraseMessages(
  database: Database,
  messages: readonly Doomed[],
  more: readonly InStatement[],
): Promise<number> {
  const results = await database.durably([
    { sql: eraseSql.insertRemains, args: [JSON.stringify(messages.map(({ id }) => id))] },
    eraseSql.recordErased,
    pruneSql.countExpired,
    pruneSql.expireIncidents,
    overdueAgesSql.subtractRemains,
    overdueAgesSql.deleteEmpty,
    ...more,
    { sql: eraseSql.exhume, args: [JSON.stringify(messages.map(({ hash }) => hash))] },
    eraseSql.forgetChanges,
    attributesSql.deleteRemains,
    attributesSql.forgetRemains,
    pruneSql.deleteMessages,
    pruneSql.countInstances,
    pruneSql.deleteInstances,
    pruneSql.deleteRuns,
    pruneSql.deleteFindings,
    eraseSql.deleteAhead,
    ...deleteEvents,
  ]);
  return (results.at(-3)?.rowsAffected ?? 0) + (results.at(-2)?.rowsAffected ?? 0);
}

/** Deletes some of the events that are left of messages. @returns how many; 0 where none are */
export async function eraseRemains(database: Database): Promise<number> {
  const { rows } = await database.execute("SELECT EXISTS (SELECT 1 FROM remains) AS some");
  if (rows[0]?.some !== 1) return 0;
  const [deleted] = await database.durably([...deleteEvents]);
  return deleted?.rowsAffected ?? 0;
}
