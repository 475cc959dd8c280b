-- Rules, incidents and deliveries: see `alert-writer.ts` and `alert-queries.ts`.

-- name: arrivals
-- Of the findings ?1 (JSON: ids): how long after they were due the first events of their messages arrived.
SELECT f.id, max(-9007199254740991, min(9007199254740991, e.received_at - f.due_at)) AS after
FROM json_each(?1) CROSS JOIN findings f ON f.id = value CROSS JOIN events e ON e.seq = f.message;

-- name: dueDeliveries
-- The first pending delivery of each sink that is not in ?1 (JSON: ids); of one incident in their order. A delivery waits from its last attempt on; where
-- that lies behind ?2, the clock has gone back since, and it is due now.
SELECT d.id, d.webhook_id, d.notification, d.attempts, s.sink, (SELECT origin FROM alert_cursor) AS origin,
  iif(coalesce(
    (SELECT a.at FROM alert_attempts a WHERE a.delivery = d.id AND a.number = d.attempts), d.created_at
  ) > ?2, 0, d.next_at) AS next_at
FROM (SELECT id, sink FROM alert_sinks UNION ALL SELECT id, sink FROM alert_former_sinks) s CROSS JOIN alert_deliveries d ON d.id = (
  SELECT id FROM alert_deliveries first WHERE sink = s.id AND state = 'pending' AND NOT EXISTS (
    SELECT 1 FROM alert_deliveries before WHERE before.incident = first.incident AND before.change < first.change
      AND before.sink = first.sink AND before.state = 'pending')
  ORDER BY next_at LIMIT 1)
WHERE s.id NOT IN (SELECT value FROM json_each(?1));

-- name: putRule
-- ?3 is from when on it counts, where there was none or ?4 is 1.
INSERT INTO alert_rules (id, rule, counts_from) VALUES (?1, ?2, ?3)
ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, counts_from = iif(?4 = 1, excluded.counts_from, counts_from);

-- name: forgetArrivals
-- Those of events that no rule waits for.
DELETE FROM alert_arrivals WHERE (app_id, event) NOT IN (
  SELECT rule ->> '$.appId', rule ->> '$.condition.event'
  FROM (SELECT iif(json_valid(rule), rule, '{}') AS rule FROM alert_rules)
  WHERE rule ->> '$.condition.type' = 'absence');

-- name: arrive
-- Events of the range (?1, ?2] that rules wait for, ?3 JSON: `[app_id, event, within]`. Those that happened longer than `within` before they came,
-- or ?4 after, are of another time.
INSERT INTO alert_arrivals (app_id, event, arrived_at)
SELECT m.app_id, e.event, max(e.received_at)
FROM events e CROSS JOIN messages m ON m.id = e.message
  CROSS JOIN json_each(?3) w ON w.value ->> 0 = m.app_id AND w.value ->> 1 = e.event
WHERE e.seq > ?1 AND e.seq <= ?2 AND e.event IN (SELECT value ->> 1 FROM json_each(?3))
  AND e.created_at >= e.received_at - (w.value ->> 2) AND e.created_at <= e.received_at + ?4
GROUP BY m.app_id, e.event
ON CONFLICT (app_id, event) DO UPDATE SET arrived_at = max(arrived_at, excluded.arrived_at);

-- name: putSink
INSERT INTO alert_sinks (id, sink) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sink = excluded.sink;

-- name: silencesAndNext
-- Silences that have not ended at ?1, and the id of the next one.
SELECT
  (SELECT count(*) FROM alert_silences WHERE until > ?1) AS count,
  1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert_silences'), 0) AS next;

-- name: silenceNamed
-- The silence that has the name ?1.
SELECT id, until, silence FROM alert_silences WHERE iif(json_valid(silence), silence, '{}') ->> 'name' = ?1 LIMIT 1;

-- name: beginCursor
-- Before the first rule, the evaluator goes on from the findings of now.
UPDATE alert_cursor SET finding_seq = max(finding_seq, (SELECT finding_seq FROM projection))
WHERE NOT EXISTS (SELECT 1 FROM alert_rules);

-- name: moveCursor
-- Fails, and the transaction with it, unless ?1 is the step behind the last one.
UPDATE alert_cursor SET
  continues_from = ?1 - 1,
  step = ?1,
  finding_seq = ?2,
  last_incident = max(last_incident, ?3);

