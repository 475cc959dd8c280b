-- Takes the ids of erased messages out of what alerts have recorded. ?1 is the app. The texts of notifications have sample ids at their
-- end: see `alerting/notification-text.ts`.

-- name: incidents
-- The last texts of incidents that have the id ?2 as it is shown; NULL for every id.
UPDATE alert_incidents
SET text = substr(text, 1, instr(text, ', sample id') - 1) || ', sample ids erased'
WHERE app_id = ?1 AND instr(text, ', sample id') > 0
  AND (?2 IS NULL OR instr(substr(text, instr(text, ', sample id')), ?2) > 0);

-- name: deliveries
-- Notifications that name the message ?2; NULL for all messages that are gone.
UPDATE alert_deliveries SET notification = json_set(notification,
  '$.text', iif(instr(notification ->> '$.text', ', sample id') = 0, notification ->> '$.text',
    substr(notification ->> '$.text', 1, instr(notification ->> '$.text', ', sample id') - 1) || ', sample ids erased'),
  '$.incident.figures.samples', json((
    SELECT json_group_array(value) FROM json_each(notification, '$.incident.figures.samples')
    WHERE iif(?2 IS NULL, EXISTS (SELECT 1 FROM messages WHERE message_id = value AND app_id = ?1), value <> ?2))))
WHERE incident IN (SELECT id FROM alert_incidents WHERE app_id = ?1)
  AND EXISTS (
    SELECT 1 FROM json_each(iif(json_valid(notification), notification, '{}'), '$.incident.figures.samples')
    WHERE iif(?2 IS NULL, NOT EXISTS (SELECT 1 FROM messages WHERE message_id = value AND app_id = ?1), value = ?2));

-- name: attempts
-- Receivers may repeat an id, ?2, in their answers; NULL for every answer.
UPDATE alert_attempts SET
  response = '',
  error = iif(?2 IS NULL OR instr(error, ?2) = 0, error, '')
WHERE delivery IN (
    SELECT d.id FROM alert_incidents i CROSS JOIN alert_deliveries d ON d.incident = i.id WHERE i.app_id = ?1)
  AND (?2 IS NULL OR instr(response, ?2) > 0 OR instr(error, ?2) > 0);

-- name: notes
-- Notes that mention the message ?2.
UPDATE alert_notes SET text = replace(text, ?2, '(erased)')
WHERE incident IN (SELECT id FROM alert_incidents WHERE app_id = ?1) AND ?2 <> '' AND instr(text, ?2) > 0;
