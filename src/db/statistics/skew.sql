-- The sample of `skew-queries.ts`.

-- name: samples
-- The events of the ?2 messages of the app ?1 whose last event happened last, without those that have over ?3 events.
SELECT json_group_array(json_array(m.id, e.event, e.created_at, e.received_at)) AS rows
FROM (SELECT id, event_count FROM messages WHERE app_id = ?1 ORDER BY updated_at DESC LIMIT ?2) m
CROSS JOIN events e ON e.message = m.id
WHERE m.event_count <= ?3;
