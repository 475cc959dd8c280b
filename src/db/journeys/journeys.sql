-- Messages that belong together: see `journey-queries.ts`.

-- name: members
-- The messages with the external id ?1, ?2 at most, those first that began first; and those that have it as their id where their
-- lifecycle says so, or will: a message is stored before it is followed, and who watches must not miss it. `joined`: the first of their
-- events with it. Each message is one step along the index.
WITH RECURSIVE named (message, n) AS (
  SELECT (SELECT min(message) FROM events WHERE external_id = ?1 AND external_id <> ''), 1
  UNION ALL
  SELECT (
    SELECT min(message) FROM events
    WHERE external_id = ?1 AND external_id <> '' AND message > named.message), n + 1
  FROM named WHERE message IS NOT NULL AND n < ?2
), own (message) AS (
  SELECT m.id FROM messages m CROSS JOIN projection p LEFT JOIN instances i ON i.message = m.id
  WHERE m.message_id = ?1 AND EXISTS (
    SELECT 1 FROM journeys_by_message j
    WHERE j.lifecycle = iif(m.id <= p.seq, i.lifecycle,
      (SELECT l.id FROM lifecycles l WHERE l.app_id = m.app_id AND l.after_seq < m.id ORDER BY l.version DESC LIMIT 1)))
  LIMIT ?2
)
SELECT json_group_array(json_array(id, app_id, message_id, event_count, joined)) AS rows
FROM (
  SELECT m.id, m.app_id, m.message_id, m.event_count,
    CASE WHEN EXISTS (SELECT 1 FROM own WHERE own.message = m.id) THEN m.id ELSE (
      SELECT min(seq) FROM events WHERE external_id = ?1 AND external_id <> '' AND message = m.id) END AS joined
  FROM (SELECT message FROM named WHERE message IS NOT NULL UNION SELECT message FROM own) k
  CROSS JOIN messages m ON m.id = k.message
  ORDER BY m.id);

-- name: byMessageId
-- The apps whose messages belong to a journey by their ids now.
SELECT j.app_id FROM journeys_by_message j
WHERE NOT EXISTS (
  SELECT 1 FROM lifecycles l CROSS JOIN lifecycles own ON own.id = j.lifecycle
  WHERE l.app_id = j.app_id AND l.version > own.version);

-- name: events
-- A page of the events of messages on one time axis. ?1: arrays of a message, its place in the order of messages, and 1 where
-- that is behind the message of the cursor, 0 for the same, else -1. The cursor's time, name, event id and detail are ?2 to ?5. Of each
-- message ?6 events at most are examined, up to the seq ?7. The page has ?8 events and some ?9 bytes. `total`: how many were
-- chosen, one more than ?8 where there are others.
WITH members AS MATERIALIZED (
  SELECT value ->> 0 AS message, value ->> 1 AS n, value ->> 2 AS side FROM json_each(?1)
)
SELECT json_group_array(json_array(n, total, seq, event, created_at, received_at, event_id, external_id, attributes, parent_id,
  duplicates, detail, ahead, traceparent)) AS rows
FROM (
SELECT p.n, p.total, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, e.attributes, e.parent_id,
  e.duplicates, e.detail, e.ahead, e.traceparent
FROM (
  SELECT seq, n, place, own, sum(own) OVER (ORDER BY place) AS bytes, count(*) OVER () AS total
  FROM (
    SELECT e.seq, m.n,
      row_number() OVER (ORDER BY e.created_at, m.n, e.event, e.event_id, e.detail) AS place,
      200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id)
        + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS own
    FROM members m
    CROSS JOIN json_each((
      SELECT json_group_array(seq) FROM (
        SELECT seq FROM events INDEXED BY events_order
        WHERE message = m.message AND created_at >= ?2 AND seq <= ?7
          AND (created_at > ?2 OR m.side > 0 OR (m.side = 0 AND (event, event_id, detail) > (?3, ?4, ?5)))
        ORDER BY created_at, event, event_id, detail LIMIT ?6))) found
    CROSS JOIN events e ON e.seq = found.value
    ORDER BY place LIMIT ?8 + 1
  )
) p CROSS JOIN events e ON e.seq = p.seq
WHERE p.place <= ?8 AND p.bytes - p.own < ?9 ORDER BY p.place);

-- name: historyOfRange
-- A page of a journey's history in the range (?1, ?2] of the sequence: of each message ?3 the events from the one on that made it
-- a part of the journey. ?4 events at most, and some ?5 bytes. See `history.sql`.
WITH members AS MATERIALIZED (
  SELECT value ->> 0 AS message, value ->> 1 AS joined FROM json_each(?3)
)
SELECT m.app_id, m.message_id, p.place, p.bytes, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id,
  e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead,
  e.traceparent
FROM (
  SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own
  FROM (
    SELECT e.seq, e.seq AS place,
      200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id)
        + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS bytes
    FROM events e
    WHERE e.seq > ?1 AND e.seq <= ?2 AND e.changed_seq = 0
      AND +e.message IN (SELECT message FROM members)
      AND e.seq >= (SELECT joined FROM members WHERE members.message = e.message)
    UNION ALL
    SELECT e.seq, e.changed_seq,
      200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id)
        + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent)
    FROM events e
    WHERE e.changed_seq > ?1 AND e.changed_seq <= ?2 AND e.changed_seq <> 0
      AND +e.message IN (SELECT message FROM members)
      AND e.seq >= (SELECT joined FROM members WHERE members.message = e.message)
    ORDER BY place LIMIT ?4
  )
) p
CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message
WHERE p.bytes - p.own < ?5 ORDER BY p.place;

-- name: historyOfMembers
-- The same, of messages that have few events.
SELECT m.app_id, m.message_id, p.place, p.bytes, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id,
  e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead,
  e.traceparent
FROM (
  SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own
  FROM (
    SELECT e.seq, iif(e.changed_seq = 0, e.seq, e.changed_seq) AS place,
      200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id)
        + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS bytes
    FROM json_each(?3) k CROSS JOIN events e INDEXED BY events_order ON e.message = k.value ->> 0
    WHERE max(e.seq, e.changed_seq) > ?1 AND max(e.seq, e.changed_seq) <= ?2 AND e.seq >= k.value ->> 1
    ORDER BY place LIMIT ?4
  )
) p
CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message
WHERE p.bytes - p.own < ?5 ORDER BY p.place;
