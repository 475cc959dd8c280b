-- Messages that the projector looks at again, and the states that messages can be in beside those of their events.

-- Messages that the projector is to judge again from what is stored, though no event of theirs has come: something else has changed that their
-- state depends on. Written in the transaction of that change; see `src/projection/revisits.ts`.
CREATE TABLE revisits (
  message INTEGER PRIMARY KEY,
  -- The version of a lifecycle that it goes by from now on; 0 for the one that it goes by.
  lifecycle INTEGER NOT NULL DEFAULT 0
) STRICT;

ALTER TABLE apps ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE apps ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
-- Messages that no lifecycle follows, which counted as open.
ALTER TABLE apps ADD COLUMN untracked INTEGER NOT NULL DEFAULT 0;
UPDATE apps SET untracked = open, open = 0;
UPDATE apps SET open = followed.open, untracked = untracked - followed.open
FROM (SELECT app, count(*) AS open FROM instances WHERE state = 0 GROUP BY app) AS followed
WHERE followed.app = apps.id;
