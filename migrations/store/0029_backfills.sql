-- Lifecycles that follow messages which were stored before them.

CREATE TABLE backfills (
  app_id TEXT PRIMARY KEY,
  -- The version that the messages go by from then on: `lifecycles.id`.
  lifecycle INTEGER NOT NULL,
  -- It is about the messages up to this number that begin at `since` or later, in microseconds.
  up_to INTEGER NOT NULL,
  since INTEGER NOT NULL,
  -- It goes from the latest to the earliest: those that are left begin before `at`, or then and have a lower number than `message`.
  at INTEGER NOT NULL,
  message INTEGER NOT NULL,
  -- Messages that it has looked at, and how many there were when it began.
  done INTEGER NOT NULL,
  of_count INTEGER NOT NULL,
  ended INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX backfills_running ON backfills (app_id) WHERE ended = 0;

-- 1: it follows from a backfill, so it is no news.
ALTER TABLE findings ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;

-- With it, so that the index answers what alerts count.
DROP INDEX findings_group;
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by, imported)
WHERE retracted_at = 0 AND stage <> '';
