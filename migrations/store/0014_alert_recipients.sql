-- Incidents know which sinks have been notified of them, and of how many messages.

-- JSON: ids of the sinks that were notified of its beginning, and not yet of its end.
ALTER TABLE alert_incidents ADD COLUMN notified_sinks TEXT NOT NULL DEFAULT '[]';
-- The count of the last notification; the lowest since, where it has fallen.
ALTER TABLE alert_incidents ADD COLUMN notified_count INTEGER NOT NULL DEFAULT 0;
-- When it was resolved with fewer messages left than its rule asks for; 0 otherwise. It reopens when there are as many again.
ALTER TABLE alert_incidents ADD COLUMN resolved_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_incidents ADD COLUMN reopened_at INTEGER NOT NULL DEFAULT 0;
-- How it ended; empty while it is active.
ALTER TABLE alert_incidents ADD COLUMN ending TEXT NOT NULL DEFAULT '';

UPDATE alert_incidents SET
  ending = iif(closed_at = 0, '', iif(expired > 0, 'messages_deleted', 'resolved')),
  notified_sinks = iif(closed_at > 0 OR notified_at = 0, '[]', (
    SELECT json_group_array(DISTINCT d.sink) FROM alert_deliveries d
    WHERE d.incident = alert_incidents.id AND d.state <> 'silenced')),
  -- An unknown count is never exceeded by growth.
  notified_count = iif(notified_at = 0, 0, coalesce((
    SELECT d.notification ->> '$.incident.figures.count' FROM alert_deliveries d
    WHERE d.incident = alert_incidents.id AND json_valid(d.notification) ORDER BY d.change DESC LIMIT 1), 100001));

DROP INDEX alert_incidents_order;
CREATE INDEX alert_incidents_order
ON alert_incidents (iif(closed_at = 0 AND resolved_at = 0, 9007199254740991, max(closed_at, resolved_at)), id);

-- Sinks that were exchanged or deleted while an incident was active that they had been notified of: they are notified of its end.
CREATE TABLE alert_former_sinks (
  -- The sink's id, `#`, and a number.
  id TEXT PRIMARY KEY,
  -- As JSON, with this id.
  sink TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
