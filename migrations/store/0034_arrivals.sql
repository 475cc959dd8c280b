-- How long after a finding was due the first event of its message arrived, in microseconds: imported messages open no incident. 0 where the
-- finding was raised within an hour after it was due, which says the same. Beside it in the index, as alerts count by it.
ALTER TABLE findings ADD COLUMN arrived_after INTEGER NOT NULL DEFAULT 0;

UPDATE findings SET arrived_after = coalesce((
  SELECT max(0, min(9007199254740991, e.received_at - due_at)) FROM events e WHERE e.seq = message), 0)
WHERE due_at < raised_at - 3600000000;

DROP INDEX findings_group;
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by, imported, arrived_after)
WHERE retracted_at = 0 AND stage <> '';
