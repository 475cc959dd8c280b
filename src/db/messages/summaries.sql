-- The events of messages, folded for their summaries: see `summaries.ts`. The index is named because that of external ids
-- has those of all messages.

-- name: events
-- All events of the messages ?1 (JSON: numbers), of which there are few.
SELECT json_group_array(json_array(message, event, created_at - ahead, ahead, external_id, parent_id)) AS rows
FROM events INDEXED BY events_order WHERE message IN (SELECT value FROM json_each(?1));

-- name: stagesOfLarge
-- Of the message ?1, from its first ?2 and its last ?2 events.
SELECT json_group_array(json_array(?1, event, first, last, ahead)) AS rows
FROM (
  SELECT event, min(created_at - ahead) AS first, max(created_at - ahead) AS last, max(ahead) AS ahead
FROM (
  SELECT * FROM (
    SELECT event, created_at, ahead FROM events INDEXED BY events_order WHERE message = ?1
    ORDER BY created_at ASC, event ASC, event_id ASC, detail ASC LIMIT ?2)
  UNION ALL
  SELECT * FROM (
    SELECT event, created_at, ahead FROM events INDEXED BY events_order WHERE message = ?1
    ORDER BY created_at DESC, event DESC, event_id DESC, detail DESC LIMIT ?2)
)
GROUP BY event);

-- name: namesOfLarge
-- The same of the message ?1, from its first ?2 and its last ?2 events: ?3 external ids at most, and its least parent beside each.
SELECT json_group_array(json_array(?1, external_id, parent_id)) AS rows
FROM (
SELECT DISTINCT external_id, parent_id
FROM (
  SELECT external_id, coalesce(min(nullif(parent_id, '')) OVER (), '') AS parent_id
  FROM (
    SELECT * FROM (
      SELECT external_id, parent_id FROM events INDEXED BY events_order WHERE message = ?1
      ORDER BY created_at ASC, event ASC, event_id ASC, detail ASC LIMIT ?2)
    UNION ALL
    SELECT * FROM (
      SELECT external_id, parent_id FROM events INDEXED BY events_order WHERE message = ?1
      ORDER BY created_at DESC, event DESC, event_id DESC, detail DESC LIMIT ?2)
  )
  WHERE external_id <> '' OR parent_id <> ''
)
ORDER BY external_id LIMIT ?3 + 1);

-- name: instances
SELECT json_group_array(json_array(message, lifecycle, state, overdue_since)) AS rows FROM instances
WHERE message IN (SELECT value FROM json_each(?1));

-- name: ahead
-- Those that the projector has not come to yet, and that go by a lifecycle then.
SELECT m.id FROM messages m
WHERE m.id IN (SELECT value FROM json_each(?1) WHERE value > (SELECT seq FROM projection))
  AND (SELECT bytes FROM lifecycles WHERE app_id = m.app_id AND after_seq < m.id ORDER BY version DESC LIMIT 1) > 0;
