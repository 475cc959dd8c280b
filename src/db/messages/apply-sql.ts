/**
 * The statements of one store transaction. Each takes a text of a whole chunk as one JSON parameter, so that a thousand
 * messages cost two statements, and a database server one round trip. `StoreChunk` says how the texts are made.
 */
import type { InStatement, ResultSet } from "@libsql/client";
import type { StoreBatch, StoreChunk, StoreOutcome } from "../../core/ports.ts";

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
    sql: `INSERT INTO messages (app_id, message_id, id, alias, created_at, updated_at, received_at, event_count)
      SELECT value, ${rest("key", countChars)}, ${number("key", 0)}, ${number("key", 0)}, ${number("key", 1)}, ${number("key", 2)}, ${number("key", 3)},
        CAST(substr(key, ${4 * numberChars + 1}, ${countChars}) AS INTEGER)
      FROM json_each(?1) WHERE true
      ON CONFLICT (message_id, app_id) DO UPDATE SET
        alias = excluded.alias,
        created_at = min(created_at, excluded.created_at),
        updated_at = max(updated_at, excluded.updated_at),
        received_at = max(received_at, excluded.received_at),
        event_count = event_count + excluded.event_count`,
    args: [chunk.messages],
  };
}

/**
 * Inserts the events, whose messages are there by now. An event that is known only counts a repeat; where the two
 * differ, the least counts (`core/fold.ts`). Only events with an event id can differ, in all but their name.
 */
export function insertEvents(chunk: StoreChunk): InStatement {
  const alias = number("key", 1);
  const value = (n: number, none: string) =>
    chunk.plain ? none : `iif(value IS NULL, ${none}, value ->> ${n})`;
  const less = `(excluded.created_at, excluded.external_id, excluded.attributes)
      < (events.created_at, events.external_id, events.attributes)`;
  const least = (column: string) => `${column} = iif(${less}, excluded.${column}, events.${column})`;
  return {
    sql: `INSERT INTO events (message, seq, event, created_at, received_at, event_id, external_id, attributes, duplicates, detail)
      SELECT iif((SELECT EXISTS (SELECT 1 FROM aliases)),
          coalesce((SELECT message FROM aliases WHERE alias = ${alias}), ${alias}), ${alias}),
        ${number("key", 0)}, ${rest("key", 0)}, ${number("key", 2)}, ${number("key", 3)},
        ${value(0, "''")}, ${value(1, "''")}, ${value(2, "''")}, ${value(3, "0")}, ${value(4, "''")}
      FROM json_each(?1) WHERE true
      ON CONFLICT (message, event, event_id) WHERE event_id <> '' DO UPDATE SET
        duplicates = events.duplicates + excluded.duplicates + 1,
        changed_seq = iif(${less}, excluded.seq, events.changed_seq),
        ${least("created_at")}, ${least("external_id")}, ${least("attributes")}
      ON CONFLICT (message, created_at, event, event_id, detail) DO UPDATE SET
        duplicates = events.duplicates + excluded.duplicates + 1`,
    args: [chunk.events],
  };
}

/** Afterwards, when all events are in; puts right what the repeats among them have moved. */
export const settleAliases: InStatement = "DELETE FROM aliases";

/**
 * What of the batch was new, as JSON: the seqs of the events that were not there before it, and the events that were and
 * are kept otherwise since. `NULL` where all were new, the usual case.
 */
export function outcome(batch: Omit<StoreBatch, "chunks">): InStatement {
  return {
    sql: `SELECT iif(count(*) = ?3, NULL, json_object(
        'fresh', json_group_array(seq),
        'changed', (SELECT json_group_array(json_array(
            changed_seq, seq, app_id, message_id, event, created_at, received_at, event_id, external_id, attributes))
          FROM (SELECT e.*, m.app_id, m.message_id FROM events e CROSS JOIN messages m ON m.id = e.message
            WHERE changed_seq > ?1 AND changed_seq <= ?2 AND changed_seq <> 0 ORDER BY changed_seq)))) AS outcome
      FROM events WHERE seq > ?1 AND seq <= ?2`,
    args: [batch.from, batch.to, batch.count],
  };
}

type ChangedRow = [
  place: number,
  seq: number,
  appId: string,
  messageId: string,
  event: string,
  createdAt: number,
  receivedAt: number,
  eventId: string,
  externalId: string,
  attributes: string,
];

/** Reads what `outcome` asked for. */
export function outcomeOf(result: ResultSet | undefined): StoreOutcome | null {
  const text = result?.rows[0]?.outcome;
  if (typeof text !== "string") return null;
  const { fresh, changed } = JSON.parse(text) as { fresh: number[]; changed: ChangedRow[] };
  return {
    fresh,
    changed: changed.map(
      ([seq, replaces, appId, messageId, event, createdAt, receivedAt, eventId, externalId, attributes]) => ({
        ...{ seq, replaces, appId, messageId, event },
        ...{ createdAt, receivedAt, eventId, externalId, attributes },
      }),
    ),
  };
}

/** Characters of each of the four numbers that a key begins with. */
const numberChars = 17;

/** The `n`th number of a key. A cast reads as far as the digits go, so the first one needs no cutting. */
function number(key: string, n: 0 | 1 | 2 | 3): string {
  const text = n === 0 ? key : `substr(${key}, ${n * numberChars + 1}, ${numberChars})`;
  return `CAST(${text} AS INTEGER)`;
}

/** Characters of a message's count of events, behind its numbers. */
const countChars = 7;

/** What follows the numbers and `more` characters. */
function rest(key: string, more: number): string {
  return `substr(${key}, ${4 * numberChars + more + 1})`;
}

/** Has the projector count events that come behind its place in the sequence. */
export function followLate({ from, to }: Pick<StoreBatch, "from" | "to">): InStatement {
  return {
    sql: "INSERT OR IGNORE INTO event_changes (seq, was) SELECT seq, NULL FROM events WHERE seq > ? AND seq <= ?",
    args: [from, to],
  };
}
