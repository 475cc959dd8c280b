-- Sources, and their last deliveries.

-- name: all
SELECT source FROM sources ORDER BY id;

-- name: one
SELECT source FROM sources WHERE id = ?1;

-- name: countOthers
SELECT count(*) AS count FROM sources WHERE id <> ?1;

-- name: put
INSERT INTO sources (id, source) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET source = excluded.source;

-- name: remove
DELETE FROM sources WHERE id = ?1;

-- name: keep
-- Not of a source that was deleted meanwhile.
INSERT INTO source_deliveries (source, app_id, received_at, bytes, detail, body)
SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM sources WHERE id = ?1);

-- name: trim
-- All but the last ?2 of the source ?1, and of these those that have ?3 bytes together.
DELETE FROM source_deliveries WHERE source = ?1 AND id NOT IN (
  SELECT id FROM (
    SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS total FROM source_deliveries WHERE source = ?1
    ORDER BY id DESC LIMIT ?2)
  WHERE total <= ?3);

-- name: prune
DELETE FROM source_deliveries WHERE received_at < ?1;

-- name: forgetSource
DELETE FROM source_deliveries WHERE source = ?1;

-- name: forgetApp
DELETE FROM source_deliveries WHERE app_id IN (?1, '');

-- name: deliveries
-- The latest ?2 of the source ?1.
SELECT id, received_at, bytes, detail, body FROM source_deliveries WHERE source = ?1 ORDER BY id DESC LIMIT ?2;

-- name: outcome
UPDATE source_deliveries SET detail = ?2 WHERE id = ?1;
