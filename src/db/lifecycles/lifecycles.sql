-- Versions of lifecycles: see `lifecycle-cache.ts` and `lifecycle-writer.ts`.

-- name: latest
SELECT version, created_at, after_seq, bytes, put_by, note, definition FROM lifecycles
WHERE app_id = ?1 ORDER BY version DESC LIMIT 1;

-- name: list
-- The latest ?2 versions of the app ?1 whose definitions have ?3 bytes together, or the latest alone. Bytes are summed
-- before any definition is read.
SELECT l.app_id, l.version, l.created_at, l.after_seq, l.put_by, l.note, l.definition, b.done, b.of_count, b.ended
FROM lifecycles l LEFT JOIN backfills b ON b.app_id = l.app_id AND b.lifecycle = l.id
WHERE l.id IN (
  SELECT id FROM (
    SELECT id, bytes, sum(bytes) OVER (ORDER BY version DESC) AS until
    FROM (SELECT id, version, bytes FROM lifecycles WHERE app_id = ?1 ORDER BY version DESC LIMIT ?2)
  ) WHERE until <= ?3 OR until = bytes)
ORDER BY l.version DESC;

-- name: ofVersion
SELECT app_id, version, created_at, after_seq, put_by, note, definition FROM lifecycles
WHERE app_id = ?1 AND version = ?2;

-- name: ofMessage
-- The version that the message ?1 of the app ?2 goes by, or will: the last one before its first event, unless a later one has a backfill.
SELECT id, app_id, version, created_at, after_seq, definition FROM lifecycles
WHERE id = coalesce(
  (SELECT lifecycle FROM instances WHERE message = ?1),
  (SELECT id FROM lifecycles WHERE app_id = ?2 AND after_seq < ?1 ORDER BY version DESC LIMIT 1));

-- name: byIds
SELECT id, app_id, version, created_at, after_seq, definition FROM lifecycles
WHERE id IN (SELECT value FROM json_each(?1));

-- name: behind
-- Of each of the apps ?1 (JSON: names) the version that holds behind the seq ?2 and those after it, the latest first.
SELECT l.app_id, l.id, l.after_seq, l.bytes
FROM json_each(?1) a CROSS JOIN lifecycles l ON l.app_id = a.value AND l.version >= coalesce(
  (SELECT version FROM lifecycles WHERE app_id = a.value AND after_seq <= ?2 ORDER BY version DESC LIMIT 1), 0)
ORDER BY l.app_id, l.version DESC;

-- name: sizes
SELECT id, bytes FROM lifecycles WHERE id IN (SELECT value FROM json_each(?1));

-- name: withApps
SELECT l.id, a.id AS app, l.app_id, l.version, l.stage_ids, l.definition
FROM lifecycles l CROSS JOIN apps a ON a.app_id = l.app_id
WHERE l.id IN (SELECT value FROM json_each(?1));

-- name: addBytes
-- Makes the app ?1 where it is not there.
INSERT INTO apps (app_id, lifecycle_bytes) VALUES (?1, ?2)
ON CONFLICT (app_id) DO UPDATE SET lifecycle_bytes = lifecycle_bytes + excluded.lifecycle_bytes;

-- name: insertStages
-- ?2 JSON: `[after, stage]` of each, here and below.
INSERT OR IGNORE INTO stages (app, after, stage)
SELECT (SELECT id FROM apps WHERE app_id = ?1), value ->> 0, value ->> 1 FROM json_each(?2);

-- name: countNamed
UPDATE stages SET versions = versions + 1
WHERE id IN (
  SELECT s.id
  FROM json_each(?2) n CROSS JOIN stages s
    ON s.app = (SELECT id FROM apps WHERE app_id = ?1) AND s.after = n.value ->> 0 AND s.stage = n.value ->> 1);

-- name: insertVersion
-- It begins behind ?5 and behind all events that the projector has applied: a message keeps the version it was given.
INSERT INTO lifecycles (app_id, version, created_at, after_seq, bytes, stage_ids, definition, put_by, note)
SELECT ?1, ?3, ?4, max(?5, (SELECT seq FROM projection)), ?6,
  (SELECT json_group_array(id) FROM (
    SELECT s.id
    FROM json_each(?2) n CROSS JOIN stages s
      ON s.app = (SELECT id FROM apps WHERE app_id = ?1) AND s.after = n.value ->> 0 AND s.stage = n.value ->> 1
    ORDER BY n.key)),
  ?7, ?8, ?9
RETURNING after_seq;

-- name: unused
-- The oldest ?2 versions of the app ?1 that no instance goes by and none will: a later one holds behind the projector.
SELECT id, bytes FROM lifecycles l
WHERE app_id = ?1 AND version < (SELECT max(version) FROM lifecycles WHERE app_id = ?1)
  AND NOT EXISTS (SELECT 1 FROM lifecycle_instances WHERE lifecycle = l.id AND instances > 0)
  AND (SELECT after_seq FROM lifecycles WHERE app_id = ?1 AND version > l.version ORDER BY version LIMIT 1)
    <= (SELECT seq FROM projection)
ORDER BY version LIMIT ?2;

-- name: subtractBytes
-- Of the versions ?2 (JSON: numbers), ?3 of each beside its definition.
UPDATE apps
SET lifecycle_bytes = lifecycle_bytes
  - (SELECT sum(bytes + ?3) FROM lifecycles WHERE id IN (SELECT value FROM json_each(?2)))
WHERE app_id = ?1;

-- name: countUnnamed
-- A stage that no version names stays as long as it counts something: see `deleteStages`.
UPDATE stages SET versions = versions - named.times
FROM (
  SELECT s.value AS stage, count(*) AS times
  FROM lifecycles l, json_each(l.stage_ids) s
  WHERE l.id IN (SELECT value FROM json_each(?1))
  GROUP BY s.value
) AS named
WHERE stages.id = named.stage;

-- name: deleteCounts
DELETE FROM lifecycle_instances WHERE lifecycle IN (SELECT value FROM json_each(?1));

-- name: deleteVersions
DELETE FROM lifecycles WHERE id IN (SELECT value FROM json_each(?1));

-- name: messagesSince
SELECT count(*) AS count FROM messages INDEXED BY messages_app_created WHERE app_id = ?1 AND created_at >= ?2;

-- name: startBackfill
-- By the latest version of the app ?1, of the messages from ?2 on, of which there are ?3; ?4 is behind all times.
REPLACE INTO backfills (app_id, lifecycle, up_to, since, at, message, done, of_count, ended)
SELECT app_id, id, after_seq, ?2, ?4, 0, 0, ?3, 0 FROM lifecycles
WHERE app_id = ?1 AND version = (SELECT max(version) FROM lifecycles WHERE app_id = ?1);

-- name: stopBackfill
-- Another version holds from now on.
DELETE FROM backfills WHERE app_id = ?1 AND ended = 0;
