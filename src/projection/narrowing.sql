-- Messages that the projection does not follow, for every step with them fails: see `narrowing.ts`.

-- name: unfollowed
SELECT seq FROM set_aside WHERE kind = 'message';

-- name: firstChange
-- The message of the first change; no row where there is none.
SELECT e.message FROM event_changes c LEFT JOIN events e ON e.seq = c.seq ORDER BY c.seq LIMIT 1;

-- name: firstEvent
-- The message of the first event of the range (?1, ?2].
SELECT message FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1;

-- name: message
SELECT 1 FROM messages WHERE id = ?1;

-- name: setAside
INSERT INTO set_aside (seq, kind, app_id, message_id, at, code, reason, event)
SELECT id, 'message', app_id, message_id, ?2, ?3, ?4, '' FROM messages WHERE id = ?1;

-- name: forgetFirstChange
DELETE FROM event_changes WHERE seq = (SELECT min(seq) FROM event_changes);

-- name: neverDue
UPDATE instances SET next_at = 0, waits = 0 WHERE message = ?1;

-- name: readAgain
-- All of the message's events count as changed.
INSERT INTO event_changes (seq, was)
SELECT seq, created_at - ahead FROM events
WHERE message = ?1 AND seq <= (SELECT seq FROM projection) AND seq NOT IN (SELECT seq FROM event_changes);

-- name: dueNow
UPDATE instances SET next_at = 1, waits = 0 WHERE message = ?1;
