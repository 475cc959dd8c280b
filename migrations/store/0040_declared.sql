-- What configuration files have declared: see `src/core/declared-things.ts`.
CREATE TABLE declared (
  thing TEXT NOT NULL PRIMARY KEY,
  -- That of the file which declared it last.
  name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX declared_name ON declared (name, thing);
