-- Sinks that are exchanged or deleted: see `AlertStore`. ?1 is the sink's id, ?2 that of the former sink.

-- name: keep
-- ?1 is the sink as JSON, ?3 the time.
INSERT INTO alert_former_sinks (id, sink, created_at) VALUES (?2, json_set(?1, '$.id', ?2), ?3);

-- name: moveDeliveries
-- What waits to be sent goes on to the receiver of the notifications before.
UPDATE alert_deliveries SET sink = ?2
WHERE sink = ?1 AND state = 'pending' AND EXISTS (
  SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered'
  WHERE d.incident = alert_deliveries.incident AND d.sink = ?1);

-- name: dropDeliveries
-- The others have had none: nothing is sent, and the sink in its place is notified of what is active.
UPDATE alert_deliveries SET state = 'superseded', next_at = 0 WHERE sink = ?1 AND state = 'pending';

-- name: keepLost
-- ?1 is the e-mail sink as JSON, ?3 the time, ?4 JSON: the addresses that it loses, while it keeps others.
INSERT INTO alert_former_sinks (id, sink, created_at) VALUES (?2, json_set(?1, '$.id', ?2, '$.to', json(?4)), ?3);

-- name: takeBack
-- Addresses of former sinks that are the sink's again, ?2 (JSON), where the sink is notified of the end as well.
UPDATE alert_former_sinks SET sink = json_set(sink, '$.to', (
  SELECT json_group_array(value) FROM json_each(sink, '$.to')
  WHERE lower(value) NOT IN (SELECT lower(value) FROM json_each(?2))))
WHERE substr(id, 1, length(?1) + 1) = ?1 || '#' AND sink ->> '$.type' = 'email' AND NOT EXISTS (
  SELECT 1 FROM alert_incidents i CROSS JOIN json_each(i.notified_sinks) s
  WHERE i.closed_at = 0 AND s.value = alert_former_sinks.id
    AND NOT EXISTS (SELECT 1 FROM json_each(i.notified_sinks) t WHERE t.value = ?1));

-- name: forgetEmpty
DELETE FROM alert_former_sinks WHERE sink ->> '$.type' = 'email' AND json_array_length(sink, '$.to') = 0;

-- name: copyDeliveries
-- What waits to be sent goes to the lost addresses too, where they had the notifications before.
INSERT INTO alert_deliveries (incident, change, sink, state, webhook_id, notification, created_at, next_at, attempts)
SELECT incident, change, ?2, 'pending', webhook_id, notification, created_at, created_at, 0 FROM alert_deliveries w
WHERE sink = ?1 AND state = 'pending' AND EXISTS (
  SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered'
  WHERE d.incident = w.incident AND d.sink = ?1);

-- name: addToIncidents
-- As `moveIncidents`, but the sink goes on to be notified.
UPDATE alert_incidents SET notified_sinks = json_insert(notified_sinks, '$[#]', ?2)
WHERE closed_at = 0 AND EXISTS (SELECT 1 FROM json_each(notified_sinks) WHERE value = ?1)
  AND (EXISTS (
      SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered'
      WHERE d.incident = alert_incidents.id AND d.sink IN (?1, ?2))
    OR NOT EXISTS (
      SELECT 1 FROM alert_deliveries d WHERE d.incident = alert_incidents.id AND d.sink IN (?1, ?2)));

-- name: moveIncidents
-- The former sink is notified of the end where it had the beginning; where no delivery is on record any more it had.
UPDATE alert_incidents SET notified_sinks = (
  SELECT json_group_array(iif(value = ?1, ?2, value)) FROM json_each(notified_sinks)
  WHERE value <> ?1
    OR EXISTS (
      SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered'
      WHERE d.incident = alert_incidents.id AND d.sink IN (?1, ?2))
    OR NOT EXISTS (
      SELECT 1 FROM alert_deliveries d WHERE d.incident = alert_incidents.id AND d.sink IN (?1, ?2)))
WHERE closed_at = 0 AND EXISTS (SELECT 1 FROM json_each(notified_sinks) WHERE value = ?1);

-- name: dropGone
-- What would go to a former sink that `forget` has deleted as one too many.
UPDATE alert_deliveries SET state = 'failed', next_at = 0
WHERE state = 'pending' AND sink NOT IN (SELECT id FROM alert_sinks UNION ALL SELECT id FROM alert_former_sinks);

-- name: forget
-- Former sinks that get nothing any more, and all but the latest ?1.
DELETE FROM alert_former_sinks
WHERE id NOT IN (SELECT id FROM alert_former_sinks ORDER BY created_at DESC LIMIT ?1)
  OR NOT EXISTS (SELECT 1 FROM alert_deliveries d WHERE d.sink = alert_former_sinks.id AND d.state = 'pending')
    AND NOT EXISTS (
      SELECT 1 FROM alert_incidents i CROSS JOIN json_each(i.notified_sinks) s
      WHERE i.closed_at = 0 AND s.value = alert_former_sinks.id);
