-- Events from ahead: see `src/core/ahead.ts`.

-- Microseconds: how far `created_at` is ahead of the receipt, where that is more than Mars believes; 0 otherwise. The event happened at
-- `created_at - ahead`.
ALTER TABLE events ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;
CREATE INDEX events_ahead ON events (message) WHERE ahead <> 0;

-- How many of its events were from ahead.
ALTER TABLE apps ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER aliases_recompute;
CREATE TRIGGER aliases_recompute BEFORE DELETE ON aliases WHEN OLD.repeats > 0
BEGIN
  UPDATE messages SET
    event_count = event_count - OLD.repeats,
    created_at = iif(EXISTS (SELECT 1 FROM events WHERE message = OLD.message AND ahead <> 0),
      (SELECT min(created_at - ahead) FROM events WHERE message = OLD.message),
      (SELECT min(created_at) FROM events WHERE message = OLD.message)),
    updated_at = iif(EXISTS (SELECT 1 FROM events WHERE message = OLD.message AND ahead <> 0),
      (SELECT max(created_at - ahead) FROM events WHERE message = OLD.message),
      (SELECT max(created_at) FROM events WHERE message = OLD.message))
  WHERE id = OLD.message;
END;

DROP TRIGGER events_changed;
CREATE TRIGGER events_changed AFTER UPDATE OF created_at, attributes ON events
WHEN (NEW.created_at <> OLD.created_at OR NEW.attributes <> OLD.attributes)
  AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at - OLD.ahead WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
END;

-- Messages that are still ahead: their events are marked by the default of five minutes, and counted again by their receipt.
CREATE TABLE still_ahead AS
SELECT id FROM messages
WHERE updated_at > 300000000 + (SELECT max(received_at) FROM (SELECT received_at FROM events ORDER BY seq DESC LIMIT 1));

INSERT INTO event_changes (seq, was)
SELECT e.seq, e.created_at FROM still_ahead s CROSS JOIN events e ON e.message = s.id
WHERE e.created_at > e.received_at + 300000000 AND e.seq <= (SELECT seq FROM projection)
  AND e.seq NOT IN (SELECT seq FROM event_changes);

UPDATE events SET ahead = created_at - received_at
WHERE message IN (SELECT id FROM still_ahead) AND created_at > received_at + 300000000;

UPDATE messages SET
  created_at = (SELECT min(created_at - ahead) FROM events WHERE message = messages.id),
  updated_at = (SELECT max(created_at - ahead) FROM events WHERE message = messages.id)
WHERE id IN (SELECT id FROM still_ahead);

DROP TABLE still_ahead;
