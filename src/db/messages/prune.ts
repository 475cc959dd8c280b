/**
 * Retention of messages, a bounded step at a time: ingest waits for one step at most.
 *
 * A message goes as a whole, when nothing of it was reported for the retention time and nothing of it is owed any more: its
 * deadlines have been judged, its findings could be read for as long, an incident that counts it for four times as long. How
 * old it is its place in the sequence says, not a clock (`time-marks.ts`).
 *
 * The row of the message goes first, in one transaction with all that leads to it, so nobody sees a part of it. Of a very large
 * one events are left then, which later steps delete; what comes for it meanwhile begins another message.
 */
import type { InStatement } from "@libsql/client";
import type { PruneQuery, PruneStep } from "../../core/retention.ts";
import type { Database } from "../database.ts";
import { markBefore } from "./time-marks.ts";
import { messageHash, type Tombstones } from "./tombstones.ts";

/** Messages that one step looks at, and events that it deletes. */
const stepMessages = 500;
const stepEvents = 5_000;
/** How much longer than others a message stays that an open incident counts. */
export const incidentTimes = 4;
/** What is due later than so after now, no lifecycle can mean: `within` and `grace` have 30 days each, at most. */
const owedAhead = 60 * 86_400_000_000;

/** What the conditions of a step go by: how far the sequences were when what is old came. */
interface Cut {
  readonly seq: number;
  readonly findingSeq: number;
  /** The same for what an incident counts. */
  readonly incidentSeq: number;
  readonly owedUntil: number;
}

/** See `Store.prune`. */
export async function pruneStep(
  database: Database,
  tombstones: Tombstones,
  query: PruneQuery,
): Promise<PruneStep> {
  const { elapsed, keepFor, after } = query;
  const [left, mark, early] = await database.batch(
    [
      "SELECT EXISTS (SELECT 1 FROM remains) AS some",
      markBefore(elapsed - keepFor),
      markBefore(elapsed - incidentTimes * keepFor),
    ],
    "read",
  );
  if (left?.rows[0]?.some === 1) {
    const [deleted] = await database.batch(sweep, "write");
    return { messages: 0, events: deleted?.rowsAffected ?? 0, next: after };
  }
  const row = mark?.rows[0];
  if (row === undefined) return { messages: 0, events: 0, next: null };
  const cut: Cut = {
    seq: Number(row.seq),
    findingSeq: Number(row.finding_seq),
    incidentSeq: Number(early?.rows[0]?.finding_seq ?? 0),
    owedUntil: query.latest + owedAhead,
  };
  return pruneBefore(database, tombstones, cut, query);
}

async function pruneBefore(
  database: Database,
  tombstones: Tombstones,
  cut: Cut,
  { after, elapsed }: PruneQuery,
): Promise<PruneStep> {
  const { rows } = await database.execute({
    sql: `SELECT m.id, m.app_id, m.message_id, m.updated_at, ${old} AS old,
        iif(m.alias <= ?2, (SELECT count(*) FROM (SELECT 1 FROM events e WHERE e.message = m.id LIMIT ${stepEvents + 1})), 0) AS events
      FROM messages m WHERE m.id > ?1 AND m.id <= ?2 ORDER BY m.id LIMIT ${stepMessages}`,
    args: [after, ...argsOf(cut)],
  });
  // Whole messages: as many as the step may delete, or one that alone is more.
  let events = 0;
  const count = rows.findIndex((row, index) => {
    if (row.old === 1) events += Number(row.events);
    return events > stepEvents && index > 0;
  });
  const step = count < 0 ? rows : rows.slice(0, count);
  const last = step.at(-1);
  const next = last === undefined || (count < 0 && rows.length < stepMessages) ? null : Number(last.id);
  const gone = step.filter((row) => row.old === 1);
  if (gone.length === 0) return { messages: 0, events: 0, next };

  const ids = JSON.stringify(gone.map(({ id }) => Number(id)));
  const buried = gone.map((row) => ({
    id: Number(row.id),
    hash: messageHash(String(row.app_id), String(row.message_id)),
    updatedAt: Number(row.updated_at),
  }));
  const results = await database.batch(
    [
      {
        // Asked again within the transaction: a database server may carry it out late, when one was reported again.
        sql: `INSERT INTO remains (message)
          SELECT m.id FROM messages m WHERE m.id IN (SELECT value FROM json_each(?1)) AND ${old}`,
        args: [ids, ...argsOf(cut)],
      },
      { sql: countPruned, args: [cut.seq] },
      countExpired,
      expireIncidents,
      tombstones.bury(buried, elapsed),
      "DELETE FROM messages WHERE id IN (SELECT message FROM remains)",
      countInstances,
      ...["instances", "findings"].map(
        (table) => `DELETE FROM ${table} WHERE message IN (SELECT message FROM remains)`,
      ),
      ...sweep,
    ],
    "write",
  );
  return {
    messages: results[0]?.rowsAffected ?? 0,
    events: results.at(-2)?.rowsAffected ?? 0,
    next,
  };
}

