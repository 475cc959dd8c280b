-- The topics of incidents: the place of each one's last change in one sequence of all changes, see `src/alerting/incident-topic.ts`.
ALTER TABLE alert_incidents ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE alert_incidents SET seq = id;
CREATE INDEX alert_incidents_seq ON alert_incidents (seq);

-- The last place that was given.
ALTER TABLE alert_cursor ADD COLUMN incident_seq INTEGER NOT NULL DEFAULT 0;
-- Incidents whose last change is up to here may be deleted.
ALTER TABLE alert_cursor ADD COLUMN incidents_pruned INTEGER NOT NULL DEFAULT 0;
UPDATE alert_cursor SET incident_seq = max(last_incident, (SELECT coalesce(max(id), 0) FROM alert_incidents));
UPDATE alert_cursor SET incidents_pruned = coalesce((SELECT min(id) - 1 FROM alert_incidents), incident_seq);
