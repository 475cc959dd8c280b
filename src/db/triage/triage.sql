-- Marks of people on findings: see `triage-writer.ts`. ?1 JSON: the ids of findings.

-- name: findings
SELECT json_group_array(json_array(id, message, due_at, retracted_at, ended_by, mark)) AS rows
FROM findings WHERE id IN (SELECT value FROM json_each(?1));

-- name: mark
-- ?1 JSON: the id of a finding and its mark. The projector applies it: see `revisits`.
UPDATE findings SET mark = j.value ->> 1, marked = 1 FROM json_each(?1) j WHERE findings.id = j.value ->> 0;

-- name: pending
-- Whether the projector has some of the marks left to apply, and the last change of any finding.
SELECT finding_seq AS seq, EXISTS (
  SELECT 1 FROM findings WHERE id IN (SELECT value FROM json_each(?1)) AND marked = 1) AS pending
FROM projection;
