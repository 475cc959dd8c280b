-- The last deliveries of each source, to be looked at and mapped again: see `src/sources/kept.ts`.
CREATE TABLE source_deliveries (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  -- The one app that it may have events of; empty for several.
  app_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- JSON: what became of it, and its headers.
  detail TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX source_deliveries_source ON source_deliveries (source, id);
CREATE INDEX source_deliveries_app ON source_deliveries (app_id);
CREATE INDEX source_deliveries_received ON source_deliveries (received_at);
