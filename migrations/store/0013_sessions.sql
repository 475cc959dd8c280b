-- Sessions of browsers, each as JSON; see src/access/session.ts. Of their cookies there are hashes only.
CREATE TABLE sessions (
  id     TEXT PRIMARY KEY,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
