-- The audit: see `audit-writer.ts`.

-- name: insert
-- ?1 JSON: the author; ?2 the time; ?3 the target, ?4 the app; ?5 and ?6 JSON: what was there before and after, or empty.
INSERT INTO audit (at, who, name, address, protocol, action, target, app_id, old, new)
VALUES (?2, ?1 ->> 'who', ?1 ->> 'name', ?1 ->> 'address', ?1 ->> 'protocol', ?1 ->> 'action', ?3, ?4, ?5, ?6);

-- name: dropOldest
-- The oldest rows, until those that are left have ?1 bytes; ?2 rows at most, which are more than one new row needs.
DELETE FROM audit WHERE id IN (
  SELECT id FROM (
    SELECT id, sum(1024 + octet_length(old) + octet_length(new)) OVER (ORDER BY id)
      - 1024 - octet_length(old) - octet_length(new) AS before
    FROM audit ORDER BY id LIMIT ?2)
  WHERE before < (SELECT bytes FROM audit_size) - ?1)
AND (SELECT bytes FROM audit_size) > ?1;

-- name: countDropped
-- Counts what the statement before it has deleted.
UPDATE audit_size SET dropped = dropped + changes();

-- name: prune
-- Rows from before ?1, of the oldest ?2. Their ids follow the time, unless the clock went back: then they go a little later.
DELETE FROM audit WHERE id IN (
  SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ?2) WHERE at < ?1);
