-- Views that people have saved.

-- name: visible
-- Those of the owner ?1, and those that are shared.
SELECT owner, owner_name, name, address, app_id, shared FROM views WHERE owner = ?1
UNION ALL
SELECT owner, owner_name, name, address, app_id, shared FROM views WHERE shared = 1 AND owner <> ?1
ORDER BY name, owner;

-- name: one
SELECT owner, owner_name, name, address, app_id, shared FROM views WHERE owner = ?1 AND name = ?2;

-- name: countOfOwner
SELECT count(*) AS count FROM views WHERE owner = ?1;

-- name: count
SELECT count(*) AS count FROM views;

-- name: put
INSERT INTO views (owner, name, owner_name, address, app_id, shared) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (owner, name) DO UPDATE SET
  owner_name = excluded.owner_name, address = excluded.address, app_id = excluded.app_id, shared = excluded.shared;

-- name: remove
DELETE FROM views WHERE owner = ?1 AND name = ?2;
