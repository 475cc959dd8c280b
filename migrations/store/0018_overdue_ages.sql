-- Marks of people on findings, and how many stages are overdue at each hop, by when they were due.

-- The mark that holds for the finding, as it was last counted: 0 none, 1 acknowledged, 2 resolved, 3 ignored.
ALTER TABLE findings ADD COLUMN triage INTEGER NOT NULL DEFAULT 0;

CREATE TABLE overdue_ages (
  -- Microseconds: a minute, an hour, a day; 0 for all together, whose `start` is 0.
  span INTEGER NOT NULL,
  -- `stages.id`
  stage INTEGER NOT NULL,
  -- The bucket of `due_at`.
  start INTEGER NOT NULL,
  count INTEGER NOT NULL,
  -- How many of these are acknowledged.
  acknowledged INTEGER NOT NULL,
  PRIMARY KEY (span, stage, start)
) STRICT, WITHOUT ROWID;

CREATE INDEX overdue_ages_none ON overdue_ages (stage) WHERE count <= 0;

-- Rounded down before 1970 too.
INSERT INTO overdue_ages (span, stage, start, count, acknowledged)
SELECT b.value, s.id, iif(b.value = 0, 0, f.due_at - ((f.due_at % b.value) + b.value) % b.value), count(*), 0
FROM findings f CROSS JOIN stages s ON s.app = f.app AND s.after = f.after AND s.stage = f.stage
  CROSS JOIN json_each('[0,60000000,3600000000,86400000000]') b
WHERE f.kind = 'missing' AND f.retracted_at = 0
GROUP BY 1, 2, 3;

-- The longest overdue of each hop.
CREATE INDEX findings_hop_overdue ON findings (app, stage, after, triage, due_at)
WHERE kind = 'missing' AND retracted_at = 0;
