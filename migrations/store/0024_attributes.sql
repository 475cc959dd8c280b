-- Attributes by which messages are found: see `src/db/attributes/`.

-- The names that each app has indexed. Every name has its own place in the sequence of events, up to which it is indexed.
CREATE TABLE attribute_names (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id TEXT NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  -- Where the sequence began and ended when the name was put: between them are the events that were stored before.
  first_seq INTEGER NOT NULL,
  goal INTEGER NOT NULL,
  -- 1: it is not indexed any more, and its values are being deleted.
  dropped INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX attribute_names_known ON attribute_names (app_id, name) WHERE dropped = 0;

-- The values that the events of a message have, and how many of its events have each.
CREATE TABLE attribute_values (
  message INTEGER NOT NULL,
  name INTEGER NOT NULL,
  value TEXT NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (message, name, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX attribute_values_lookup ON attribute_values (name, value, message);

-- Events that are to be indexed again, with their attributes before; empty for one that was not there.
CREATE TABLE attribute_changes (
  seq INTEGER PRIMARY KEY,
  was TEXT NOT NULL
) STRICT;

CREATE TRIGGER attributes_changed AFTER UPDATE OF attributes ON events
WHEN NEW.attributes <> OLD.attributes AND EXISTS (SELECT 1 FROM attribute_names)
BEGIN
  INSERT INTO attribute_changes (seq, was)
    SELECT NEW.seq, OLD.attributes WHERE NOT EXISTS (SELECT 1 FROM attribute_changes WHERE seq = NEW.seq);
END;
