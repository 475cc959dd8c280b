-- Care for incidents, and the topic of alerts.

-- 0, and empty, where it is not acknowledged.
ALTER TABLE alert_incidents ADD COLUMN acknowledged_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_incidents ADD COLUMN acknowledged_by TEXT NOT NULL DEFAULT '';
-- Empty for nobody.
ALTER TABLE alert_incidents ADD COLUMN assigned_to TEXT NOT NULL DEFAULT '';
-- Like a silence for this incident alone.
ALTER TABLE alert_incidents ADD COLUMN snoozed_until INTEGER NOT NULL DEFAULT 0;

CREATE TABLE alert_notes (
  incident INTEGER NOT NULL,
  -- Counts from 1.
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (incident, number)
) STRICT, WITHOUT ROWID;

-- The deliveries that were published on the topic `alerts`. No seq is used twice.
CREATE TABLE alert_topic (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery INTEGER NOT NULL UNIQUE
) STRICT;

-- Names this database at pagers, where several Mars may share an account.
ALTER TABLE alert_cursor ADD COLUMN origin TEXT NOT NULL DEFAULT '';
UPDATE alert_cursor SET origin = lower(hex(randomblob(8)));
