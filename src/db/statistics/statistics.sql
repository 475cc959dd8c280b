-- Statistics, from buckets only: see `statistics-queries.ts`. ?1 is the app; ?2, ?3 and ?4 are a span and the starts of its
-- buckets in [?3, ?4), unless stated otherwise.

-- name: funnel
SELECT s.id, s.after, s.stage,
  sum(f.reached) AS reached, sum(f.waiting) AS waiting, sum(f.overdue) AS overdue, sum(f.never) AS never
FROM stages s CROSS JOIN funnel f ON f.stage = s.id AND f.span = ?2 AND f.start >= ?3 AND f.start < ?4
WHERE s.app = (SELECT id FROM apps WHERE app_id = ?1)
GROUP BY s.id;

-- name: latencies
SELECT s.id, s.after, s.stage, l.histogram
FROM stages s CROSS JOIN latencies l ON l.stage = s.id AND l.span = ?2 AND l.start >= ?3 AND l.start < ?4
WHERE s.app = (SELECT id FROM apps WHERE app_id = ?1);

-- name: latencyRows
-- Of the stage ?6 behind ?5, each bucket by itself.
SELECT start, histogram FROM latencies
WHERE stage = (
    SELECT id FROM stages WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND after = ?5 AND stage = ?6)
  AND span = ?2 AND start >= ?3 AND start < ?4;

-- name: latencyOfHop
-- Of the stage ?6 behind ?5 of the app with the number ?1.
SELECT histogram FROM latencies
WHERE stage = (SELECT id FROM stages WHERE app = ?1 AND after = ?5 AND stage = ?6)
  AND span = ?2 AND start >= ?3 AND start < ?4;

-- name: rates
-- The ?5 most frequent events of each step, as JSON. ?2 JSON: the first minute of each step, ?3 its minutes, ?4 the end. A step
-- at a time: to group a month at once, SQLite would sort all of its minutes, which takes ten times as long.
SELECT s.key AS step, (
  SELECT json_group_array(json_object('event', event, 'count', count))
  FROM (
    SELECT event, sum(count) AS count FROM rates
    WHERE app = (SELECT id FROM apps WHERE app_id = ?1)
      AND minute >= s.value AND minute < s.value + ?3 AND minute < ?4
    GROUP BY event ORDER BY sum(count) DESC LIMIT ?5)
) AS counts
FROM json_each(?2) s;

-- name: messageNames
SELECT id, app_id, message_id FROM messages WHERE id IN (SELECT value FROM json_each(?1));
