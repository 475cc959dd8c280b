-- Stages that events of other apps make: see `linked-stages.ts`. Messages belong together by a shared name: an external id of their events,
-- or their own id where their lifecycle says so. Of a message its first 10,000 events are looked at, and 256 external ids; of a name
-- the 1,000 messages that began first.

-- name: any
SELECT EXISTS (SELECT 1 FROM linked_events) AS some;

-- name: insertOf
-- The version ?2 of the app ?1 names the events ?3 (JSON: `[app, event]` of each) of other apps.
INSERT INTO linked_events (app_id, event, lifecycle, by_app)
SELECT value ->> 0, value ->> 1, (SELECT id FROM lifecycles WHERE app_id = ?1 AND version = ?2), ?1 FROM json_each(?3);

-- name: insertByMessage
INSERT INTO journeys_by_message (lifecycle, app_id)
SELECT id, app_id FROM lifecycles WHERE app_id = ?1 AND version = ?2;

-- name: deleteOf
-- Of the versions ?1 (JSON: numbers).
DELETE FROM linked_events
WHERE by_app = ?2 AND lifecycle IN (SELECT value FROM json_each(?1));

-- name: deleteByMessage
DELETE FROM journeys_by_message WHERE lifecycle IN (SELECT value FROM json_each(?1));

-- name: naming
-- The apps whose lifecycles name events of the apps ?1 (JSON: texts).
SELECT DISTINCT by_app FROM linked_events WHERE app_id IN (SELECT value FROM json_each(?1));

-- name: touch
-- Has messages judged again whose linked events may have changed with the events (?1, ?2] of the sequence, the first ?3 changes, and the lifecycles
-- of the messages ?4 (JSON: numbers): those that share a name with a message of a named app, and those that have got a name.
WITH RECURSIVE touched AS MATERIALIZED (
  SELECT message, max(named) AS named FROM (
    SELECT message, external_id <> '' AS named FROM events
    WHERE seq > ?1 AND seq <= ?2
      AND (external_id <> '' OR seq = message OR event IN (SELECT event FROM linked_events))
    UNION ALL
    SELECT e.message, 1 FROM (SELECT seq FROM event_changes ORDER BY seq LIMIT ?3) c CROSS JOIN events e ON e.seq = c.seq
    UNION ALL
    SELECT value, 0 FROM json_each(?4))
  GROUP BY message
), pairs AS MATERIALIZED (
  SELECT DISTINCT app_id, by_app FROM linked_events
), names AS MATERIALIZED (
  SELECT DISTINCT p.by_app, x.value AS name
  FROM touched t CROSS JOIN messages m ON m.id = t.message CROSS JOIN pairs p ON p.app_id = m.app_id
  CROSS JOIN json_each((
    SELECT json_group_array(external_id) FROM (
      SELECT DISTINCT external_id FROM (
        SELECT external_id FROM events INDEXED BY events_order WHERE message = t.message
        ORDER BY created_at, event, event_id, detail LIMIT 10000)
      WHERE external_id <> '' ORDER BY external_id LIMIT 256))) x
  UNION
  SELECT p.by_app, m.message_id
  FROM touched t CROSS JOIN messages m ON m.id = t.message CROSS JOIN pairs p ON p.app_id = m.app_id
  CROSS JOIN instances i ON i.message = m.id CROSS JOIN journeys_by_message j ON j.lifecycle = i.lifecycle
  UNION
  SELECT p.by_app, f.name FROM former_names f CROSS JOIN pairs p
), found (by_app, name, message, n) AS (
  SELECT by_app, name, (SELECT min(message) FROM events WHERE external_id = name AND external_id <> ''), 1 FROM names
  UNION ALL
  SELECT by_app, name, (
    SELECT min(e.message) FROM events e
    WHERE e.external_id = found.name AND e.external_id <> '' AND e.message > found.message), n + 1
  FROM found WHERE message IS NOT NULL AND n < 1000
)
INSERT OR IGNORE INTO revisits (message)
SELECT f.message FROM found f CROSS JOIN messages m ON m.id = f.message WHERE m.app_id = f.by_app
UNION
SELECT m.id FROM names n CROSS JOIN messages m ON m.message_id = n.name AND m.app_id = n.by_app
CROSS JOIN instances i ON i.message = m.id CROSS JOIN journeys_by_message j ON j.lifecycle = i.lifecycle
UNION
SELECT m.id FROM touched t CROSS JOIN messages m ON m.id = t.message
WHERE m.app_id IN (SELECT by_app FROM pairs)
  AND (t.named OR m.app_id IN (SELECT app_id FROM journeys_by_message));

