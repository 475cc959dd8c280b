/**
 * The statements of one store transaction. Each takes a whole chunk as one JSON parameter, so that a
 * thousand messages cost two statements, and a database server one round trip.
 */
import type { InStatement } from "@libsql/client";
import type { StoreBatch, StoreChunk } from "../event/ports.ts";

/** Says how far the transaction leads. Fails, and the transaction with it, unless the database is at `from`. */
export function movePosition(journalId: string, batch: Pick<StoreBatch, "from" | "to">): InStatement {
  return {
    sql: `INSERT INTO positions (journal_id, continues_from, seq) VALUES (?1, ?2, ?3)
      ON CONFLICT (journal_id) DO UPDATE SET continues_from = excluded.continues_from, seq = excluded.seq`,
    args: [journalId, batch.from, batch.to],
  };
}

export function knownPosition(journalId: string): InStatement {
  return { sql: "SELECT seq FROM positions WHERE journal_id = ?", args: [journalId] };
}

export function upsertMessages(chunk: StoreChunk): InStatement {
  return {
    sql: `INSERT INTO messages (app_id, message_id, id, created_at, updated_at, received_at)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1) WHERE true
      ON CONFLICT (message_id, app_id) DO UPDATE SET
        created_at = min(created_at, excluded.created_at),
        updated_at = max(updated_at, excluded.updated_at),
        received_at = max(received_at, excluded.received_at)`,
    args: [chunk.messages],
  };
}

/** An event that is known only counts a repeat; where the two differ, the least counts (`event/fold.ts`). */
export function insertEvents(chunk: StoreChunk): InStatement {
  const least = (column: string) =>
    `${column} = iif((excluded.created_at, excluded.event, excluded.external_id, excluded.attributes)
      < (events.created_at, events.event, events.external_id, events.attributes), excluded.${column}, events.${column})`;
  return {
    sql: `INSERT INTO events (message, seq, event, created_at, received_at, event_id, external_id, attributes, duplicates)
      SELECT messages.id, e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, coalesce(e.value ->> 4, ''),
        coalesce(e.value ->> 5, ''), coalesce(e.value ->> 6, ''), coalesce(e.value ->> 7, 0)
      FROM json_each(?1) AS m
      CROSS JOIN messages ON messages.message_id = m.value ->> 1 AND messages.app_id = m.value ->> 0
      CROSS JOIN json_each(m.value, '$[7]') AS e
      WHERE true
      ON CONFLICT (message, identity, identity_at) DO UPDATE SET
        duplicates = events.duplicates + excluded.duplicates + 1,
        ${least("created_at")}, ${least("event")}, ${least("external_id")}, ${least("attributes")}`,
    args: [chunk.messages],
  };
}

/**
 * Takes the times of messages from their events again, where a repeat under one event id may have named another time:
 * the upsert took it for a new event's.
 */
export function settleTimes(chunk: StoreChunk): InStatement {
  return {
    sql: `UPDATE messages SET created_at = settled.first, updated_at = settled.last
      FROM (
        SELECT events.message, min(events.created_at) AS first, max(events.created_at) AS last
        FROM json_each(?1) AS m
        CROSS JOIN messages ON messages.message_id = m.value ->> 1 AND messages.app_id = m.value ->> 0
        CROSS JOIN events ON events.message = messages.id
        WHERE m.value ->> 6 = 1
        GROUP BY events.message
      ) AS settled
      WHERE messages.id = settled.message
        AND (messages.created_at <> settled.first OR messages.updated_at <> settled.last)`,
    args: [chunk.messages],
  };
}

/** The seqs of the batch's events that were not there before, as JSON; `NULL` for all of them, the usual case. */
export function newEvents(batch: StoreBatch): InStatement {
  return {
    sql: `SELECT iif(count(*) = ?3, NULL, json_group_array(seq)) AS seqs FROM events WHERE seq > ?1 AND seq <= ?2`,
    args: [batch.from, batch.to, batch.count],
  };
}
