-- Which process writes to the database, where it is a server's. The number rises as long as that process runs.
CREATE TABLE lease (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  token TEXT NOT NULL,
  beat INTEGER NOT NULL
) STRICT;

INSERT INTO lease VALUES (1, '', 0, '', 0);
