-- The pulse of an app: see `pulse-queries.ts`. ?1 is the number of the app. Numbers are bound as floating-point ones, so that a division
-- needs its CAST.

-- name: app
SELECT id FROM apps WHERE app_id = ?1;

-- name: events
-- Events in each of the steps ?4 (JSON: numbers) of ?3 minutes from the minute ?2 on. A step at a time: to group a week at once,
-- SQLite would sort all of its minutes.
SELECT value AS step, (
  SELECT coalesce(sum(count), 0) FROM rates
  WHERE app = ?1 AND minute >= ?2 + value * ?3 AND minute < ?2 + (value + 1) * ?3) AS count
FROM json_each(?4);

-- name: findings
-- Findings that were raised from ?2 on, in each of the steps ?5 (JSON: numbers) of ?3 microseconds; ?4 of a step at most.
SELECT value AS step, (
  SELECT count(*) FROM (
    SELECT 1 FROM findings
    WHERE app = ?1 AND raised_at >= ?2 + value * ?3 AND raised_at < ?2 + (value + 1) * ?3
    LIMIT ?4)) AS count
FROM json_each(?5);

-- name: wholeWay
-- Histograms of the whole way of messages, by the buckets of the span ?2 from ?3 on, before ?4.
SELECT histogram FROM latencies
WHERE stage = (SELECT id FROM stages WHERE app = ?1 AND after = '' AND stage = '')
  AND span = ?2 AND start >= ?3 AND start < ?4;
