-- Instances of which a finding is to be raised or retracted by the watermark ?1, at most ?2: see `due-instances.ts`.
--
-- ?3 is a JSON array of the ids of apps that are paused. The index `instances_next` has the app: their instances are passed over
-- without being read.

-- name: due
-- A pending finding has become active; the longest ago first.
SELECT json_group_array(json_array(
  message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits, run, run_number)) AS rows
FROM (
  SELECT * FROM instances
  WHERE next_at <> 0 AND next_at < ?1
    AND app NOT IN (SELECT id FROM apps WHERE app_id IN (SELECT value FROM json_each(?3)))
  ORDER BY next_at, message LIMIT ?2);

-- name: firstDue
SELECT message FROM instances
WHERE next_at <> 0 AND next_at < ?1
  AND app NOT IN (SELECT id FROM apps WHERE app_id IN (SELECT value FROM json_each(?2)))
ORDER BY next_at, message LIMIT 1;

-- name: ahead
-- A finding was raised by a clock that was ahead of this watermark, and nothing has come of it that ended it.
SELECT json_group_array(json_array(
  message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits, run, run_number)) AS rows
FROM instances WHERE message IN (
  SELECT message FROM findings INDEXED BY findings_raised
  WHERE raised_at > ?1 AND (retracted_at = 0 OR ended_by IN ('resolved', 'ignored'))
    AND message NOT IN (SELECT seq FROM set_aside WHERE kind = 'message')
  ORDER BY raised_at DESC LIMIT ?2);

-- name: firstAhead
SELECT message FROM findings INDEXED BY findings_raised
WHERE raised_at > ?1 AND (retracted_at = 0 OR ended_by IN ('resolved', 'ignored'))
  AND message NOT IN (SELECT seq FROM set_aside WHERE kind = 'message')
ORDER BY raised_at DESC LIMIT 1;

-- name: stopWaiting
-- ?1 instances that wait longer than they were due: they are looked at when they are due without that.
UPDATE instances SET next_at = coalesce(nullif(next_at - waits, 0), 1), waits = 0
WHERE message IN (SELECT message FROM instances WHERE waits <> 0 LIMIT ?1);
