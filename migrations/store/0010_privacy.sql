-- Erasure of what is known of messages, and how long an app's messages are kept.

-- Requests to erase all messages of an app. A message is erased whole when its first event came by then.
CREATE TABLE erasures (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id TEXT NOT NULL,
  up_to_seq INTEGER NOT NULL,
  -- Microseconds.
  requested_at INTEGER NOT NULL,
  -- 0 while it is under way.
  done_at INTEGER NOT NULL DEFAULT 0,
  messages INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One is under way for each app at a time: a later request extends it.
CREATE UNIQUE INDEX erasures_pending ON erasures (app_id) WHERE done_at = 0;
CREATE INDEX erasures_done ON erasures (done_at) WHERE done_at <> 0;

-- Apps whose messages are kept for another time than others.
CREATE TABLE app_retention (
  app_id TEXT PRIMARY KEY,
  -- Microseconds; 0 for ever.
  keep_for INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages are remembered for as long as they were kept, which is another time for some apps: from here on `elapsed` of a tombstone is when it
-- is forgotten. Two weeks is the time of those that are there.
UPDATE tombstones SET elapsed = elapsed + 1209600000000;

-- The incidents of an app, whose texts name messages.
CREATE INDEX alert_incidents_app ON alert_incidents (app_id);
