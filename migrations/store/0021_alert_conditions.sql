-- Rules with conditions: what is measured for them, and since when.

-- Microseconds: findings that were raised up to here do not open an incident of the rule.
ALTER TABLE alert_rules ADD COLUMN counts_from INTEGER NOT NULL DEFAULT 0;
-- Since when there has been less than the rule asks for; 0 where there is enough.
ALTER TABLE alert_incidents ADD COLUMN below_since INTEGER NOT NULL DEFAULT 0;

-- Days off, by the calendar's id, as JSON.
CREATE TABLE alert_calendars (
  id TEXT PRIMARY KEY,
  calendar TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a rule's condition goes on from: when it was last looked at, and the result as JSON.
CREATE TABLE alert_looks (
  rule TEXT PRIMARY KEY,
  looked_at INTEGER NOT NULL,
  look TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When the last event came that a rule waits for, by the time of its receipt; 0 for not since the rule was put.
CREATE TABLE alert_arrivals (
  app_id TEXT NOT NULL,
  event TEXT NOT NULL,
  arrived_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, event)
) STRICT, WITHOUT ROWID;
