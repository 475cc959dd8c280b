-- The statements of one store transaction: see `apply-sql.ts`.
--
-- A chunk's text is a JSON object. Each key begins with four numbers of 17 characters, padded with blanks, and ends with a
-- text: SQLite cuts a text twice as fast as it looks into an array. A cast to INTEGER reads as far as the digits go.

-- name: movePosition
-- Fails, and the transaction with it, unless the journal's position is ?2. Sets it to ?3.
INSERT INTO positions (journal_id, continues_from, seq) VALUES (?1, ?2, ?3)
ON CONFLICT (journal_id) DO UPDATE SET continues_from = excluded.continues_from, seq = excluded.seq;

-- name: knownPosition
SELECT seq FROM positions WHERE journal_id = ?1;

-- name: upsertMessages
-- The key: first seq, created_at, updated_at, received_at; 7 characters of event_count; message_id. The value: app_id.
INSERT INTO messages (app_id, message_id, id, alias, created_at, updated_at, received_at, event_count)
SELECT
  value,
  substr(key, 76),
  CAST(key AS INTEGER),
  CAST(key AS INTEGER),
  CAST(substr(key, 18, 17) AS INTEGER),
  CAST(substr(key, 35, 17) AS INTEGER),
  CAST(substr(key, 52, 17) AS INTEGER),
  CAST(substr(key, 69, 7) AS INTEGER)
FROM json_each(?1) WHERE true
ON CONFLICT (message_id, app_id) DO UPDATE SET
  alias = excluded.alias,
  created_at = min(created_at, excluded.created_at),
  updated_at = max(updated_at, excluded.updated_at),
  received_at = max(received_at, excluded.received_at),
  event_count = event_count + excluded.event_count;

-- name: insertEvents
-- The key: seq, the message's alias, created_at, received_at; event. The value: null, or an array of event_id,
-- external_id, attributes, duplicates, detail and, where one of them is set, parent_id, ahead and traceparent. A known event counts a
-- repeat, and keeps the trace of its first report. Where two reports of one event_id differ, the least is kept, and the earliest time by which it had happened (`core/fold.ts`).
INSERT INTO events
  (message, seq, event, created_at, received_at, event_id, external_id, attributes, duplicates, detail, parent_id, ahead,
   traceparent)
SELECT
  iif((SELECT EXISTS (SELECT 1 FROM aliases)),
    coalesce((SELECT message FROM aliases WHERE alias = CAST(substr(key, 18, 17) AS INTEGER)),
      CAST(substr(key, 18, 17) AS INTEGER)),
    CAST(substr(key, 18, 17) AS INTEGER)),
  CAST(key AS INTEGER),
  substr(key, 69),
  CAST(substr(key, 35, 17) AS INTEGER),
  CAST(substr(key, 52, 17) AS INTEGER),
  iif(value IS NULL, '', value ->> 0),
  iif(value IS NULL, '', value ->> 1),
  iif(value IS NULL, '', value ->> 2),
  iif(value IS NULL, 0, value ->> 3),
  iif(value IS NULL, '', value ->> 4),
  coalesce(value ->> 5, ''),
  coalesce(value ->> 6, 0),
  coalesce(value ->> 7, '')
FROM json_each(?1) WHERE true
ON CONFLICT (message, event, event_id) WHERE event_id <> '' DO UPDATE SET
  duplicates = events.duplicates + excluded.duplicates + 1,
  changed_seq = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id)
    < (events.created_at, events.external_id, events.attributes, events.parent_id)
    OR excluded.created_at - excluded.ahead < events.created_at - events.ahead, excluded.seq, events.changed_seq),
  created_at = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id)
    < (events.created_at, events.external_id, events.attributes, events.parent_id), excluded.created_at, events.created_at),
  external_id = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id)
    < (events.created_at, events.external_id, events.attributes, events.parent_id), excluded.external_id, events.external_id),
  attributes = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id)
    < (events.created_at, events.external_id, events.attributes, events.parent_id), excluded.attributes, events.attributes),
  parent_id = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id)
    < (events.created_at, events.external_id, events.attributes, events.parent_id), excluded.parent_id, events.parent_id),
  ahead = min(excluded.created_at, events.created_at)
    - min(excluded.created_at - excluded.ahead, events.created_at - events.ahead)
ON CONFLICT (message, created_at, event, event_id, detail) DO UPDATE SET
  duplicates = events.duplicates + excluded.duplicates + 1;

-- name: insertPlainEvents
-- `insertEvents` for a chunk whose values are all null: its events have names and times only.
INSERT INTO events
  (message, seq, event, created_at, received_at, event_id, external_id, attributes, duplicates, detail)
SELECT
  iif((SELECT EXISTS (SELECT 1 FROM aliases)),
    coalesce((SELECT message FROM aliases WHERE alias = CAST(substr(key, 18, 17) AS INTEGER)),
      CAST(substr(key, 18, 17) AS INTEGER)),
    CAST(substr(key, 18, 17) AS INTEGER)),
  CAST(key AS INTEGER),
  substr(key, 69),
  CAST(substr(key, 35, 17) AS INTEGER),
  CAST(substr(key, 52, 17) AS INTEGER),
  '', '', '', 0, ''
FROM json_each(?1) WHERE true
ON CONFLICT (message, created_at, event, event_id, detail) DO UPDATE SET
  duplicates = events.duplicates + excluded.duplicates + 1;

-- name: resolveAliases
-- After all events of the batch: a trigger corrects what the repeats among them have changed.
DELETE FROM aliases;

-- name: countStored
-- How many events of a batch (?1, ?2] were new: the others were there with a seq of their own.
SELECT count(*) AS stored FROM events WHERE seq > ?1 AND seq <= ?2;

-- name: outcome
-- Of a batch (?1, ?2] of ?3 events: the seqs that were new, and the earlier events that it changed. NULL where all were new.
SELECT iif(count(*) = ?3, NULL, json_object(
  'fresh', json_group_array(seq),
  'changed', (
    SELECT json_group_array(json_object(
      'seq', changed_seq, 'replaces', seq, 'appId', app_id, 'messageId', message_id, 'event', event,
      'createdAt', created_at, 'receivedAt', received_at,
      'eventId', event_id, 'externalId', external_id, 'attributes', attributes, 'parentId', parent_id, 'aheadBy', ahead,
      'traceparent', traceparent))
    FROM (
      SELECT e.*, m.app_id, m.message_id
      FROM events e CROSS JOIN messages m ON m.id = e.message
      WHERE changed_seq > ?1 AND changed_seq <= ?2 AND changed_seq <> 0
      ORDER BY changed_seq
    )
  ))) AS outcome
FROM events WHERE seq > ?1 AND seq <= ?2;

-- name: collectLate
-- The projector counts the events (?1, ?2] though they lie behind its place in the sequence.
INSERT OR IGNORE INTO event_changes (seq, was) SELECT seq, NULL FROM events WHERE seq > ?1 AND seq <= ?2;
