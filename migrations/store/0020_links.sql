-- Messages that are parts of others: see `src/core/event.ts`.

-- The message of the same app that this one is a part of, by its id; empty where the producer gave none.
ALTER TABLE events ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';

-- A range of the sequence is asked for the events with a parent; nearly none has one.
CREATE INDEX events_parents ON events (seq) WHERE parent_id <> '';
