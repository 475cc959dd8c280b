-- Attributes by which messages are found: see `attribute-indexer.ts`. A value is a text, or a number, `true` or `false` as JSON has it;
-- a longer one is not indexed.

-- name: names
SELECT id, app_id, name, seq, first_seq, goal, dropped FROM attribute_names ORDER BY id;

-- name: namesOfApp
SELECT id, name, seq, first_seq, goal FROM attribute_names WHERE app_id = ?1 AND dropped = 0 ORDER BY id;

-- name: addName
-- It is indexed from the first event on.
INSERT INTO attribute_names (app_id, name, seq, first_seq, goal)
SELECT ?1, ?2, first.seq, first.seq, projection.seq
FROM projection CROSS JOIN (SELECT coalesce((SELECT seq FROM events ORDER BY seq LIMIT 1), 1) - 1 AS seq) first;

-- name: dropNames
-- All of the app ?1 but those of ?2 (JSON: names).
UPDATE attribute_names SET dropped = 1
WHERE app_id = ?1 AND dropped = 0 AND name NOT IN (SELECT value FROM json_each(?2));

-- name: addRange
-- Counts the values of the events (?1, ?2] by the names that have come as far as ?1; values have ?3 bytes at most.
INSERT INTO attribute_values (message, name, value, events)
SELECT message, name, value, count(*) FROM (
  SELECT e.message, n.id AS name,
    CASE WHEN j.type IN ('integer', 'real') THEN e.attributes -> j.fullkey
      WHEN j.type = 'text' THEN j.atom ELSE j.type END AS value
  FROM events e
    CROSS JOIN messages m ON m.id = e.message
    CROSS JOIN json_each(e.attributes) j
    CROSS JOIN attribute_names n ON n.app_id = m.app_id AND n.name = j.key AND n.dropped = 0 AND +n.seq = ?1
  WHERE e.seq > ?1 AND e.seq <= ?2 AND e.attributes <> '' AND NOT EXISTS (SELECT 1 FROM attribute_changes)
    AND EXISTS (SELECT 1 FROM attribute_names a WHERE a.app_id = m.app_id AND a.dropped = 0)
    AND j.type IN ('text', 'integer', 'real', 'true', 'false'))
WHERE octet_length(value) <= ?3
GROUP BY message, name, value
ON CONFLICT (message, name, value) DO UPDATE SET events = events + excluded.events;

-- name: moveNames
UPDATE attribute_names SET seq = ?2
WHERE seq = ?1 AND dropped = 0 AND NOT EXISTS (SELECT 1 FROM attribute_changes);

-- name: applyChanges
-- The first ?1 changes, by the names that have passed the event: what it had is taken away, what it has is added. Values have ?2
-- bytes at most.
INSERT INTO attribute_values (message, name, value, events)
SELECT message, name, value, sum(sign) FROM (
  SELECT e.message, n.id AS name, k.value AS sign,
    CASE WHEN j.type IN ('integer', 'real') THEN iif(k.value < 0, c.was, e.attributes) -> j.fullkey
      WHEN j.type = 'text' THEN j.atom ELSE j.type END AS value
  FROM (SELECT seq, was FROM attribute_changes ORDER BY seq LIMIT ?1) c
    CROSS JOIN events e ON e.seq = c.seq
    CROSS JOIN messages m ON m.id = e.message
    CROSS JOIN json_each('[-1,1]') k
    CROSS JOIN json_each(nullif(iif(k.value < 0, c.was, e.attributes), '')) j
    CROSS JOIN attribute_names n ON n.app_id = m.app_id AND n.name = j.key AND n.dropped = 0 AND n.seq >= c.seq
  WHERE j.type IN ('text', 'integer', 'real', 'true', 'false'))
WHERE octet_length(value) <= ?2
GROUP BY message, name, value HAVING sum(sign) <> 0
ON CONFLICT (message, name, value) DO UPDATE SET events = events + excluded.events;

-- name: deleteEmpty
DELETE FROM attribute_values
WHERE events <= 0 AND message IN (
  SELECT e.message FROM (SELECT seq FROM attribute_changes ORDER BY seq LIMIT ?1) c CROSS JOIN events e ON e.seq = c.seq);

-- name: forgetChanges
DELETE FROM attribute_changes WHERE seq IN (SELECT seq FROM attribute_changes ORDER BY seq LIMIT ?1);

-- name: someChange
SELECT EXISTS (SELECT 1 FROM attribute_changes) AS some;

-- name: collectLate
-- Events (?1, ?2] that lie behind the places of names.
INSERT OR IGNORE INTO attribute_changes (seq, was)
SELECT seq, '' FROM events
WHERE seq > ?1 AND seq <= ?2 AND attributes <> '' AND EXISTS (SELECT 1 FROM attribute_names);

-- name: deleteValues
-- At most ?2 of the name ?1.
DELETE FROM attribute_values WHERE (message, name, value) IN (
  SELECT message, name, value FROM attribute_values WHERE name = ?1 LIMIT ?2);

-- name: deleteName
-- Not before all changes are applied: none is looked at without a name.
DELETE FROM attribute_names WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM attribute_changes);

-- name: deleteRemains
-- Of the messages that a transaction deletes.
DELETE FROM attribute_values WHERE message IN (SELECT message FROM remains);

-- name: forgetRemains
-- The same of changes, which have attributes.
DELETE FROM attribute_changes WHERE seq IN (
  SELECT c.seq FROM attribute_changes c CROSS JOIN events e ON e.seq = c.seq
  WHERE e.message IN (SELECT message FROM remains));
