/**
 * The statements of one store transaction. Each takes a text of a whole chunk as one JSON parameter, so that a thousand
 * messages cost two statements, and a database server one round trip. `StoreChunk` says how the texts are made.
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
    sql: `INSERT INTO messages (app_id, message_id, id, alias, created_at, updated_at, received_at)
      SELECT value, ${rest("key", 1)}, ${number("key", 0)}, ${number("key", 0)}, ${number("key", 1)}, ${number("key", 2)}, ${number("key", 3)}
      FROM json_each(?1) WHERE true
      ON CONFLICT (message_id, app_id) DO UPDATE SET
        alias = excluded.alias,
        created_at = min(created_at, excluded.created_at),
        updated_at = max(updated_at, excluded.updated_at),
        received_at = max(received_at, excluded.received_at)`,
    args: [chunk.messages],
  };
}

/**
 * Inserts the events, whose messages are there by now. An event that is known only counts a repeat; where the two
 * differ, the least counts (`event/fold.ts`).
 */
export function insertEvents(chunk: StoreChunk): InStatement {
  const alias = number("key", 1);
  const least = (column: string) =>
    `${column} = iif((excluded.created_at, excluded.event, excluded.external_id, excluded.attributes)
      < (events.created_at, events.event, events.external_id, events.attributes), excluded.${column}, events.${column})`;
  return {
    sql: `INSERT INTO events (message, seq, event, created_at, received_at, event_id, external_id, attributes, duplicates)
      SELECT iif((SELECT EXISTS (SELECT 1 FROM aliases)),
          coalesce((SELECT message FROM aliases WHERE alias = ${alias}), ${alias}), ${alias}),
        ${number("key", 0)}, ${rest("key", 0)}, ${number("key", 2)}, ${number("key", 3)}, iif(value IS NULL, '', value ->> 0),
        iif(value IS NULL, '', value ->> 1), iif(value IS NULL, '', value ->> 2), iif(value IS NULL, 0, value ->> 3)
      FROM json_each(?1) WHERE true
      ON CONFLICT (message, identity, identity_at) DO UPDATE SET
        duplicates = events.duplicates + excluded.duplicates + 1,
        ${least("created_at")}, ${least("event")}, ${least("external_id")}, ${least("attributes")}`,
    args: [chunk.events],
  };
}

/** Afterwards, when all events are in. */
export const forgetAliases: InStatement = "DELETE FROM aliases";

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
        CROSS JOIN messages ON messages.message_id = ${rest("m.key", 1)} AND messages.app_id = m.value
        CROSS JOIN events ON events.message = messages.id
        WHERE substr(m.key, ${4 * numberChars + 1}, 1) = '1'
        GROUP BY events.message
      ) AS settled
      WHERE messages.id = settled.message
        AND (messages.created_at <> settled.first OR messages.updated_at <> settled.last)`,
    args: [chunk.messages],
  };
}

/** The seqs of the batch's events that were not there before, as JSON; `NULL` for all of them, the usual case. */
export function newEvents(batch: Omit<StoreBatch, "chunks">): InStatement {
  return {
    sql: `SELECT iif(count(*) = ?3, NULL, json_group_array(seq)) AS seqs FROM events WHERE seq > ?1 AND seq <= ?2`,
    args: [batch.from, batch.to, batch.count],
  };
}

/** Characters of each of the four numbers that a key begins with. */
const numberChars = 17;

/** The `n`th number of a key. A cast reads as far as the digits go, so the first one needs no cutting. */
function number(key: string, n: 0 | 1 | 2 | 3): string {
  const text = n === 0 ? key : `substr(${key}, ${n * numberChars + 1}, ${numberChars})`;
  return `CAST(${text} AS INTEGER)`;
}

/** What follows the numbers and `flags` characters. */
function rest(key: string, flags: number): string {
  return `substr(${key}, ${4 * numberChars + flags + 1})`;
}
