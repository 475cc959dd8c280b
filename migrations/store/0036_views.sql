-- Views of the dashboard that people have saved: see `src/core/saved-view.ts`.
CREATE TABLE views (
  -- The caller as in the audit.
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  owner_name TEXT NOT NULL,
  address TEXT NOT NULL,
  -- Empty for none.
  app_id TEXT NOT NULL,
  shared INTEGER NOT NULL,
  PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX views_shared ON views (name, owner) WHERE shared = 1;
