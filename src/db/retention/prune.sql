-- One step of retention: see `prune.ts`. The table `remains` has the messages that this step deletes.

-- name: nextInRange
-- The next ?3 messages behind ?1, up to ?2.
SELECT id FROM messages WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3;

-- name: nextOfApp
-- The next ?4 messages of the app ?1 behind the time ?2 and the number ?3: the index has all of it.
SELECT id, created_at FROM messages INDEXED BY messages_app_created
WHERE app_id = ?1 AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4;

-- name: candidates
-- Of the messages ?1 (JSON: numbers) whose app has the retention ?7, -1 for none of its own, whether each is old with nothing owed, and how many events it has, up to ?6. "Old" is
-- by its place in the sequence: its last batch began at ?2 or before. ?3 and ?4 are the same of findings, the second for
-- those that an open incident counts; a deadline up to ?5 is still owed.
SELECT m.id, m.app_id, m.message_id, m.updated_at,
  m.alias <= ?2
    AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.message = m.id AND +i.next_at BETWEEN 1 AND ?5)
    AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.message = m.id AND (
      +f.seq > ?3
      OR +f.seq > ?4 AND f.kind = 'missing' AND +f.retracted_at = 0 AND (m.app_id, f.stage) IN (
        SELECT app_id, stage FROM alert_incidents WHERE closed_at = 0 AND kind = 'missing'))) AS old,
  iif(m.alias <= ?2,
    (SELECT count(*) FROM (SELECT 1 FROM events e WHERE e.message = m.id LIMIT ?6)), 0) AS events
FROM messages m
WHERE m.id IN (SELECT value FROM json_each(?1))
  AND coalesce((SELECT keep_for FROM app_retention WHERE app_id = m.app_id), -1) = ?7;

-- name: insertRemains
-- Of the messages ?1 (JSON: numbers) those for which the conditions of `candidates` still hold: a database server may run
-- this late, when a message was reported again.
INSERT INTO remains (message)
SELECT m.id FROM messages m
WHERE m.id IN (SELECT value FROM json_each(?1))
  AND m.alias <= ?2
  AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.message = m.id AND +i.next_at BETWEEN 1 AND ?5)
  AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.message = m.id AND (
    +f.seq > ?3
    OR +f.seq > ?4 AND f.kind = 'missing' AND +f.retracted_at = 0 AND (m.app_id, f.stage) IN (
      SELECT app_id, stage FROM alert_incidents WHERE closed_at = 0 AND kind = 'missing')));

-- name: recordPruned
-- A subscriber of an app that resumes from before these has a gap, and so has a subscriber of all apps: the name ''.
INSERT INTO pruned_apps (app_id, seq, finding_seq)
SELECT iif(k.value = 1, m.app_id, ''), ?1,
  coalesce(max((SELECT max(+f.seq) FROM findings f WHERE f.message = m.id)), 0)
FROM remains r CROSS JOIN messages m ON m.id = r.message CROSS JOIN json_each('[0,1]') k
WHERE true GROUP BY 1
ON CONFLICT (app_id) DO UPDATE SET
  seq = max(seq, excluded.seq),
  finding_seq = max(finding_seq, excluded.finding_seq);

-- name: countExpired
-- Messages that end unfinished leave the counts of open, overdue and untracked ones, where they have been counted. All other counts
-- stay.
UPDATE apps SET
  open = apps.open - gone.open,
  overdue = apps.overdue - gone.overdue,
  untracked = apps.untracked - gone.untracked,
  expired = apps.expired + gone.open + gone.overdue + gone.untracked
FROM (
  SELECT app_id, count(*) FILTER (WHERE state = 0) AS open, count(*) FILTER (WHERE state = 1) AS overdue,
    count(*) FILTER (WHERE state IS NULL) AS untracked
  FROM (
    SELECT m.app_id, (SELECT state FROM instances WHERE message = m.id) AS state
    FROM remains r CROSS JOIN messages m ON m.id = r.message
    WHERE NOT EXISTS (SELECT 1 FROM event_changes c WHERE c.seq = m.id AND c.was IS NULL)
  ) GROUP BY app_id
) AS gone
WHERE apps.app_id = gone.app_id;

-- name: expireIncidents
-- Retention does not resolve an incident whose messages it deletes.
UPDATE alert_incidents SET expired = alert_incidents.expired + gone.count
FROM (
  SELECT m.app_id, f.stage, count(*) AS count
  FROM remains r CROSS JOIN messages m ON m.id = r.message
    CROSS JOIN findings f ON f.message = m.id AND f.kind = 'missing' AND +f.retracted_at = 0
  GROUP BY m.app_id, f.stage
) AS gone
WHERE alert_incidents.closed_at = 0 AND alert_incidents.kind = 'missing'
  AND alert_incidents.app_id = gone.app_id AND alert_incidents.stage = gone.stage;

-- name: countInstances
-- A version of a lifecycle that no instance goes by can be dropped.
UPDATE lifecycle_instances SET instances = lifecycle_instances.instances - gone.instances
FROM (
  SELECT i.lifecycle, count(*) AS instances
  FROM remains r CROSS JOIN instances i ON i.message = r.message
  GROUP BY i.lifecycle
) AS gone
WHERE lifecycle_instances.lifecycle = gone.lifecycle;

-- name: deleteMessages
DELETE FROM messages WHERE id IN (SELECT message FROM remains);

-- name: deleteInstances
DELETE FROM instances WHERE message IN (SELECT message FROM remains);

-- name: deleteRuns
DELETE FROM runs WHERE message IN (SELECT message FROM remains);

-- name: deleteFindings
DELETE FROM findings WHERE message IN (SELECT message FROM remains);

-- name: deleteEvents
-- At most ?1 of them; the others go with later steps.
DELETE FROM events WHERE seq IN (
  SELECT e.seq FROM remains r CROSS JOIN events e ON e.message = r.message LIMIT ?1);

-- name: deleteRemains
-- Those whose events are all deleted.
DELETE FROM remains WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.message = remains.message);

-- name: deleteStages
-- Of the first ?1 stages that no version names, those that count nothing any more.
DELETE FROM stages
WHERE id IN (SELECT id FROM stages WHERE versions = 0 ORDER BY id LIMIT ?1)
  AND NOT EXISTS (SELECT 1 FROM funnel WHERE stage = stages.id)
  AND NOT EXISTS (SELECT 1 FROM latencies WHERE stage = stages.id)
  AND NOT EXISTS (SELECT 1 FROM overdue_ages WHERE span = 0 AND stage = stages.id);

-- name: putAppRetention
INSERT INTO app_retention (app_id, keep_for) VALUES (?1, ?2)
ON CONFLICT (app_id) DO UPDATE SET keep_for = excluded.keep_for;
