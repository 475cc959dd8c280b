-- Runs of messages that are not the last ones: see `former-runs.ts`.

-- name: ofMessages
SELECT json_group_array(json_array(message, run, run_number, opened_at, statuses, json(times))) AS rows
FROM (SELECT * FROM runs WHERE message IN (SELECT value FROM json_each(?1)) ORDER BY message, run_number);

-- name: put
-- Without `owed` (NULL) it stays as it is.
INSERT INTO runs (message, run, run_number, opened_at, statuses, times, owed)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
  coalesce(value ->> 6, (SELECT owed FROM runs WHERE message = value ->> 0 AND run = value ->> 1), '')
FROM json_each(?1) WHERE true
ON CONFLICT (message, run) DO UPDATE SET
  run_number = excluded.run_number,
  opened_at = excluded.opened_at,
  statuses = excluded.statuses,
  times = excluded.times,
  owed = excluded.owed;

-- name: delete
DELETE FROM runs WHERE (message, run) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1));
