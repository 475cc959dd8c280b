-- Messages that are parts of others: see `children.ts`.

-- name: learn
-- The parents that the events (?1, ?2] of the sequence name: of several the least by its bytes.
INSERT INTO children (child, app, parent)
SELECT e.message, (SELECT id FROM apps WHERE app_id = (SELECT app_id FROM messages WHERE id = e.message)), min(e.parent_id)
FROM events e WHERE e.seq > ?1 AND e.seq <= ?2 AND e.parent_id <> ''
GROUP BY e.message
ON CONFLICT (child) DO UPDATE SET parent = iif(parent = '', excluded.parent, min(parent, excluded.parent));

-- name: learnAgain
-- Of the messages of the first ?1 changes of events, by all of their events up to the seq ?2.
INSERT INTO children (child, app, parent)
SELECT id, app, parent FROM (
  SELECT m.id, (SELECT id FROM apps WHERE app_id = m.app_id) AS app, coalesce((
    SELECT min(parent_id) FROM events INDEXED BY events_order
    WHERE message = m.id AND parent_id <> '' AND seq <= ?2), '') AS parent
  FROM messages m WHERE m.id IN (
    SELECT e.message FROM (SELECT seq FROM event_changes ORDER BY seq LIMIT ?1) c CROSS JOIN events e ON e.seq = c.seq))
WHERE parent <> '' OR EXISTS (SELECT 1 FROM children WHERE child = id)
ON CONFLICT (child) DO UPDATE SET parent = excluded.parent;

-- name: complete
-- ?1 (JSON): of each message when it completed, 0 for not. Of messages that are no children nothing is written.
UPDATE children SET completed_at = value ->> 1
FROM json_each(iif((SELECT EXISTS (SELECT 1 FROM children)), ?1, '[]'))
WHERE child = value ->> 0 AND completed_at <> value ->> 1;

-- name: circles
-- Of the messages ?1 (JSON), those that are parts of themselves by at most 100 parents, with the parts between.
WITH RECURSIVE ways (origin, at, depth) AS (
  SELECT child, child, 0 FROM children WHERE child IN (SELECT value FROM json_each(?1))
  UNION ALL
  SELECT origin, (
    SELECT id FROM messages
    WHERE message_id = c.parent AND app_id = (SELECT app_id FROM apps WHERE id = c.app)), depth + 1
  FROM ways w CROSS JOIN children c ON c.child = w.at
  WHERE depth < 100 AND c.parent <> '' AND (depth = 0 OR at <> origin)
)
SELECT json_group_array(json_array(at)) AS rows
FROM ways WHERE origin IN (SELECT origin FROM ways WHERE depth > 0 AND at = origin);

-- name: forget
-- ?1 (JSON): messages that are not complete until they are judged again. Those that they are parts of are judged again, too.
UPDATE children SET completed_at = 0 WHERE child IN (SELECT value FROM json_each(?1)) AND completed_at <> 0;

-- name: read
-- For each of ?1, arrays of a message's number, the JSON path of an attribute or NULL, and the events that may have it: how many children the message
-- has, how many of them are not complete, when the last one completed, the ids of the first ?3 that are not, and of the attribute an array: the largest
-- number up to ?4 that it says, when the first of these was said, and the first of its values that is no such number. Of its own events the first 10,000
-- are looked at, up to the seq ?2.
SELECT json_group_array(json_array(
  (SELECT count(*) FROM children WHERE app = q.app AND parent = q.message_id),
  (SELECT count(*) FROM children WHERE app = q.app AND parent = q.message_id AND completed_at = 0),
  (SELECT max(completed_at) FROM children WHERE app = q.app AND parent = q.message_id),
  json((
    SELECT json_group_array(message_id) FROM (
      SELECT c.message_id FROM children h CROSS JOIN messages c ON c.id = h.child
      WHERE h.app = q.app AND h.parent = q.message_id AND h.completed_at = 0 ORDER BY h.child LIMIT ?3))),
  json(CASE WHEN q.path IS NOT NULL THEN (
    SELECT json_array(max(iif(number, value, NULL)), min(iif(number, at, NULL)), min(iif(number, NULL, substr(text, 1, 100)))) FROM (
      SELECT e.attributes ->> q.path AS value, e.attributes -> q.path AS text, e.created_at - e.ahead AS at,
        json_type(e.attributes, q.path) = 'integer' AND e.attributes ->> q.path BETWEEN 0 AND ?4 AS number
      FROM (
        SELECT seq, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2
        ORDER BY created_at, event, event_id, detail LIMIT 10000
      ) s CROSS JOIN events e ON e.seq = s.seq
      WHERE s.event IN (SELECT value FROM json_each(q.after)) AND e.attributes <> ''
        AND json_type(e.attributes, q.path) <> 'null')) END))) AS rows
FROM (
  SELECT a.key AS k, m.id AS message, m.message_id, apps.id AS app, a.value ->> 1 AS path, a.value -> 2 AS after
  FROM json_each(?1) a LEFT JOIN messages m ON m.id = a.value ->> 0 LEFT JOIN apps ON apps.app_id = m.app_id
  ORDER BY a.key
) q;
