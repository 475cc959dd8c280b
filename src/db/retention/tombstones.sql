-- Hashes of deleted messages: see `tombstones.ts`.

-- name: bury
-- Of the messages ?1 (JSON: id, hash, updatedAt) those that this step deletes; they are forgotten at the time ?2.
INSERT OR REPLACE INTO tombstones (hash, updated_at, elapsed)
SELECT value ->> '$.hash', value ->> '$.updatedAt', ?2 FROM json_each(?1)
WHERE value ->> '$.id' IN (SELECT message FROM remains);

-- name: latest
-- One that is before all times where there is no tombstone. Once a start: it reads all of them.
SELECT coalesce(max(updated_at), -9e15) AS at FROM tombstones;

-- name: byHash
SELECT hash, updated_at FROM tombstones WHERE hash IN (SELECT value FROM json_each(?1));

-- name: forget
DELETE FROM tombstones WHERE elapsed < ?1;