-- name: supersedeDeliveries
-- ?1 JSON: deliveries. What waits to be sent to their sinks about an earlier change of the same incident is out of date. What people do
-- with it takes no other's place, and growth and reminders neither take its place nor that of what comes before it.
UPDATE alert_deliveries SET state = 'superseded', next_at = 0
WHERE id IN (
  SELECT d.id FROM json_each(?1) CROSS JOIN alert_deliveries d
    ON d.incident = value ->> '$.incident' AND d.sink = value ->> '$.sink' AND d.change < value ->> '$.change'
  WHERE d.state = 'pending' AND value ->> '$.state' = 'pending'
    AND (value ->> '$.notification.type' IN ('incident.opened', 'incident.resolved', 'incident.closed')
      OR value ->> '$.notification.type' IN ('incident.grown', 'incident.reminder')
        AND d.notification ->> '$.type' IN ('incident.opened', 'incident.grown', 'incident.reminder')
        AND NOT EXISTS (
          SELECT 1 FROM alert_deliveries care
          WHERE care.incident = d.incident AND care.change > d.change AND care.sink = d.sink AND care.state = 'pending'
            AND care.notification ->> '$.type' NOT IN ('incident.opened', 'incident.grown', 'incident.reminder'))));

-- name: upsertIncidents
-- ?1 JSON: incidents. Each gets the next place in the sequence of their changes.
INSERT INTO alert_incidents
  (id, rule, app_id, kind, stage, after, versions, opened_at, counted_from, first_raised_at,
  last_raised_at, notified_at, silenced, changes, closed_at, text,
  notified_sinks, notified_count, burst_from, below_since, resolved_at, reopened_at, ending,
  acknowledged_at, acknowledged_by, assigned_to, snoozed_until, seq)
SELECT
  value ->> '$.id', value ->> '$.rule', value ->> '$.appId', value ->> '$.kind', value ->> '$.stage', value ->> '$.after',
  value ->> '$.versions', value ->> '$.openedAt', value ->> '$.countedFrom', value ->> '$.firstRaisedAt',
  value ->> '$.lastRaisedAt', value ->> '$.notifiedAt', value ->> '$.silenced', value ->> '$.changes',
  value ->> '$.closedAt', value ->> '$.text',
  value ->> '$.notifiedSinks', value ->> '$.notifiedCount', value ->> '$.burstFrom', value ->> '$.belowSince', value ->> '$.resolvedAt', value ->> '$.reopenedAt', value ->> '$.ending',
  value ->> '$.acknowledgedAt', value ->> '$.acknowledgedBy', value ->> '$.assignedTo', value ->> '$.snoozedUntil',
  (SELECT incident_seq FROM alert_cursor) + 1 + key
FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET
  versions = excluded.versions,
  first_raised_at = excluded.first_raised_at,
  last_raised_at = excluded.last_raised_at,
  notified_at = excluded.notified_at,
  silenced = excluded.silenced,
  changes = excluded.changes,
  closed_at = excluded.closed_at,
  text = excluded.text,
  notified_sinks = excluded.notified_sinks,
  notified_count = excluded.notified_count,
  burst_from = excluded.burst_from,
  below_since = excluded.below_since,
  resolved_at = excluded.resolved_at,
  reopened_at = excluded.reopened_at,
  ending = excluded.ending,
  acknowledged_at = excluded.acknowledged_at,
  acknowledged_by = excluded.acknowledged_by,
  assigned_to = excluded.assigned_to,
  snoozed_until = excluded.snoozed_until,
  seq = excluded.seq;

-- name: touchIncidents
-- The active incidents of the app ?1, the rule ?2, the stage ?3 and the kind ?4, each NULL for any, get the next places.
UPDATE alert_incidents SET seq = (SELECT incident_seq FROM alert_cursor) + touched.place
FROM (
  SELECT id, row_number() OVER (ORDER BY id) AS place FROM alert_incidents
  WHERE closed_at = 0 AND (?1 IS NULL OR app_id = ?1) AND (?2 IS NULL OR rule = ?2) AND (?3 IS NULL OR stage = ?3)
    AND (?4 IS NULL OR kind = ?4)) AS touched
WHERE alert_incidents.id = touched.id;

-- name: moveIncidentSeq
UPDATE alert_cursor SET incident_seq = max(incident_seq, coalesce((SELECT max(seq) FROM alert_incidents), 0));

-- name: incidentSeq
SELECT incident_seq AS seq, incidents_pruned AS pruned FROM alert_cursor;

