-- Changes by callers: each row is written in the transaction of its change. See src/core/audit.ts.

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Microseconds.
  at INTEGER NOT NULL,
  -- The caller, and where it called from.
  who TEXT NOT NULL,
  name TEXT NOT NULL,
  address TEXT NOT NULL,
  protocol TEXT NOT NULL,
  -- The operation, and the id of the thing that it changed.
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  -- Empty where the change is not about one app.
  app_id TEXT NOT NULL,
  -- JSON objects; empty where the thing was not there.
  old TEXT NOT NULL,
  new TEXT NOT NULL
) STRICT;

CREATE TABLE audit_size (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  -- Of all rows: 1,024 for each, and the bytes of old and new.
  bytes INTEGER NOT NULL,
  -- Rows that made room for others.
  dropped INTEGER NOT NULL
) STRICT;

INSERT INTO audit_size VALUES (1, 0, 0);

CREATE TRIGGER audit_added AFTER INSERT ON audit
BEGIN
  UPDATE audit_size SET bytes = bytes + 1024 + octet_length(NEW.old) + octet_length(NEW.new);
END;

CREATE TRIGGER audit_deleted AFTER DELETE ON audit
BEGIN
  UPDATE audit_size SET bytes = bytes - 1024 - octet_length(OLD.old) - octet_length(OLD.new);
END;
