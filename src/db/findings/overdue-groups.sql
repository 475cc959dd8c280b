-- Overdue stages by hop, from counts only: see `overdue-groups.ts`.

-- name: longest
-- Of the stage ?2 behind ?3 of the app with the number ?1 the one that was due first, of those with the mark ?4.
SELECT m.message_id, f.due_at
FROM findings f INDEXED BY findings_hop_overdue CROSS JOIN messages m ON m.id = f.message
WHERE f.app = ?1 AND f.stage = ?2 AND f.after = ?3 AND f.triage = ?4 AND f.kind = 'missing' AND f.retracted_at = 0
ORDER BY f.due_at LIMIT 1;
