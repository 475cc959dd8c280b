/**
 * Retention, a bounded step at a time: ingest waits for one step at most.
 *
 * A message goes as a whole, when nothing has been heard of it for the retention time. Messages are numbered in the
 * order in which they were first heard of, so old ones come first and a pass ends at the first young one.
 */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../event/event.ts";
import { bucketsOf } from "./buckets.ts";
import type { Database } from "./database.ts";

/** Messages that one step looks at, and events that it deletes. */
const stepMessages = 500;
const stepEvents = 5_000;
/** Stages that no version names, of which one step of `pruneCounts` looks whether they still count something. */
const stepStages = 10_000;

export interface PruneStep {
  readonly messages: number;
  readonly events: number;
  readonly next: number | null;
}

export interface PruneOptions {
  /** What was last heard of before this goes. */
  readonly before: Micros;
  /** Where the step before ended; 0 to begin. */
  readonly afterId: number;
  /** How far the store has come. */
  readonly storedSeq: number;
}

/** See `Store.prune`. */
export async function pruneStep(database: Database, options: PruneOptions): Promise<PruneStep> {
  const { afterId } = options;
  const before = await trackedBefore(database, options);
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
  const [, deleted, , messages] = await database.batch(
    [
      {
        sql: `UPDATE pruned SET seq = max(seq, coalesce((SELECT max(max(seq, changed_seq)) FROM events WHERE ${theirs}), 0))`,
        args,
      },
      {
        sql: `DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE ${theirs} LIMIT ${stepEvents})`,
        args,
      },
      { sql: countExpired, args },
      { sql: `DELETE FROM messages WHERE ${emptied}`, args },
      ...forgetLives(old),
    ],
    "write",
  );
  // A message with more events than one step may delete is met again from the same place.
  const giant = old.length === 1 && Number(step.find((row) => row.old === 1)?.events) > stepEvents;
  return {
    messages: messages?.rowsAffected ?? 0,
    events: deleted?.rowsAffected ?? 0,
    next: giant ? old[0]! - 1 : next,
  };
}

/** See `Store.pruneCounts`. Often, and so little at a time: what is due is of the minutes since the last call. */
export async function pruneCounts(database: Database, before: Micros): Promise<number> {
  const spans = bucketsOf(before);
  // By the stages and the apps, so that the primary keys find the old rows.
  const results = await database.batch(
    [
      ...["funnel", "latencies"].flatMap((table) =>
        spans.map(({ span, start }) => ({
          sql: `DELETE FROM ${table} WHERE stage IN (SELECT id FROM stages) AND span = ? AND start < ?`,
          args: [span, start],
        })),
      ),
      {
        sql: "DELETE FROM rates WHERE app IN (SELECT id FROM apps) AND minute < ?",
        args: [Math.floor(before / 60_000_000)],
      },
      `DELETE FROM stages WHERE id IN (SELECT id FROM stages WHERE versions = 0 ORDER BY id LIMIT ${stepStages})
        AND NOT EXISTS (SELECT 1 FROM funnel WHERE stage = stages.id)
        AND NOT EXISTS (SELECT 1 FROM latencies WHERE stage = stages.id)`,
    ],
    "write",
  );
  return results.reduce((sum, { rowsAffected }) => sum + rowsAffected, 0);
}

/** Old messages whose last events have been deleted. */
const emptied = `id IN (SELECT value FROM json_each(?1)) AND received_at < ?2
  AND NOT EXISTS (SELECT 1 FROM events WHERE events.message = messages.id)`;

/** What ends unfinished leaves the counts of what is under way. All other counts stay. */
const countExpired = `UPDATE apps SET open = apps.open - gone.open, overdue = apps.overdue - gone.overdue,
    expired = apps.expired + gone.open + gone.overdue
  FROM (
    SELECT app_id, count(*) FILTER (WHERE state = 0) AS open, count(*) FILTER (WHERE state = 1) AS overdue
    FROM (
      SELECT app_id, coalesce((SELECT state FROM lives WHERE message = messages.id), 0) AS state
      FROM messages WHERE ${emptied}
    ) GROUP BY app_id
  ) AS gone
  WHERE apps.app_id = gone.app_id`;

/** Findings go with their message. Whoever watched them up to there cannot be told everything. */
function forgetLives(messages: readonly number[]): InStatement[] {
  const gone = "message IN (SELECT value FROM json_each(?1)) AND message NOT IN (SELECT id FROM messages)";
  const args = [JSON.stringify(messages)];
  return [
    {
      sql: `UPDATE tracking SET findings_pruned =
        max(findings_pruned, coalesce((SELECT max(seq) FROM findings WHERE ${gone}), 0))`,
      args,
    },
    { sql: `DELETE FROM findings WHERE ${gone}`, args },
    {
      sql: `UPDATE lifecycle_lives SET lives = lifecycle_lives.lives - gone.lives
        FROM (SELECT lifecycle, count(*) AS lives FROM lives WHERE ${gone} GROUP BY lifecycle) AS gone
        WHERE lifecycle_lives.lifecycle = gone.lifecycle`,
      args,
    },
    { sql: `DELETE FROM lives WHERE ${gone}`, args },
  ];
}

/** How much earlier than an event that the tracker has taken in another one may have been received and yet not be. */
const receiptSkew: Micros = 10_000_000;

/** What the tracker has not counted yet must not go: where it is behind, only what came well before its place is old. */
async function trackedBefore(database: Database, { before, storedSeq }: PruneOptions): Promise<Micros> {
  const { rows } = await database.execute(`SELECT seq,
      (SELECT received_at FROM events WHERE events.seq <= tracking.seq ORDER BY events.seq DESC LIMIT 1) AS at
    FROM tracking`);
  const row = rows[0];
  if (Number(row?.seq) >= storedSeq) return before;
  return Math.min(before, row?.at === null ? Number.MIN_SAFE_INTEGER : Number(row?.at) - receiptSkew);
}
