-- An event that one report dates from ahead had happened by the receipt of that, though the contents of another count: then only the
-- mark changes.
DROP TRIGGER events_changed;
CREATE TRIGGER events_changed AFTER UPDATE OF created_at, ahead, attributes, external_id, parent_id ON events
WHEN (NEW.created_at <> OLD.created_at OR NEW.ahead <> OLD.ahead OR NEW.attributes <> OLD.attributes
    OR NEW.external_id <> OLD.external_id OR NEW.parent_id <> OLD.parent_id)
  AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at - OLD.ahead WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
  INSERT INTO former_names (name)
    SELECT OLD.external_id WHERE OLD.external_id <> '' AND OLD.external_id <> NEW.external_id
      AND NOT EXISTS (SELECT 1 FROM former_names WHERE name = OLD.external_id);
END;
