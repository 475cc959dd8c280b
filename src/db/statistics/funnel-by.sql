-- The funnel by the values of an attribute: see `funnel-by.ts`. ?1 is the app, ?2 and ?3 are a window, ?4 messages at most.

-- name: groups
-- How many of the latest messages have the value, of the attribute ?5, and these statuses. NULL for no value.
SELECT v.value, i.statuses, count(*) AS messages
FROM (
  SELECT id FROM messages WHERE app_id = ?1 AND created_at >= ?2 AND created_at < ?3
  ORDER BY created_at DESC LIMIT ?4) m
  CROSS JOIN instances i ON i.message = m.id
  LEFT JOIN attribute_values v ON v.message = m.id
    AND v.name = (SELECT id FROM attribute_names WHERE app_id = ?1 AND name = ?5 AND dropped = 0)
GROUP BY v.value, i.statuses;

-- name: totals
SELECT count(*) AS scanned, count(i.message) AS messages
FROM (
  SELECT id FROM messages WHERE app_id = ?1 AND created_at >= ?2 AND created_at < ?3
  ORDER BY created_at DESC LIMIT ?4) m
  LEFT JOIN instances i ON i.message = m.id;

-- name: stages
SELECT id, stage, after FROM stages WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND stage <> '' ORDER BY id;