-- name: incidentHistory
-- Incidents whose last change is in (?1, ?2], at most ?3.
SELECT i.*, (SELECT count(*) FROM alert_notes n WHERE n.incident = i.id) AS note_count
FROM alert_incidents i WHERE i.seq > ?1 AND i.seq <= ?2 ORDER BY i.seq LIMIT ?3;

-- name: incidentHistoryOfOne
-- The incident ?3, if its last change is in (?1, ?2].
SELECT i.*, (SELECT count(*) FROM alert_notes n WHERE n.incident = i.id) AS note_count
FROM alert_incidents i WHERE i.id = ?3 AND i.seq > ?1 AND i.seq <= ?2;

-- name: insertDeliveries
-- ?1 JSON: deliveries. A sink to which nothing about the incident has been delivered, nor is still to be, is notified that it opened. One
-- that is gone gets nothing.
INSERT INTO alert_deliveries
  (incident, change, sink, state, webhook_id, notification, created_at, next_at, attempts)
SELECT
  value ->> '$.incident', value ->> '$.change', value ->> '$.sink', iif(gone, 'failed', value ->> '$.state'), value ->> '$.webhookId',
  iif(value ->> '$.notification.type' IN ('incident.grown', 'incident.reminder') AND NOT EXISTS (
      SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered'
      WHERE d.incident = value ->> '$.incident' AND d.sink = value ->> '$.sink')
    AND NOT EXISTS (
      SELECT 1 FROM alert_deliveries d
      WHERE d.incident = value ->> '$.incident' AND d.sink = value ->> '$.sink' AND d.state = 'pending'
        AND d.notification ->> '$.type' = 'incident.opened'),
    json_set(value -> '$.notification', '$.type', 'incident.opened'), value -> '$.notification'),
  value ->> '$.createdAt',
  iif(value ->> '$.state' = 'pending' AND NOT gone, value ->> '$.createdAt', 0), 0
FROM (
  SELECT value,
    value ->> '$.sink' NOT IN (SELECT id FROM alert_sinks UNION ALL SELECT id FROM alert_former_sinks) AS gone
  FROM json_each(?1));

-- name: insertTest
-- The delivery of a test, which has been sent.
INSERT INTO alert_deliveries (sink, state, webhook_id, notification, created_at, next_at, attempts)
VALUES (?1, ?2, ?3, ?4, ?5, 0, 1);

-- name: insertAttempt
-- Of the delivery ?1; NULL for the last one that was inserted.
INSERT OR IGNORE INTO alert_attempts (delivery, number, at, duration_ms, outcome, status, error, response)
VALUES (coalesce(?1, (SELECT max(id) FROM alert_deliveries)), ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: moveDelivery
-- Recording the attempt ?4 again changes nothing. One that was superseded meanwhile is not tried again.
UPDATE alert_deliveries SET
  state = iif(state = 'superseded' AND ?2 <> 'delivered', 'superseded', ?2),
  next_at = iif(state = 'superseded', 0, ?3),
  attempts = ?4
WHERE id = ?1 AND state IN ('pending', 'superseded') AND attempts < ?4;

-- name: insertNote
-- The note ?2 to ?4 of the incident ?1.
INSERT INTO alert_notes (incident, number, at, who, text)
VALUES (?1, 1 + coalesce((SELECT max(number) FROM alert_notes WHERE incident = ?1), 0), ?2, ?3, ?4);

-- name: redeliverable
-- The delivery ?1; whether its sink is there, and whether the sink knows better: it was sent a later word, or was not notified of the beginning.
SELECT d.state, d.sink, d.incident, i.app_id,
  d.sink IN (SELECT id FROM alert_sinks UNION ALL SELECT id FROM alert_former_sinks) AS reachable,
  d.incident IS NOT NULL AND (
    EXISTS (
      SELECT 1 FROM alert_deliveries later
      WHERE later.incident = d.incident AND later.change > d.change AND later.sink = d.sink AND later.state <> 'silenced')
    OR (d.notification ->> '$.type' IN ('incident.resolved', 'incident.closed')) = EXISTS (
      SELECT 1 FROM alert_incidents a CROSS JOIN json_each(a.notified_sinks) s
      WHERE a.id = d.incident AND s.value = d.sink)) AS outdated
FROM alert_deliveries d LEFT JOIN alert_incidents i ON i.id = d.incident
WHERE d.id = ?1;

-- name: redeliver
UPDATE alert_deliveries SET state = 'pending', next_at = ?2 WHERE id = ?1;

-- name: publish
-- The delivery ?1 takes its place.
INSERT INTO alert_topic (delivery) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM alert_topic WHERE delivery = ?1);

