-- What configuration files have declared.

-- name: ofName
SELECT thing FROM declared WHERE name = ?1 ORDER BY thing;

-- name: count
SELECT count(*) AS count FROM declared;

-- name: keep
-- Of the things of ?1 those that are in the list ?2.
DELETE FROM declared WHERE name = ?1 AND thing NOT IN (SELECT value FROM json_each(?2));

-- name: add
INSERT INTO declared (thing, name) SELECT value, ?1 FROM json_each(?2) WHERE true
ON CONFLICT (thing) DO UPDATE SET name = excluded.name;
