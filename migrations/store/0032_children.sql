-- Messages that are parts of others, by the parent that their events name: see `src/db/journeys/children.ts`.

CREATE TABLE children (
  -- The message's number; it stays when that is deleted, as long as the parent is there.
  child INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  -- The parent's id in this app; empty where its events name none any more.
  parent TEXT NOT NULL,
  -- Microseconds; 0 while it is not complete.
  completed_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX children_parent ON children (app, parent, completed_at);

-- The state of a message may depend on its children.
CREATE TRIGGER children_added AFTER INSERT ON children
BEGIN
  INSERT INTO revisits (message)
    SELECT id FROM messages
    WHERE (id = NEW.child
        OR message_id = NEW.parent AND app_id = (SELECT app_id FROM apps WHERE id = NEW.app))
      AND NOT EXISTS (SELECT 1 FROM revisits WHERE message = messages.id);
END;

CREATE TRIGGER children_changed AFTER UPDATE OF parent, completed_at ON children
WHEN NEW.parent <> OLD.parent OR NEW.completed_at <> OLD.completed_at
BEGIN
  INSERT INTO revisits (message)
    SELECT id FROM messages
    WHERE message_id IN (NEW.parent, OLD.parent) AND app_id = (SELECT app_id FROM apps WHERE id = NEW.app)
      AND NOT EXISTS (SELECT 1 FROM revisits WHERE message = messages.id);
END;

CREATE TRIGGER messages_children AFTER DELETE ON messages
BEGIN
  DELETE FROM children WHERE child = OLD.id AND NOT EXISTS (
    SELECT 1 FROM messages WHERE message_id = children.parent AND app_id = OLD.app_id);
  DELETE FROM children
  WHERE app = (SELECT id FROM apps WHERE app_id = OLD.app_id) AND parent = OLD.message_id
    AND NOT EXISTS (SELECT 1 FROM messages WHERE id = children.child);
END;
