-- Events of a message, in pages: see `message-events.ts`.

-- name: bySeqs
-- The events ?1 (JSON: numbers), in this order.
SELECT e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, e.attributes, e.parent_id, e.duplicates, e.detail,
  e.changed_seq, e.ahead
FROM json_each(?1) s CROSS JOIN events e ON e.seq = s.value ORDER BY s.key;
