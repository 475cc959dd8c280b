-- Messages and their events.
--
-- Page writes are what storing costs. Ids are random, so only one index knows them, and it is written once for each
-- message. Everything else grows at its end: rows by seq, indexes by time or by the message's number.

CREATE TABLE messages (
  -- The seq of the message's first event to arrive: unique, and rising.
  id INTEGER PRIMARY KEY,
  app_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  -- Microseconds. The earliest and latest created_at of its events, and when the last one arrived.
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  -- The seq of its first event in the last batch that had any: what that batch calls it.
  alias INTEGER NOT NULL,
  -- This way round it also finds a message id in any app, and the ids with a prefix.
  UNIQUE (message_id, app_id)
) STRICT;

CREATE INDEX messages_created ON messages (created_at);
CREATE INDEX messages_updated ON messages (updated_at);
CREATE INDEX messages_app_created ON messages (app_id, created_at);
CREATE INDEX messages_app_updated ON messages (app_id, updated_at);

-- The messages of a batch that were there before it: by what the batch calls them, and by their ids. For the others
-- the two are the same. Filled and emptied by each transaction; while it is empty no event has to look.
CREATE TABLE aliases (
  alias INTEGER PRIMARY KEY,
  message INTEGER NOT NULL
) STRICT;

CREATE TRIGGER messages_alias AFTER UPDATE OF alias ON messages WHEN NEW.alias <> NEW.id
BEGIN
  INSERT OR IGNORE INTO aliases (alias, message) VALUES (NEW.alias, NEW.id);
END;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  event TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  -- Empty where the producer gave none.
  event_id TEXT NOT NULL,
  external_id TEXT NOT NULL,
  attributes TEXT NOT NULL,
  duplicates INTEGER NOT NULL,
  -- What an event is within its message: its event_id, or else its name and time. No time is as early as -9e18.
  identity TEXT NOT NULL AS (iif(event_id = '', event, event_id)) VIRTUAL,
  identity_at INTEGER NOT NULL AS (iif(event_id = '', created_at, -9000000000000000000)) VIRTUAL
) STRICT;

CREATE UNIQUE INDEX events_identity ON events (message, identity, identity_at);
CREATE INDEX events_external ON events (external_id) WHERE external_id <> '';

-- How far each journal has been applied. A transaction names the position it continues from; one that continues from
-- another (sent again after a lost answer, or by a process that should be dead) changes nothing.
CREATE TABLE positions (
  journal_id TEXT PRIMARY KEY,
  continues_from INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT;

CREATE TRIGGER positions_continue BEFORE UPDATE ON positions WHEN NEW.continues_from <> OLD.seq
BEGIN
  SELECT raise(ABORT, 'journal position moved');
END;

CREATE TRIGGER positions_begin BEFORE INSERT ON positions
WHEN NEW.continues_from <> NEW.seq AND NOT EXISTS (SELECT 1 FROM positions WHERE journal_id = NEW.journal_id)
BEGIN
  SELECT raise(ABORT, 'journal position unknown');
END;

-- Retention: events up to this seq may be gone.
CREATE TABLE pruned (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL
) STRICT;

INSERT INTO pruned (one, seq) VALUES (1, 0);
