-- The pulse of an app: see `pulse-queries.ts`. ?1 is the number of the app. Numbers are bound as floating-point ones, so that a division
-- needs its CAST.

-- name: app
SELECT id FROM apps WHERE app_id = ?1;

-- name: events
-- Events in each step of ?3 minutes from the minute ?2 on, before the minute ?4.
SELECT CAST((minute - ?2) / ?3 AS INTEGER) AS step, sum(count) AS count FROM rates
WHERE app = ?1 AND minute >= ?2 AND minute < ?4
GROUP BY 1;

-- name: findings
-- The latest ?4 findings that were raised from ?2 on, in each step of ?3 microseconds.
SELECT CAST((raised_at - ?2) / ?3 AS INTEGER) AS step, count(*) AS count
FROM (SELECT raised_at FROM findings WHERE app = ?1 AND raised_at >= ?2 ORDER BY raised_at DESC LIMIT ?4)
GROUP BY 1;

-- name: wholeWay
-- Histograms of the whole way of messages, by the buckets of the span ?2 from ?3 on, before ?4.
SELECT histogram FROM latencies
WHERE stage = (SELECT id FROM stages WHERE app = ?1 AND after = '' AND stage = '')
  AND span = ?2 AND start >= ?3 AND start < ?4;
