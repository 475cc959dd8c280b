-- The statements of one step of the projection: see `projector.ts`, and `projection-rows.ts` for the rows.
--
-- A step applies the events of the range (?1, ?2] of the sequence, and ?3 changes of counted events before it. Many rows are
-- one JSON text, each way.

-- name: position
SELECT step, seq, watermark, finding_seq FROM projection;

-- name: movePosition
-- Fails, and the transaction with it, unless this is the step behind the last one.
UPDATE projection SET continues_from = ?1 - 1, step = ?1, seq = ?2, watermark = ?3, finding_seq = ?4;

-- name: outlook
-- What there is to do behind the position: messages to be judged again, and when the next finding becomes active. Apps of ?1 (JSON:
-- ids) are paused. And whether any message is a part of another.
SELECT
  EXISTS (SELECT 1 FROM revisits WHERE message <= (SELECT seq FROM projection)) AS revisits,
  EXISTS (SELECT 1 FROM children) AS children,
  (SELECT min(next_at) FROM instances
    WHERE next_at <> 0 AND app NOT IN (SELECT id FROM apps WHERE app_id IN (SELECT value FROM json_each(?1)))) AS next_at;

-- name: rangeEnd
-- The seq of the event behind ?1 that has ?3 between them; no row where the range has fewer.
SELECT seq FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1 OFFSET ?3;

-- name: events
-- Of their messages nothing: to ask for that at each event takes three times as long.
SELECT json_group_array(json_array(seq, message, event, created_at - ahead, ahead)) AS rows
FROM events WHERE seq > ?1 AND seq <= ?2;

-- name: changedEvents
-- The first ?1 of them. `was`: the time by which it was counted; NULL for not yet.
SELECT json_group_array(json_array(e.seq, e.message, e.event, e.created_at - e.ahead, e.ahead, c.was)) AS rows
FROM (SELECT seq, was FROM event_changes ORDER BY seq LIMIT ?1) c CROSS JOIN events e ON e.seq = c.seq;

-- name: forgetChanges
-- Those that `changedEvents` has read, and those whose events are gone.
DELETE FROM event_changes WHERE seq IN (SELECT seq FROM event_changes ORDER BY seq LIMIT ?1);

-- name: beginning
-- The messages that begin in the range: they lie side by side, and have no instance yet.
SELECT json_group_array(json_array(id, app_id, created_at)) AS rows FROM messages WHERE id > ?1 AND id <= ?2;

-- name: messages
-- Of ?1 (JSON: numbers), here and in the next two.
SELECT json_group_array(json_array(id, app_id, created_at)) AS rows
FROM messages WHERE id IN (SELECT value FROM json_each(?1));

-- name: instances
SELECT json_group_array(json_array(
  message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits, run, run_number)) AS rows
FROM instances WHERE message IN (SELECT value FROM json_each(?1));

-- name: findings
SELECT json_group_array(json_array(
  message, id, kind, stage, due_at, raised_at, retracted_at, late_by, run, run_number, ended_by, imported, mark, marked, triage,
  (SELECT id FROM stages s WHERE s.app = findings.app AND s.after = findings.after AND s.stage = findings.stage))) AS rows
FROM findings WHERE message IN (SELECT value FROM json_each(?1));

-- name: upsertInstances
-- ?1 JSON object. The key: message, opened_at, overdue_since, next_at and waits of 17 characters each, padded with blanks; app,
-- lifecycle and findings of 10; one of state; statuses. The value: times. SQLite cuts a text twice as fast as it looks into an array.
INSERT INTO instances
  (message, opened_at, overdue_since, next_at, waits, app, lifecycle, findings, state, statuses, times)
SELECT
  CAST(key AS INTEGER),
  CAST(substr(key, 18, 17) AS INTEGER),
  CAST(substr(key, 35, 17) AS INTEGER),
  CAST(substr(key, 52, 17) AS INTEGER),
  CAST(substr(key, 69, 17) AS INTEGER),
  CAST(substr(key, 86, 10) AS INTEGER),
  CAST(substr(key, 96, 10) AS INTEGER),
  CAST(substr(key, 106, 10) AS INTEGER),
  CAST(substr(key, 116, 1) AS INTEGER),
  substr(key, 117),
  value
FROM json_each(?1) WHERE true
ON CONFLICT (message) DO UPDATE SET
  lifecycle = excluded.lifecycle,
  state = excluded.state,
  opened_at = excluded.opened_at,
  overdue_since = excluded.overdue_since,
  next_at = excluded.next_at,
  findings = excluded.findings,
  statuses = excluded.statuses,
  times = excluded.times,
  waits = excluded.waits;

-- name: putRuns
-- Which run of a message is in its instance, where that has changed. Apart, since nearly all have one run and each value costs.
UPDATE instances SET run = value ->> 1, run_number = value ->> 2 FROM json_each(?1) WHERE message = value ->> 0;

-- name: countInstances
-- How many more there are of each version.
INSERT INTO lifecycle_instances (lifecycle, instances)
SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true
ON CONFLICT (lifecycle) DO UPDATE SET instances = instances + excluded.instances;

-- name: upsertFindings
INSERT INTO findings
  (message, kind, stage, id, app, lifecycle, after, version, started_at, due_at, raised_at, retracted_at, late_by, seq,
   run, run_number, ended_by, imported, triage, arrived_after)
SELECT
  value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
  value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16, value ->> 17,
  value ->> 18,
  -- Only where it was raised over an hour after it was due, which is rare: the event is read.
  iif(value ->> 9 >= value ->> 10 - 3600000000, 0, coalesce((
    SELECT max(0, min(9007199254740991, received_at - (value ->> 9))) FROM events WHERE seq = value ->> 0), 0))
FROM json_each(?1) WHERE true
ON CONFLICT (message, run, kind, stage) DO UPDATE SET
  run_number = excluded.run_number,
  -- Of another version, where it is active by that.
  lifecycle = iif(excluded.retracted_at = 0, excluded.lifecycle, findings.lifecycle),
  after = iif(excluded.retracted_at = 0, excluded.after, findings.after),
  version = iif(excluded.retracted_at = 0, excluded.version, findings.version),
  started_at = excluded.started_at,
  due_at = excluded.due_at,
  raised_at = excluded.raised_at,
  retracted_at = excluded.retracted_at,
  late_by = excluded.late_by,
  seq = excluded.seq,
  ended_by = excluded.ended_by,
  imported = excluded.imported,
  triage = excluded.triage,
  arrived_after = excluded.arrived_after,
  marked = 0;

-- name: findingChanges
-- The ?2 changes behind the seq ?1, in order: of each finding that has changed the last.
SELECT f.seq, f.id, m.app_id, m.message_id, f.run_number, f.kind, f.stage, f.after, f.version, f.due_at, f.raised_at, f.retracted_at,
  f.late_by, f.ended_by, f.imported, f.triage, f.mark, (
    SELECT o.value ->> 1
    FROM (
      SELECT owed FROM instances WHERE message = f.message AND run = f.run
      UNION ALL SELECT owed FROM runs WHERE message = f.message AND run = f.run
    ) i CROSS JOIN json_each(nullif(i.owed, '')) o
    WHERE o.value ->> 0 = f.stage) AS owed
FROM findings f CROSS JOIN messages m ON m.id = f.message
WHERE f.seq > ?1 ORDER BY f.seq LIMIT ?2;
