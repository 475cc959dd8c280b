-- Sources of deliveries: see `src/sources/source.ts`.
CREATE TABLE sources (
  id TEXT NOT NULL PRIMARY KEY,
  -- JSON.
  source TEXT NOT NULL
) STRICT, WITHOUT ROWID;
