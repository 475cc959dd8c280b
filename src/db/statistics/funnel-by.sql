-- The funnel by the values of an attribute: see `funnel-by.ts`. ?1 is the app, ?2 and ?3 are a window, ?4 messages at most.

-- name: instances
-- The latest messages with their statuses and times, one row for each of their values of the attribute ?5; NULL for no value.
SELECT json_group_array(json_array(v.value, i.message, i.lifecycle, i.statuses, i.times)) AS rows
FROM (
  SELECT id FROM messages WHERE app_id = ?1 AND created_at >= ?2 AND created_at < ?3
  ORDER BY created_at DESC LIMIT ?4) m
  CROSS JOIN instances i ON i.message = m.id
  LEFT JOIN attribute_values v ON v.message = m.id
    AND v.name = (SELECT id FROM attribute_names WHERE app_id = ?1 AND name = ?5 AND dropped = 0);

-- name: scanned
-- How many messages these are, those without a lifecycle among them.
SELECT count(*) AS scanned
FROM (SELECT 1 FROM messages WHERE app_id = ?1 AND created_at >= ?2 AND created_at < ?3 LIMIT ?4);

-- name: stages
SELECT id, stage, after FROM stages WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND stage <> '' ORDER BY id;
