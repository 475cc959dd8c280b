-- Lifecycles, the instance of each message, findings, and statistics.

CREATE TABLE lifecycles (
  id INTEGER PRIMARY KEY,
  app_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  -- It holds for messages with a greater id.
  after_seq INTEGER NOT NULL,
  -- Of the definition; 0 where this version ends the lifecycle.
  bytes INTEGER NOT NULL,
  -- JSON: `stages.id` of the whole lifecycle, then of each stage.
  stage_ids TEXT NOT NULL,
  -- As JSON; empty where this version ends the lifecycle. The last column: it can be large.
  definition TEXT NOT NULL,
  UNIQUE (app_id, version)
) STRICT;

-- How many instances go by each version. Beside `lifecycles`, whose rows are large.
CREATE TABLE lifecycle_instances (
  lifecycle INTEGER PRIMARY KEY,
  instances INTEGER NOT NULL
) STRICT;

-- The projector's position. It reads stored events by itself, so that storing does not wait for it.
CREATE TABLE projection (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  continues_from INTEGER NOT NULL,
  -- Counts the projector's transactions: each names the one that it continues from, and a trigger refuses others.
  step INTEGER NOT NULL,
  -- Every event up to here has been applied.
  seq INTEGER NOT NULL,
  -- Microseconds: what was active by then has been raised.
  watermark INTEGER NOT NULL,
  -- The last change of a finding.
  finding_seq INTEGER NOT NULL,
  -- Findings whose last change was up to here may be gone.
  findings_pruned INTEGER NOT NULL
) STRICT;

INSERT INTO projection VALUES (1, 0, 0, 0, 0, 0, 0);

CREATE TRIGGER projection_continue BEFORE UPDATE OF step ON projection WHEN NEW.continues_from <> OLD.step
BEGIN
  SELECT raise(ABORT, 'projection moved');
END;

-- Events that the projector has to count again. `was` is the time by which an event was counted before a repeat with an
-- earlier time; NULL for an event that was stored behind the projector's position and not counted yet.
CREATE TABLE event_changes (
  seq INTEGER PRIMARY KEY,
  was INTEGER
) STRICT;

CREATE TRIGGER events_changed AFTER UPDATE OF created_at ON events
WHEN NEW.created_at <> OLD.created_at AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
END;

CREATE TABLE apps (
  id INTEGER PRIMARY KEY,
  app_id TEXT NOT NULL UNIQUE,
  -- Messages by their state. Those that retention deleted unfinished are expired.
  open INTEGER NOT NULL DEFAULT 0,
  overdue INTEGER NOT NULL DEFAULT 0,
  complete INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  expired INTEGER NOT NULL DEFAULT 0,
  events INTEGER NOT NULL DEFAULT 0,
  -- Bytes of the versions of its lifecycle.
  lifecycle_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The instance of each message that has a lifecycle: how far it is along it.
CREATE TABLE instances (
  message INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  lifecycle INTEGER NOT NULL,
  -- 0 open, 1 overdue, 2 complete, 3 failed.
  state INTEGER NOT NULL,
  -- Microseconds: its created_at when the projector last looked; since when it is overdue, 0 for not; when to look whether a
  -- finding is active that has not been raised, 0 for never.
  opened_at INTEGER NOT NULL,
  overdue_since INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  -- How many findings were ever raised.
  findings INTEGER NOT NULL,
  -- `;<stage><status>` for each stage: r reached, w waiting, o overdue, n never.
  statuses TEXT NOT NULL,
  -- JSON: the earliest created_at of each event that the lifecycle names, in its order.
  times TEXT NOT NULL
) STRICT;

-- With the app, so that those of paused apps can be left out.
CREATE INDEX instances_next ON instances (next_at, app) WHERE next_at <> 0;
CREATE INDEX instances_overdue ON instances (overdue_since) WHERE overdue_since <> 0;
CREATE INDEX instances_app_overdue ON instances (app, overdue_since) WHERE overdue_since <> 0;

CREATE TABLE findings (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  app INTEGER NOT NULL,
  lifecycle INTEGER NOT NULL,
  kind TEXT NOT NULL,
  stage TEXT NOT NULL,
  -- Copied from the lifecycle, so that reading a finding needs no definition: the stage before, and the version.
  after TEXT NOT NULL,
  version INTEGER NOT NULL,
  -- When the stage's clock started; `due_at` where none did.
  started_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  raised_at INTEGER NOT NULL,
  -- 0 while it is active.
  retracted_at INTEGER NOT NULL,
  late_by INTEGER NOT NULL,
  -- The place of its last change in the sequence of all changes.
  seq INTEGER NOT NULL UNIQUE,
  UNIQUE (message, kind, stage)
) STRICT;

CREATE INDEX findings_raised ON findings (raised_at);
CREATE INDEX findings_app_raised ON findings (app, raised_at);
-- Overdue stages, the longest first.
CREATE INDEX findings_overdue ON findings (due_at) WHERE kind = 'missing' AND retracted_at = 0;
CREATE INDEX findings_app_overdue ON findings (app, due_at) WHERE kind = 'missing' AND retracted_at = 0;

-- The stages that messages are counted by, each with the one before. Both are empty for the whole lifecycle.
CREATE TABLE stages (
  id INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  after TEXT NOT NULL,
  stage TEXT NOT NULL,
  -- How many versions name it. One that none names is deleted with its last count.
  versions INTEGER NOT NULL DEFAULT 0,
  UNIQUE (app, after, stage)
) STRICT;

CREATE INDEX stages_unnamed ON stages (id) WHERE versions = 0;

-- Counts of messages by when they were opened. `span` is the bucket's length and `start` its beginning, in microseconds.
CREATE TABLE funnel (
  stage INTEGER NOT NULL,
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  reached INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  overdue INTEGER NOT NULL,
  never INTEGER NOT NULL,
  PRIMARY KEY (stage, span, start)
) STRICT, WITHOUT ROWID;

-- How long it took to reach a stage, by when it was reached.
CREATE TABLE latencies (
  stage INTEGER NOT NULL,
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  -- See `src/statistics/histogram.ts`: sparse buckets of scale 7.
  histogram TEXT NOT NULL,
  PRIMARY KEY (stage, span, start)
) STRICT;

-- Events by when they happened.
CREATE TABLE rates (
  app INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  event TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (app, minute, event)
) STRICT, WITHOUT ROWID;

-- Counts that have become 0, which are deleted at once.
CREATE INDEX rates_none ON rates (app) WHERE count <= 0;
