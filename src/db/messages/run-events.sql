-- All events of messages that were reopened, or failed and may recover: see `run-events.ts`.

-- name: read
-- For each message of ?1 (JSON: numbers) its first ?3 events among those up to the seq ?2, by their created_at, each with when it
-- happened and was received.
SELECT json_group_array(json((
  SELECT json_group_array(json_array(seq, event, created_at - ahead, received_at))
  FROM (
    SELECT seq, event, created_at, ahead, received_at FROM events INDEXED BY events_order WHERE message = q.value AND seq <= ?2
    ORDER BY created_at, event, event_id, detail LIMIT ?3) k))) AS rows
FROM json_each(?1) q;

-- name: owed
-- For each of ?1, arrays of the seqs of the events before a stage, the seqs of its own events, and the JSON paths of two
-- attributes: the names that the events before list, sorted, ?2 at most; and each name that acknowledges, with its first time
-- and its first receipt. Names have ?3 bytes at most.
WITH q AS MATERIALIZED (
  SELECT value -> 0 AS before, value -> 1 AS own, value ->> 2 AS "of", value ->> 3 AS "by" FROM json_each(?1)
)
SELECT json_group_array(json_array(
  json((
    SELECT json_group_array(name) FROM (
      SELECT DISTINCT CAST(r.value AS TEXT) AS name
      FROM json_each(q.before) k CROSS JOIN events e ON e.seq = k.value
        CROSS JOIN json_each(nullif(e.attributes, ''), q."of") r
      WHERE json_type(nullif(e.attributes, ''), q."of") IN ('array', 'text', 'integer')
        AND r.type IN ('text', 'integer') AND octet_length(r.value) BETWEEN 1 AND ?3
      ORDER BY name LIMIT ?2))),
  json((
    SELECT json_group_array(json_array(name, at, received)) FROM (
      SELECT name, min(at) AS at, min(received_at) AS received
      FROM (
        SELECT e.created_at - e.ahead AS at, e.received_at,
          iif(json_type(nullif(e.attributes, ''), q."by") IN ('text', 'integer'), CAST(e.attributes ->> q."by" AS TEXT), NULL) AS name
        FROM json_each(q.own) k CROSS JOIN events e ON e.seq = k.value)
      WHERE octet_length(name) BETWEEN 1 AND ?3
      GROUP BY name))))) AS rows
FROM q;
