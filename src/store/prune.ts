/**
 * Retention, a bounded step at a time: ingest waits for one step at most.
 *
 * A message goes as a whole, when nothing has been heard of it for the retention time. Messages are numbered in the
 * order in which they were first heard of, so old ones come first and a pass ends at the first young one.
 */
import type { Micros } from "../event/event.ts";
import type { Database } from "./database.ts";

/** Messages that one step looks at, and events that it deletes. */
const stepMessages = 500;
const stepEvents = 5_000;

export interface PruneStep {
  readonly messages: number;
  readonly events: number;
  readonly next: number | null;
}

/** See `Store.prune`. */
export async function pruneStep(database: Database, before: Micros, afterId: number): Promise<PruneStep> {
  const { rows } = await database.execute({
    sql: `SELECT messages.id, messages.received_at < ?2 AS old, events.received_at >= ?2 AS young
      FROM messages LEFT JOIN events ON events.seq = messages.id
      WHERE messages.id > ?1 ORDER BY messages.id LIMIT ${stepMessages}`,
    args: [afterId, before],
  });
  const old = rows.filter((row) => row.old === 1).map((row) => Number(row.id));
  const last = rows.at(-1);
  const next = last === undefined || last.young === 1 ? null : Number(last.id);
  if (old.length === 0) return { messages: 0, events: 0, next };

  const ids = JSON.stringify(old);
  const theirs = "message IN (SELECT value FROM json_each(?1))";
  const [, events, messages] = await database.batch(
    [
      {
        sql: `UPDATE pruned SET seq = max(seq, coalesce((SELECT max(seq) FROM events WHERE ${theirs}), 0))`,
        args: [ids],
      },
      {
        sql: `DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE ${theirs} LIMIT ${stepEvents})`,
        args: [ids],
      },
      {
        sql: `DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?1))
          AND NOT EXISTS (SELECT 1 FROM events WHERE events.message = messages.id)`,
        args: [ids],
      },
    ],
    "write",
  );
  // A message with more events than one step may delete is met again from the same place.
  const unfinished = (messages?.rowsAffected ?? 0) < old.length;
  return {
    messages: messages?.rowsAffected ?? 0,
    events: events?.rowsAffected ?? 0,
    next: unfinished ? afterId : next,
  };
}
