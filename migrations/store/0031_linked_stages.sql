-- Stages of lifecycles that events of another app make: see `src/lifecycle/definition.ts`.

-- The events of other apps that versions of lifecycles name, and the app of each version.
CREATE TABLE linked_events (
  app_id TEXT NOT NULL,
  event TEXT NOT NULL,
  lifecycle INTEGER NOT NULL,
  by_app TEXT NOT NULL,
  PRIMARY KEY (app_id, event, lifecycle)
) STRICT, WITHOUT ROWID;

-- Which message's event made a stage: its number, which stays when that message is deleted.
CREATE TABLE links (
  message INTEGER NOT NULL,
  -- Its place in `instances.times`.
  slot INTEGER NOT NULL,
  at INTEGER NOT NULL,
  linked INTEGER NOT NULL,
  PRIMARY KEY (message, slot)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER instances_links AFTER DELETE ON instances
BEGIN
  DELETE FROM links WHERE message = OLD.message;
END;

-- External ids that an event has lost by a repeat: what was linked by them is judged again.
CREATE TABLE former_names (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

DROP TRIGGER events_changed;
CREATE TRIGGER events_changed AFTER UPDATE OF created_at, attributes, external_id, parent_id ON events
WHEN (NEW.created_at <> OLD.created_at OR NEW.attributes <> OLD.attributes OR NEW.external_id <> OLD.external_id
    OR NEW.parent_id <> OLD.parent_id)
  AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at - OLD.ahead WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
  INSERT INTO former_names (name)
    SELECT OLD.external_id WHERE OLD.external_id <> '' AND OLD.external_id <> NEW.external_id
      AND NOT EXISTS (SELECT 1 FROM former_names WHERE name = OLD.external_id);
END;
