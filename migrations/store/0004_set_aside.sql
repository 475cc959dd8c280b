-- Events and messages that cannot be applied, kept until an operator replays or deletes them.

CREATE TABLE set_aside (
  -- Of the event; of a message that is not followed, its number.
  seq INTEGER PRIMARY KEY,
  -- 'event': it is not stored. 'message': it is not followed along its lifecycle.
  kind TEXT NOT NULL,
  app_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  -- Microseconds: when, and why.
  at INTEGER NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- The whole event as JSON; empty for a message.
  event TEXT NOT NULL
) STRICT;
