-- Messages that go by a lifecycle which came after them: see `backfills.ts`.

-- name: running
-- One that has not ended; of several one that can go on. ?1 JSON: the apps that are paused; ?2 the projector's position.
SELECT b.app_id, l.version, b.lifecycle, b.up_to, b.since, b.at, b.message, b.done, b.of_count,
  b.up_to <= ?2 AND b.app_id NOT IN (SELECT value FROM json_each(?1)) AS ready
FROM backfills b INDEXED BY backfills_running CROSS JOIN lifecycles l ON l.id = b.lifecycle
WHERE b.ended = 0 ORDER BY ready DESC, b.app_id LIMIT 1;

-- name: next
-- The next ?5 messages of the app ?1, the latest first. Times only move back, so none is passed over.
SELECT json_group_array(json_array(id, created_at, event_count)) AS rows
FROM (
  SELECT id, created_at, event_count FROM messages INDEXED BY messages_app_created
  WHERE app_id = ?1 AND created_at >= ?2 AND (created_at, id) < (?3, ?4)
  ORDER BY created_at DESC, id DESC LIMIT ?5);

-- name: nextMessage
SELECT id AS message FROM messages INDEXED BY messages_app_created
WHERE app_id = ?1 AND created_at >= ?2 AND (created_at, id) < (?3, ?4)
ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: times
-- When each event of the messages ?1 (JSON: numbers) came first, up to the seq ?2.
SELECT json_group_array(json_array(message, event, at)) AS rows
FROM (
  SELECT message, event, min(created_at - ahead) AS at FROM events INDEXED BY events_order
  WHERE message IN (SELECT value FROM json_each(?1)) AND seq <= ?2
  GROUP BY message, event);

-- name: pass
UPDATE backfills SET at = (SELECT created_at FROM messages WHERE id = ?2), message = ?2 WHERE app_id = ?1 AND ended = 0;

-- name: advance
UPDATE backfills SET at = ?2, message = ?3, done = ?4, of_count = ?5, ended = ?6 WHERE app_id = ?1 AND ended = 0;
