-- Events and messages that are set aside: see `set-aside-writer.ts`.

-- name: insert
-- Setting the same item aside again changes its reason only.
INSERT INTO set_aside (seq, kind, app_id, message_id, at, code, reason, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (seq) DO UPDATE SET at = excluded.at, code = excluded.code, reason = excluded.reason;

-- name: deleteGone
-- Messages that retention has deleted need no decision.
DELETE FROM set_aside WHERE kind = 'message' AND seq NOT IN (SELECT id FROM messages);
