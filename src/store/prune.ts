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
    sql: `SELECT messages.id, messages.received_at < ?2 AS old, events.received_at >= ?2 AS young,
        iif(messages.received_at < ?2, (SELECT count(*) FROM events AS e WHERE e.message = messages.id), 0) AS events
      FROM messages LEFT JOIN events ON events.seq = messages.id
      WHERE messages.id > ?1 ORDER BY messages.id LIMIT ${stepMessages}`,
    args: [afterId, before],
  });
  // Whole messages: as many as the step may delete, or a part of the first where that alone is more.
  let events = 0;
  const count = rows.findIndex((row, index) => {
    events += Number(row.events);
    return events > stepEvents && index > 0;
  });
  const step = count < 0 ? rows : rows.slice(0, count);
  const old = step.filter((row) => row.old === 1).map((row) => Number(row.id));
  const last = step.at(-1);
  const next = last === undefined || last.young === 1 ? null : Number(last.id);
  if (old.length === 0) return { messages: 0, events: 0, next };

  // Asked again within the transaction: a database server may carry it out late, when one has been heard of again.
  const theirs = `message IN (SELECT id FROM messages
    WHERE id IN (SELECT value FROM json_each(?1)) AND received_at < ?2)`;
  const args = [JSON.stringify(old), before];
  const [, deleted, gone] = await database.batch(
    [
      {
        sql: `UPDATE pruned SET seq = max(seq, coalesce((SELECT max(seq) FROM events WHERE ${theirs}), 0))`,
        args,
      },
      {
        sql: `DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE ${theirs} LIMIT ${stepEvents})`,
        args,
      },
      {
        sql: `DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?1)) AND received_at < ?2
          AND NOT EXISTS (SELECT 1 FROM events WHERE events.message = messages.id)`,
        args,
      },
    ],
    "write",
  );
  // A message with more events than one step may delete is met again from the same place.
  const giant = old.length === 1 && Number(step.find((row) => row.old === 1)?.events) > stepEvents;
  return {
    messages: gone?.rowsAffected ?? 0,
    events: deleted?.rowsAffected ?? 0,
    next: giant ? old[0]! - 1 : next,
  };
}
