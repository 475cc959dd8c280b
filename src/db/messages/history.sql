-- Pages of the history of a topic: see `history-queries.ts`.
--
-- A page has the events of the range (?1, ?2] of the sequence, of the app ?3 and the message ?4 (NULL for all), at most ?5 and
-- some ?6 bytes. An event that a repeat has changed stands at the place of that repeat. The inner query chooses the events
-- by their sizes; only the texts of those are read.

-- name: countEvents
-- How many events the messages of the app ?1 and the id ?2 have; counting ends at ?3 messages.
SELECT coalesce(sum(event_count), 0) AS events
FROM (
  SELECT event_count FROM messages
  WHERE message_id = ?2 AND (?1 IS NULL OR app_id = ?1) LIMIT ?3
);

-- name: rangeEnd
-- The end of the range behind ?1 that has ?3 + 1 events, or as many changes; at most ?2.
SELECT min(
  coalesce((SELECT seq FROM events
    WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1 OFFSET ?3), ?2),
  coalesce((SELECT changed_seq FROM events
    WHERE changed_seq > ?1 AND changed_seq <= ?2 AND changed_seq <> 0 ORDER BY changed_seq LIMIT 1 OFFSET ?3), ?2)
) AS seq;

-- name: pageOfRange
-- Along the sequence: events at their own place, and changed ones at the place of the change.
SELECT m.app_id, m.message_id, p.place, p.bytes, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id,
  e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead,
  e.traceparent
FROM (
  SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own
  FROM (
    SELECT e.seq, e.seq AS place,
      200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id)
        + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS bytes
    FROM events e CROSS JOIN messages m ON m.id = e.message
    WHERE e.seq > ?1 AND e.seq <= ?2 AND e.changed_seq = 0
      AND (?3 IS NULL OR m.app_id = ?3) AND (?4 IS NULL OR m.message_id = ?4)
    UNION ALL
    SELECT e.seq, e.changed_seq,
      200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id)
        + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent)
    FROM events e CROSS JOIN messages m ON m.id = e.message
    WHERE e.changed_seq > ?1 AND e.changed_seq <= ?2 AND e.changed_seq <> 0
      AND (?3 IS NULL OR m.app_id = ?3) AND (?4 IS NULL OR m.message_id = ?4)
    ORDER BY place LIMIT ?5
  )
) p
CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message
WHERE p.bytes - p.own < ?6 ORDER BY p.place;

-- name: pageOfMessage
-- All events of the messages of an id.
SELECT m.app_id, m.message_id, p.place, p.bytes, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id,
  e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead,
  e.traceparent
FROM (
  SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own
  FROM (
    SELECT e.seq, iif(e.changed_seq = 0, e.seq, e.changed_seq) AS place,
      200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id)
        + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS bytes
    FROM messages m CROSS JOIN events e ON e.message = m.id
    WHERE m.message_id = ?4 AND (?3 IS NULL OR m.app_id = ?3)
      AND max(e.seq, e.changed_seq) > ?1 AND max(e.seq, e.changed_seq) <= ?2
    ORDER BY place LIMIT ?5
  )
) p
CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message
WHERE p.bytes - p.own < ?6 ORDER BY p.place;
