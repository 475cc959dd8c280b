-- The journal: accepted events that the store may not have yet. One row is one group commit.

CREATE TABLE identity (
  -- Names this journal in the store's table of positions; a new journal never inherits another one's position.
  id TEXT NOT NULL
) STRICT;

CREATE TABLE groups (
  first_seq INTEGER PRIMARY KEY,
  last_seq INTEGER NOT NULL,
  -- The events, as `journal-format.ts` writes them.
  body TEXT NOT NULL
) STRICT;
