-- Retention: its time, and its traces.

-- The last record of the clock, in microseconds: see `src/core/time-record.ts`.
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  elapsed INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  absent INTEGER NOT NULL,
  stepped INTEGER NOT NULL,
  agreed INTEGER NOT NULL
) STRICT;

-- How far the sequences of events and of findings were after so much running time. All up to there is at least as old, whichever time
-- the wall clock showed.
CREATE TABLE marks (
  elapsed INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL
) STRICT;

-- Deleted messages that have events left: more than one step deletes. No other row leads to these events.
CREATE TABLE remains (message INTEGER PRIMARY KEY) STRICT;

-- How far each app has lost events and findings; the app without a name stands for all of them.
CREATE TABLE pruned_apps (
  app_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Deleted messages, by a hash of their ids, with their latest time and the time of deletion: a late event must not begin another
-- instance.
CREATE TABLE tombstones (
  hash INTEGER PRIMARY KEY,
  updated_at INTEGER NOT NULL,
  elapsed INTEGER NOT NULL
) STRICT;

CREATE INDEX tombstones_elapsed ON tombstones (elapsed);
