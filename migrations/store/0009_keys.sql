-- Keys, each as JSON; see src/access/key.ts. Of their texts there are hashes only.
CREATE TABLE keys (
  id     TEXT PRIMARY KEY,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
