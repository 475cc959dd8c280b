-- Retention: by what it goes, and what it leaves behind.

-- What the clock knew when it was last recorded, in microseconds: see `src/core/time-record.ts`.
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  elapsed INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  absent INTEGER NOT NULL,
  stepped INTEGER NOT NULL,
  agreed INTEGER NOT NULL
) STRICT;

-- How far the sequences of events and of findings were when so much time had passed. What is up to there is as old, whatever
-- the wall clock said when it came.
CREATE TABLE marks (
  elapsed INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL
) STRICT;

-- Messages that are gone, and of which events are left: more than one step deletes. Nothing else leads to these.
CREATE TABLE remains (message INTEGER PRIMARY KEY) STRICT;

-- How far each app has lost events and findings; the app without a name stands for all of them.
CREATE TABLE pruned_apps (
  app_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages that are gone, by a hash of their ids, with their latest time and when they went: a late report must not begin
-- another instance.
CREATE TABLE tombstones (
  hash INTEGER PRIMARY KEY,
  updated_at INTEGER NOT NULL,
  elapsed INTEGER NOT NULL
) STRICT;

CREATE INDEX tombstones_elapsed ON tombstones (elapsed);
