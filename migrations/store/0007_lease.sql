-- The process that writes to the database of a server. It increments `beat` as long as it runs.
CREATE TABLE lease (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  token TEXT NOT NULL,
  beat INTEGER NOT NULL
) STRICT;

INSERT INTO lease VALUES (1, '', 0, '', 0);
