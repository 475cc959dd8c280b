-- Collectors that read from message brokers, and the messages that they refused.

-- name: all
SELECT collector FROM broker_collectors ORDER BY id;

-- name: one
SELECT collector FROM broker_collectors WHERE id = ?1;

-- name: countOthers
SELECT count(*) AS count FROM broker_collectors WHERE id <> ?1;

-- name: put
INSERT INTO broker_collectors (id, collector) VALUES (?1, ?2)
ON CONFLICT (id) DO UPDATE SET collector = excluded.collector;

-- name: remove
DELETE FROM broker_collectors WHERE id = ?1;

-- name: paused
SELECT collector FROM broker_pauses ORDER BY collector;

-- name: pause
INSERT INTO broker_pauses (collector) VALUES (?1) ON CONFLICT DO NOTHING;

-- name: resume
DELETE FROM broker_pauses WHERE collector = ?1;

-- name: refusedCounts
SELECT collector, count(*) AS count FROM broker_refused GROUP BY collector;

-- name: refusedCount
SELECT count(*) AS count FROM broker_refused WHERE collector = ?1;

-- name: keepRefused
-- Its id stays that of the first time.
INSERT INTO broker_refused (collector, position, at, broker_at, event_id, reason, body, body_bytes, headers, app_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (collector, event_id) DO UPDATE SET
  position = excluded.position, at = excluded.at, reason = excluded.reason, body = excluded.body, body_bytes = excluded.body_bytes,
  headers = excluded.headers, app_id = excluded.app_id;

-- name: forgetOldest
-- All but the latest ?2 of the collector ?1.
DELETE FROM broker_refused WHERE collector = ?1 AND id <= (
  SELECT id FROM broker_refused WHERE collector = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2
);

-- name: refused
-- Behind ?2, of the collector ?1.
SELECT * FROM broker_refused WHERE collector = ?1 AND id > ?2 ORDER BY id LIMIT ?3;

-- name: refusedOne
SELECT * FROM broker_refused WHERE collector = ?1 AND id = ?2;

-- name: removeRefused
DELETE FROM broker_refused WHERE collector = ?1 AND id IN (SELECT value FROM json_each(?2));

-- name: removeAllRefused
DELETE FROM broker_refused WHERE collector = ?1;

-- name: eraseRefusedOfApp
-- Of the app ?1; of collectors without an app those that have one of the texts ?2 in them (JSON: as it is, and as JSON writes it).
DELETE FROM broker_refused WHERE app_id = ?1 OR (app_id = '' AND EXISTS (
  SELECT 1 FROM json_each(?2) t
  WHERE instr(body, CAST(t.value AS BLOB)) > 0 OR instr(headers, t.value) > 0 OR instr(reason, t.value) > 0));

-- name: eraseRefusedOfMessage
-- Those that have one of the texts ?2 in them, of the app ?1 and of collectors without an app.
DELETE FROM broker_refused WHERE app_id IN (?1, '') AND EXISTS (
  SELECT 1 FROM json_each(?2) t
  WHERE instr(body, CAST(t.value AS BLOB)) > 0 OR instr(headers, t.value) > 0 OR instr(reason, t.value) > 0
    OR instr(position, t.value) > 0 OR instr(event_id, t.value) > 0);

-- name: pruneRefused
-- At the time ?1 those that are older than events of their app may be: ?2 where it has no time of its own, 0 for ever.
DELETE FROM broker_refused WHERE id IN (
  SELECT r.id FROM broker_refused r LEFT JOIN app_retention a ON a.app_id = r.app_id
  WHERE coalesce(a.keep_for, ?2) > 0 AND r.at < ?1 - coalesce(a.keep_for, ?2));