-- name: forgetNames
DELETE FROM former_names;

-- name: read
-- For each of ?1, arrays of a message's number, whether its id is a name, and `[app, event]` of each event that is asked for: arrays of the place of the message
-- and of the event, when the earliest such event happened and was received, and its message. Events count up to the seq ?2.
WITH RECURSIVE q AS MATERIALIZED (
  SELECT key AS k, value ->> 0 AS message, value ->> 1 AS by_id, value -> 2 AS wants FROM json_each(?1)
), wants AS MATERIALIZED (
  SELECT q.k, w.key AS i, w.value ->> 0 AS app_id, w.value ->> 1 AS event FROM q CROSS JOIN json_each(q.wants) w
), names AS MATERIALIZED (
  SELECT q.k, x.value AS name
  FROM q CROSS JOIN json_each((
    SELECT json_group_array(external_id) FROM (
      SELECT DISTINCT external_id FROM (
        SELECT external_id FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2
        ORDER BY created_at, event, event_id, detail LIMIT 10000)
      WHERE external_id <> '' ORDER BY external_id LIMIT 256))) x
  UNION
  SELECT q.k, m.message_id FROM q CROSS JOIN messages m ON m.id = q.message WHERE q.by_id
), found (k, name, message, n) AS (
  SELECT k, name, (SELECT min(message) FROM events WHERE external_id = name AND external_id <> ''), 1 FROM names
  UNION ALL
  SELECT k, name, (
    SELECT min(e.message) FROM events e
    WHERE e.external_id = found.name AND e.external_id <> '' AND e.message > found.message), n + 1
  FROM found WHERE message IS NOT NULL AND n < 1000
), linked AS MATERIALIZED (
  SELECT f.k, f.message, m.app_id
  FROM found f CROSS JOIN messages m ON m.id = f.message
  WHERE EXISTS (SELECT 1 FROM events e
    WHERE e.external_id = f.name AND e.external_id <> '' AND e.message = f.message AND e.seq <= ?2)
  UNION
  SELECT n.k, m.id, m.app_id
  FROM names n CROSS JOIN messages m ON m.message_id = n.name
  CROSS JOIN instances i ON i.message = m.id CROSS JOIN journeys_by_message j ON j.lifecycle = i.lifecycle
)
SELECT json_group_array(json_array(k, i, first ->> 0, first ->> 1, message)) AS rows
FROM (
  SELECT l.k, w.i, l.message, (
    SELECT json_array(min(e.created_at - e.ahead), e.received_at)
    FROM (
      SELECT seq, event FROM events INDEXED BY events_order WHERE message = l.message AND seq <= ?2
      ORDER BY created_at, event, event_id, detail LIMIT 10000
    ) s CROSS JOIN events e ON e.seq = s.seq
    WHERE s.event = w.event) AS first
  FROM linked l CROSS JOIN wants w ON w.k = l.k AND w.app_id = l.app_id
)
WHERE first ->> 0 IS NOT NULL;

-- name: stored
-- What is known of the messages ?1 (JSON: numbers), and whether the linked message is still there.
SELECT json_group_array(json_array(
  l.message, l.slot, l.at, l.linked, EXISTS (SELECT 1 FROM messages WHERE id = l.linked))) AS rows
FROM links l WHERE l.message IN (SELECT value FROM json_each(?1));

-- name: put
INSERT INTO links (message, slot, at, linked)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
ON CONFLICT (message, slot) DO UPDATE SET at = excluded.at, linked = excluded.linked;

-- name: delete
-- `[message, slot]` of each.
DELETE FROM links WHERE (message, slot) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1));

-- name: keys
-- The ids of the messages ?1 (JSON: numbers).
SELECT id, app_id, message_id FROM messages WHERE id IN (SELECT value FROM json_each(?1));
