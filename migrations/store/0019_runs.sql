-- Runs of messages that were reopened: see `src/lifecycle/runs.ts`.

-- The last run: the seq of the event that began it, 0 for the first run of a message; and its place, counted from 1.
ALTER TABLE instances ADD COLUMN run INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN run_number INTEGER NOT NULL DEFAULT 1;

-- The runs before, with the columns that `instances` has of the last one.
CREATE TABLE runs (
  message INTEGER NOT NULL,
  run INTEGER NOT NULL,
  run_number INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  statuses TEXT NOT NULL,
  times TEXT NOT NULL,
  owed TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (message, run)
) STRICT, WITHOUT ROWID;

-- Each run has its own findings.
CREATE TABLE findings_by_run (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  -- As in `instances`; the place is that of the last change.
  run INTEGER NOT NULL DEFAULT 0,
  run_number INTEGER NOT NULL DEFAULT 1,
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
  -- The mark that holds for the finding, as it was last counted: 0 none, 1 acknowledged, 2 resolved, 3 ignored.
  triage INTEGER NOT NULL DEFAULT 0,
  UNIQUE (message, run, kind, stage)
) STRICT;

INSERT INTO findings_by_run
  (id, message, app, lifecycle, kind, stage, after, version, started_at, due_at, raised_at, retracted_at, late_by, seq,
   triage)
SELECT id, message, app, lifecycle, kind, stage, after, version, started_at, due_at, raised_at, retracted_at, late_by, seq, triage
FROM findings;

DROP TABLE findings;
ALTER TABLE findings_by_run RENAME TO findings;

CREATE INDEX findings_raised ON findings (raised_at);
CREATE INDEX findings_app_raised ON findings (app, raised_at);
-- Overdue stages, the longest first.
CREATE INDEX findings_overdue ON findings (due_at) WHERE kind = 'missing' AND retracted_at = 0;
CREATE INDEX findings_app_overdue ON findings (app, due_at) WHERE kind = 'missing' AND retracted_at = 0;
-- Counts a group of active findings from the index alone. No stage is empty: the second condition keeps SQLite from choosing
-- this index for other queries, which would then have to sort.
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by)
WHERE retracted_at = 0 AND stage <> '';

-- The longest overdue of each hop.
CREATE INDEX findings_hop_overdue ON findings (app, stage, after, triage, due_at)
WHERE kind = 'missing' AND retracted_at = 0;