-- name: lastPublished
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert_topic'), 0) AS seq;

-- name: published
-- What was published after ?1 up to ?2, at most ?3 of it; of the rule ?4, NULL for every one. Without a notification where that is deleted,
-- or of another rule.
SELECT t.seq, d.notification FROM alert_topic t LEFT JOIN alert_deliveries d ON d.id = t.delivery
  AND (?4 IS NULL OR d.notification ->> '$.incident.rule' = ?4)
WHERE t.seq > ?1 AND t.seq <= ?2 ORDER BY t.seq LIMIT ?3;

-- name: publishedFrom
SELECT min(seq) AS first FROM alert_topic;

-- name: prunePublished
-- As `pruneDeliveries` does next.
DELETE FROM alert_topic WHERE delivery IN (
  SELECT id FROM alert_deliveries
  WHERE created_at < ?1 AND state <> 'pending' ORDER BY created_at, id LIMIT ?2);

-- name: pruneNotes
-- Of the incidents that `pruneIncidents` deletes next.
DELETE FROM alert_notes WHERE incident IN (
  SELECT id FROM alert_incidents
  WHERE closed_at > 0 AND closed_at < ?1 ORDER BY closed_at LIMIT ?2);

-- name: pruneAttempts
-- Of the deliveries that `pruneDeliveries` deletes next.
DELETE FROM alert_attempts WHERE delivery IN (
  SELECT id FROM alert_deliveries
  WHERE created_at < ?1 AND state <> 'pending' ORDER BY created_at, id LIMIT ?2);

-- name: pruneDeliveries
DELETE FROM alert_deliveries WHERE id IN (
  SELECT id FROM alert_deliveries
  WHERE created_at < ?1 AND state <> 'pending' ORDER BY created_at, id LIMIT ?2);

-- name: noteIncidentsPruned
-- Of those that `pruneIncidents` deletes next.
UPDATE alert_cursor SET incidents_pruned = max(incidents_pruned, coalesce((
  SELECT max(seq) FROM (
    SELECT seq FROM alert_incidents WHERE closed_at > 0 AND closed_at < ?1 ORDER BY closed_at LIMIT ?2)), 0));

-- name: pruneIncidents
DELETE FROM alert_incidents WHERE id IN (
  SELECT id FROM alert_incidents
  WHERE closed_at > 0 AND closed_at < ?1 ORDER BY closed_at LIMIT ?2);

-- name: previewFindings
-- Findings raised from ?1 on and before (?2, ?3), a time and an id, the latest ?4.
SELECT f.id, m.app_id, m.message_id, f.run_number, f.kind, f.stage, f.after, f.version, f.due_at, f.raised_at, f.retracted_at, f.late_by,
  max(-9007199254740991, min(9007199254740991, e.received_at - f.due_at)) AS arrived_after
FROM findings f CROSS JOIN messages m ON m.id = f.message LEFT JOIN events e ON e.seq = f.message
WHERE f.raised_at >= ?1 AND f.raised_at <= ?2 AND (f.raised_at, f.id) < (?2, ?3)
ORDER BY f.raised_at DESC, f.id DESC LIMIT ?4;

-- name: previewFindingsOfApp
-- The same of the app ?5.
SELECT f.id, m.app_id, m.message_id, f.run_number, f.kind, f.stage, f.after, f.version, f.due_at, f.raised_at, f.retracted_at, f.late_by,
  max(-9007199254740991, min(9007199254740991, e.received_at - f.due_at)) AS arrived_after
FROM findings f CROSS JOIN messages m ON m.id = f.message LEFT JOIN events e ON e.seq = f.message
WHERE f.app = (SELECT id FROM apps WHERE app_id = ?5)
  AND f.raised_at >= ?1 AND f.raised_at <= ?2 AND (f.raised_at, f.id) < (?2, ?3)
ORDER BY f.raised_at DESC, f.id DESC LIMIT ?4;

-- name: previewMinutes
-- The minutes in [?3, ?4) in which the event ?2 of the app ?1 happened.
SELECT minute FROM rates
WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND minute >= ?3 AND minute < ?4 AND event = ?2
ORDER BY minute;
