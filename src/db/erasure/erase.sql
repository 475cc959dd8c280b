-- Erasure of messages: see `erase.ts`. As in retention the table `remains` has the messages that a transaction deletes.

-- name: findMessage
-- The message ?2 of the app ?1, if its first event came up to ?3.
SELECT id, message_id, event_count FROM messages WHERE message_id = ?2 AND app_id = ?1 AND id <= ?3;

-- name: candidates
-- The next ?5 messages of the app ?1 whose first event came up to ?2, behind the time ?3 and the number ?4, and how many events
-- each has, up to ?6. Such a message gets no more events, so its place in this order stays.
SELECT m.id, m.message_id, m.created_at,
  (SELECT count(*) FROM (SELECT 1 FROM events e WHERE e.message = m.id LIMIT ?6)) AS events
FROM messages m INDEXED BY messages_app_created
WHERE m.app_id = ?1 AND (m.created_at, m.id) > (?3, ?4) AND m.id <= ?2
ORDER BY m.created_at, m.id LIMIT ?5;

-- name: touched
-- Of the messages that a chunk ?1 (`StoreChunk.messages`) names those that are to be erased, with the request.
SELECT m.id, m.message_id, m.app_id, x.id AS erasure
FROM json_each(?1) j CROSS JOIN erasures x ON x.app_id = j.value AND x.done_at = 0
  CROSS JOIN messages m ON m.message_id = substr(j.key, 76) AND m.app_id = j.value AND m.id <= x.up_to_seq
ORDER BY x.id;

-- name: insertRemains
INSERT OR IGNORE INTO remains (message)
SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(?1));

-- name: recordErased
-- A subscriber of an app that resumes from before these has a gap, and so has a subscriber of all apps: the name ''.
INSERT INTO pruned_apps (app_id, seq, finding_seq)
SELECT iif(k.value = 1, m.app_id, ''),
  coalesce(max((SELECT max(max(e.seq, e.changed_seq)) FROM events e WHERE e.message = m.id)), 0),
  coalesce(max((SELECT max(+f.seq) FROM findings f WHERE f.message = m.id)), 0)
FROM remains r CROSS JOIN messages m ON m.id = r.message CROSS JOIN json_each('[0,1]') k
WHERE true GROUP BY 1
ON CONFLICT (app_id) DO UPDATE SET
  seq = max(seq, excluded.seq),
  finding_seq = max(finding_seq, excluded.finding_seq);

-- name: forgetChanges
-- The projector looks up the message of each change, and of each event behind its position.
DELETE FROM event_changes WHERE seq IN (
  SELECT e.seq FROM event_changes c CROSS JOIN events e ON e.seq = c.seq
  WHERE e.message IN (SELECT message FROM remains));

-- name: deleteAhead
DELETE FROM events
WHERE seq > (SELECT seq FROM projection) AND message IN (SELECT message FROM remains);

-- name: exhume
-- The tombstones of the messages with the hashes ?1 (JSON: numbers).
DELETE FROM tombstones WHERE hash IN (SELECT value FROM json_each(?1));

-- name: hasOthers
-- Whether something of the message ?2 of the app ?1 is set aside, or ?4, its hash, is known of one that retention has deleted.
SELECT EXISTS (SELECT 1 FROM set_aside WHERE app_id = ?1 AND message_id = ?2 AND seq <= ?3)
  OR EXISTS (SELECT 1 FROM tombstones WHERE hash = ?4) AS some;

-- name: deleteSetAside
-- Of the app ?1 and the message ?2, NULL for all of them, what came up to ?3.
DELETE FROM set_aside WHERE app_id = ?1 AND (?2 IS NULL OR message_id = ?2) AND seq <= ?3;

-- name: pending
SELECT * FROM erasures WHERE done_at = 0 ORDER BY id;

-- name: makeRoom
-- Of those that are done the oldest, so that ?1 are left.
DELETE FROM erasures WHERE id IN (
  SELECT id FROM erasures WHERE done_at <> 0
  ORDER BY done_at LIMIT max(0, (SELECT count(*) FROM erasures) - ?1));

-- name: request
INSERT INTO erasures (app_id, up_to_seq, requested_at) VALUES (?1, ?2, ?3)
ON CONFLICT (app_id) WHERE done_at = 0 DO UPDATE SET
  up_to_seq = max(up_to_seq, excluded.up_to_seq),
  requested_at = excluded.requested_at
RETURNING *;

-- name: countErased
-- The messages that this transaction erases.
UPDATE erasures SET messages = messages + (
  SELECT count(*) FROM remains r CROSS JOIN messages m ON m.id = r.message)
WHERE id = ?1;

-- name: finish
-- Unless a later request has extended it.
UPDATE erasures SET done_at = ?3 WHERE id = ?1 AND up_to_seq = ?2;

-- name: byId
SELECT * FROM erasures WHERE id = ?1;

-- name: forgetDone
DELETE FROM erasures WHERE done_at <> 0 AND done_at < ?1;
