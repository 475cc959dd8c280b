-- Stages that are owed by several: see `src/lifecycle/owed.ts`.

-- JSON: `[stage, Owed]` for each such stage of which it is known who owes it; empty for none.
ALTER TABLE instances ADD COLUMN owed TEXT NOT NULL DEFAULT '';

-- Attributes say who owes a stage and who has acknowledged it, so an event counts again, too, when a repeat changes them.
DROP TRIGGER events_changed;
CREATE TRIGGER events_changed AFTER UPDATE OF created_at, attributes ON events
WHEN (NEW.created_at <> OLD.created_at OR NEW.attributes <> OLD.attributes)
  AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
END;
