-- Collectors that read from message brokers: see `src/core/broker-collector.ts`.
CREATE TABLE broker_collectors (
  id TEXT NOT NULL PRIMARY KEY,
  -- JSON, secrets included.
  collector TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Those that their users have paused; those of the environment are in no other table.
CREATE TABLE broker_pauses (
  collector TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Messages that were refused: the latest of each collector.
CREATE TABLE broker_refused (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collector TEXT NOT NULL,
  -- The message's place in the broker, for people.
  position TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- When the broker received it; NULL where that is not known.
  broker_at INTEGER,
  -- Of its first event where it gives none: there is no other message of it.
  event_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- Of a long one the beginning.
  body BLOB NOT NULL,
  body_bytes INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX broker_refused_event_id ON broker_refused (collector, event_id);
CREATE INDEX broker_refused_id ON broker_refused (collector, id);
