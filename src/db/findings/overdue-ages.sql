-- How many stages are overdue at each hop, by when they were due: see `overdue-deltas.ts`.

-- name: add
-- ?1 JSON: rows of span, stage, start, and the two counts to add.
INSERT INTO overdue_ages (span, stage, start, count, acknowledged)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1) WHERE true
ON CONFLICT (span, stage, start) DO UPDATE SET
  count = count + excluded.count,
  acknowledged = acknowledged + excluded.acknowledged;

-- name: subtractRemains
-- The messages of `remains` are about to be deleted.
INSERT INTO overdue_ages (span, stage, start, count, acknowledged)
SELECT b.value, s.id, iif(b.value = 0, 0, f.due_at - ((f.due_at % b.value) + b.value) % b.value),
  -count(*), -count(*) FILTER (WHERE f.triage = 1)
FROM remains r
  CROSS JOIN findings f ON f.message = r.message AND f.kind = 'missing' AND +f.retracted_at = 0
  CROSS JOIN stages s ON s.app = f.app AND s.after = f.after AND s.stage = f.stage
  CROSS JOIN json_each('[0,60000000,3600000000,86400000000]') b
WHERE true GROUP BY 1, 2, 3
ON CONFLICT (span, stage, start) DO UPDATE SET
  count = count + excluded.count,
  acknowledged = acknowledged + excluded.acknowledged;

-- name: deleteEmpty
-- After something was subtracted.
DELETE FROM overdue_ages WHERE count <= 0;
