-- The history of findings: see `finding-queries.ts`.

-- name: rangeEnd
-- The end of the range of changes behind ?1 that has ?3 + 1 of them; no row where (?1, ?2] has fewer.
SELECT seq FROM findings WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1 OFFSET ?3;

-- name: historyOfRange
-- At most ?4 findings of the app ?3 (NULL for all) whose last change is in (?1, ?2].
SELECT f.id, f.seq, f.run_number, f.kind, f.stage, f.after, f.version, f.started_at, f.due_at, f.raised_at, f.retracted_at, f.late_by,
  f.ended_by, f.imported, f.triage, f.mark,
  f.app, m.app_id, m.message_id, (
    SELECT o.value ->> 1
    FROM (
      SELECT owed FROM instances WHERE message = f.message AND run = f.run
      UNION ALL SELECT owed FROM runs WHERE message = f.message AND run = f.run
    ) i CROSS JOIN json_each(nullif(i.owed, '')) o
    WHERE o.value ->> 0 = f.stage) AS owed
FROM findings f CROSS JOIN messages m ON m.id = f.message
WHERE f.seq > ?1 AND f.seq <= ?2 AND (?3 IS NULL OR m.app_id = ?3)
ORDER BY f.seq LIMIT ?4;

-- name: historyOfMessage
-- The same of the messages with the id ?5. A plus keeps SQLite from reading the range.
SELECT f.id, f.seq, f.run_number, f.kind, f.stage, f.after, f.version, f.started_at, f.due_at, f.raised_at, f.retracted_at, f.late_by,
  f.ended_by, f.imported, f.triage, f.mark,
  f.app, m.app_id, m.message_id, (
    SELECT o.value ->> 1
    FROM (
      SELECT owed FROM instances WHERE message = f.message AND run = f.run
      UNION ALL SELECT owed FROM runs WHERE message = f.message AND run = f.run
    ) i CROSS JOIN json_each(nullif(i.owed, '')) o
    WHERE o.value ->> 0 = f.stage) AS owed
FROM messages m CROSS JOIN findings f ON f.message = m.id
WHERE m.message_id = ?5 AND (?3 IS NULL OR m.app_id = ?3) AND +f.seq > ?1 AND +f.seq <= ?2
ORDER BY f.seq LIMIT ?4;

-- name: ends
-- The last change, and how far the app ?1 ('' for all) has lost changes.
SELECT finding_seq, max(findings_pruned,
  coalesce((SELECT finding_seq FROM pruned_apps WHERE app_id = ?1), 0)) AS findings_pruned
FROM projection;
