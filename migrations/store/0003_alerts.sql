-- Alerts: rules, sinks, silences; incidents and their notifications.

CREATE TABLE alert_rules (
  id TEXT PRIMARY KEY,
  -- As JSON, like the other two.
  rule TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_sinks (
  id TEXT PRIMARY KEY,
  sink TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_silences (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  until INTEGER NOT NULL,
  silence TEXT NOT NULL
) STRICT;

-- The evaluator's position in the changes of findings. Each of its transactions names the one that it continues from.
CREATE TABLE alert_cursor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  continues_from INTEGER NOT NULL,
  step INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL,
  last_incident INTEGER NOT NULL
) STRICT;

INSERT INTO alert_cursor VALUES (1, 0, 0, 0, 0);

CREATE TRIGGER alert_cursor_continue BEFORE UPDATE OF step ON alert_cursor WHEN NEW.continues_from <> OLD.step
BEGIN
  SELECT raise(ABORT, 'alerts moved');
END;

CREATE TABLE alert_incidents (
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  app_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  stage TEXT NOT NULL,
  after TEXT NOT NULL,
  -- JSON: versions of the lifecycle.
  versions TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  counted_from INTEGER NOT NULL,
  first_raised_at INTEGER NOT NULL,
  last_raised_at INTEGER NOT NULL,
  notified_at INTEGER NOT NULL,
  silenced INTEGER NOT NULL,
  changes INTEGER NOT NULL,
  -- 0 while it is active.
  closed_at INTEGER NOT NULL,
  text TEXT NOT NULL,
  -- Messages that it counted and that retention has deleted since, still unfinished.
  expired INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX alert_incidents_active ON alert_incidents (rule, app_id, kind, stage, after) WHERE closed_at = 0;
CREATE INDEX alert_incidents_closed ON alert_incidents (closed_at, id);
-- The order of lists: those that are active come first.
CREATE INDEX alert_incidents_order ON alert_incidents (iif(closed_at = 0, 9007199254740991, closed_at), id);

CREATE TABLE alert_deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Both null for a test.
  incident INTEGER,
  change INTEGER,
  sink TEXT NOT NULL,
  state TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  notification TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  -- One notification of a change for each sink.
  UNIQUE (incident, change, sink)
) STRICT;

CREATE INDEX alert_deliveries_due ON alert_deliveries (sink, next_at) WHERE state = 'pending';
CREATE INDEX alert_deliveries_created ON alert_deliveries (created_at);

CREATE TABLE alert_attempts (
  delivery INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER NOT NULL,
  error TEXT NOT NULL,
  response TEXT NOT NULL,
  PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

-- Counts a group of active findings from the index alone. No stage is empty: the second condition keeps SQLite from choosing
-- this index for other queries, which would then have to sort.
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by)
WHERE retracted_at = 0 AND stage <> '';