/** Whether a message `m` is old and nothing of it is owed. */
const old = `(m.alias <= ?2
  AND NOT EXISTS (SELECT 1 FROM instances l WHERE l.message = m.id AND +l.next_at BETWEEN 1 AND ?5)
  AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.message = m.id AND (+f.seq > ?3
    OR +f.seq > ?4 AND f.kind = 'missing' AND +f.retracted_at = 0 AND (m.app_id, f.stage) IN (
      SELECT app_id, stage FROM alert_incidents WHERE closed_at = 0 AND kind = 'missing'))))`;

function argsOf({ seq, findingSeq, incidentSeq, owedUntil }: Cut): number[] {
  return [seq, findingSeq, incidentSeq, owedUntil];
}

/** Deletes events of what is gone, and forgets what nothing is left of. */
const sweep: InStatement[] = [
  `DELETE FROM events WHERE seq IN (
    SELECT e.seq FROM remains r CROSS JOIN events e ON e.message = r.message LIMIT ${stepEvents})`,
  "DELETE FROM remains WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.message = remains.message)",
];

/** Whoever watches an app from before these cannot get everything; who watches all of them neither. */
const countPruned = `INSERT INTO pruned_apps (app_id, seq, finding_seq)
  SELECT iif(k.value = 1, m.app_id, ''), ?1,
    coalesce(max((SELECT max(+f.seq) FROM findings f WHERE f.message = m.id)), 0)
  FROM remains r CROSS JOIN messages m ON m.id = r.message CROSS JOIN json_each('[0,1]') k
  WHERE true GROUP BY 1
  ON CONFLICT (app_id) DO UPDATE SET seq = max(seq, excluded.seq), finding_seq = max(finding_seq, excluded.finding_seq)`;

/** What ends unfinished leaves the counts of what is under way. All other counts stay. */
const countExpired = `UPDATE apps SET open = apps.open - gone.open, overdue = apps.overdue - gone.overdue,
    expired = apps.expired + gone.open + gone.overdue
  FROM (
    SELECT app_id, count(*) FILTER (WHERE state = 0) AS open, count(*) FILTER (WHERE state = 1) AS overdue
    FROM (
      SELECT m.app_id, coalesce((SELECT state FROM instances WHERE message = m.id), 0) AS state
      FROM remains r CROSS JOIN messages m ON m.id = r.message
    ) GROUP BY app_id
  ) AS gone
  WHERE apps.app_id = gone.app_id`;

/** How many instances go by a version of a lifecycle: what none goes by can be forgotten. */
const countInstances = `UPDATE lifecycle_instances SET instances = lifecycle_instances.instances - gone.instances
  FROM (
    SELECT l.lifecycle, count(*) AS instances FROM remains r CROSS JOIN instances l ON l.message = r.message GROUP BY l.lifecycle
  ) AS gone
  WHERE lifecycle_instances.lifecycle = gone.lifecycle`;

/** Retention does not resolve an incident whose messages it deletes. */
const expireIncidents = `UPDATE alert_incidents SET expired = alert_incidents.expired + gone.count
  FROM (
    SELECT m.app_id, f.stage, count(*) AS count
    FROM remains r CROSS JOIN messages m ON m.id = r.message
      CROSS JOIN findings f ON f.message = m.id AND f.kind = 'missing' AND +f.retracted_at = 0
    GROUP BY m.app_id, f.stage
  ) AS gone
  WHERE alert_incidents.closed_at = 0 AND alert_incidents.kind = 'missing'
    AND alert_incidents.app_id = gone.app_id AND alert_incidents.stage = gone.stage`;
