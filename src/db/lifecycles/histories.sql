-- The histories of messages, for learning and dry runs: see `message-histories.ts`.

-- name: firsts
-- Of each message ?1 (JSON: numbers), in their order, the first event of each name with when it was received, the earliest first
-- and ?3 at most. Its first ?2 events are looked at.
SELECT json_group_array(json((
  SELECT json_group_array(json_array(event, at, received_at))
  FROM (
    -- SQLite takes a bare column from the row of the minimum.
    SELECT e.event, min(e.created_at - e.ahead) AS at, e.received_at
    FROM (
      SELECT seq FROM events INDEXED BY events_order WHERE message = m.value
      ORDER BY created_at, event, event_id, detail LIMIT ?2
    ) k CROSS JOIN events e ON e.seq = k.seq
    GROUP BY e.event ORDER BY at LIMIT ?3)))) AS rows
FROM json_each(?1) m;
