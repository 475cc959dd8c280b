-- Messages that are judged again from what is stored: see `revisits.ts`. Those whose first event is behind ?1, the projector's
-- position, wait for it.

-- name: first
-- The first ?2 of them.
SELECT json_group_array(message) AS rows
FROM (SELECT message FROM revisits WHERE message <= ?1 ORDER BY message LIMIT ?2);

-- name: firstMessage
SELECT min(message) AS message FROM revisits WHERE message <= ?1;

-- name: instances
SELECT json_group_array(json_array(
  message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits, run, run_number)) AS rows
FROM instances WHERE message IN (SELECT message FROM revisits WHERE message <= ?1 ORDER BY message LIMIT ?2);

-- name: put
INSERT OR IGNORE INTO revisits (message) SELECT value FROM json_each(?1);

-- name: forget
DELETE FROM revisits WHERE message IN (SELECT value FROM json_each(?1));

-- name: forgetFirst
DELETE FROM revisits WHERE message = (SELECT min(message) FROM revisits);
