-- Overdue stages by hop, from counts only: see `overdue-groups.ts`.

-- name: longest
-- Of each hop of ?1 (JSON: app, stage, stage before) the one that was due first, of those with one of the marks ?2 (JSON: numbers): the
-- index has each mark apart.
SELECT g.key AS hop, m.message_id, g.first ->> 1 AS due_at
FROM (
  SELECT h.key, (
    SELECT json_array(first.value ->> 0, first.value ->> 1)
    FROM (
      SELECT (
        SELECT json_array(message, due_at) FROM findings INDEXED BY findings_hop_overdue
        WHERE app = h.value ->> 0 AND stage = h.value ->> 1 AND after = h.value ->> 2 AND triage = marks.value
          AND kind = 'missing' AND retracted_at = 0
        ORDER BY due_at LIMIT 1) AS value
      FROM json_each(?2) marks) first
    WHERE first.value IS NOT NULL ORDER BY first.value ->> 1 LIMIT 1) AS first
  FROM json_each(?1) h
) g CROSS JOIN messages m ON m.id = g.first ->> 0;
