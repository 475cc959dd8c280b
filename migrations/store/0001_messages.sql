-- Messages and their events.
--
-- Most of the cost of storing is page writes. Ids are random, so only one index has them, and it is written once a message.
-- Everything else grows at its end: rows by seq, indexes by time or by the message's number.

CREATE TABLE messages (
  -- The seq of the message's first event to arrive: unique, and rising.
  id INTEGER PRIMARY KEY,
  app_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  -- Microseconds. The earliest and latest created_at of its events, and when the last one arrived.
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  -- The seq of its first event in its last batch: its number within that batch.
  alias INTEGER NOT NULL,
  -- Its events without repeats, counted so that a reader knows the cost before it reads them.
  event_count INTEGER NOT NULL DEFAULT 0,
  -- This way round it also finds a message id in any app, and the ids with a prefix.
  UNIQUE (message_id, app_id)
) STRICT;

CREATE INDEX messages_created ON messages (created_at);
CREATE INDEX messages_updated ON messages (updated_at);
CREATE INDEX messages_app_created ON messages (app_id, created_at);
CREATE INDEX messages_app_updated ON messages (app_id, updated_at);

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
  -- Where it has no event_id: a hash of its external id and attributes; empty where it has neither of them.
  detail TEXT NOT NULL DEFAULT '',
  -- The seq of the last repeat that changed this row; 0 for none.
  changed_seq INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The identity of an event within its message: its name and event_id, or else all of its fields. The first index has every
-- event, for it is also the order in which a message's events are read.
CREATE UNIQUE INDEX events_order ON events (message, created_at, event, event_id, detail);
CREATE UNIQUE INDEX events_by_id ON events (message, event, event_id) WHERE event_id <> '';
CREATE UNIQUE INDEX events_changes ON events (changed_seq) WHERE changed_seq <> 0;
CREATE INDEX events_external ON events (external_id) WHERE external_id <> '';

-- The messages of a batch that were there before it: their number within the batch, and their id. For new messages the two
-- are the same. Each transaction fills and empties it; while it is empty, events are inserted without a lookup.
CREATE TABLE aliases (
  alias INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  -- How many of its events in the batch are repeats.
  repeats INTEGER NOT NULL
) STRICT;

CREATE TRIGGER messages_alias AFTER UPDATE OF alias ON messages WHEN NEW.alias <> NEW.id
BEGIN
  INSERT OR IGNORE INTO aliases (alias, message, repeats) VALUES (NEW.alias, NEW.id, 0);
END;

CREATE TRIGGER events_repeated AFTER UPDATE OF duplicates ON events
BEGIN
  UPDATE aliases SET repeats = repeats + 1 WHERE alias = (SELECT alias FROM messages WHERE id = NEW.message);
END;

-- The upsert of messages counts repeats as new events and takes their times. After all events of the batch both are
-- recomputed.
CREATE TRIGGER aliases_recompute BEFORE DELETE ON aliases WHEN OLD.repeats > 0
BEGIN
  UPDATE messages SET
    event_count = event_count - OLD.repeats,
    created_at = (SELECT min(created_at) FROM events WHERE message = OLD.message),
    updated_at = (SELECT max(created_at) FROM events WHERE message = OLD.message)
  WHERE id = OLD.message;
END;

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
