-- Where a journal and the database go on together: see `position.ts`.

-- name: lastOfAll
-- The last seq of any kind, the last leap, and the projector's place. Events behind that place are counted up to 100,000.
SELECT
  max(
    coalesce((SELECT max(seq) FROM positions), 0),
    coalesce((SELECT max(seq) FROM events), 0),
    (SELECT seq FROM pruned),
    projection.seq
  ) AS seq,
  coalesce((SELECT max(before) FROM gaps WHERE sequence = 'events'), 0) AS leapt,
  coalesce((SELECT received_at FROM events ORDER BY seq DESC LIMIT 1), 0) AS received_at,
  projection.seq AS projected,
  (SELECT count(*) FROM (SELECT 1 FROM events WHERE events.seq > projection.seq LIMIT 100000)) AS unprojected
FROM projection;

-- name: leap
-- The seqs of ?1 between ?2 and ?3 were never assigned.
INSERT INTO gaps (sequence, after, before) SELECT ?1, ?2, ?3 WHERE ?3 > ?2 + 1
ON CONFLICT (sequence, after) DO UPDATE SET before = max(before, excluded.before);

-- name: gapAround
-- The end of the gap of ?1 that holds the seq ?2; NULL for none.
SELECT max(before) AS seq FROM gaps WHERE sequence = ?1 AND after < ?2 AND before > ?2;

-- name: extendOldestGap
-- All gaps of ?1 but the last ?2 become one, with the seqs between them: a subscriber that resumes from one of those starts over.
UPDATE gaps SET before = coalesce((
  SELECT max(before) FROM (
    SELECT before FROM gaps WHERE sequence = ?1 ORDER BY after DESC LIMIT -1 OFFSET ?2)), before)
WHERE sequence = ?1 AND after = (SELECT min(after) FROM gaps WHERE sequence = ?1);

-- name: deleteMergedGaps
DELETE FROM gaps
WHERE sequence = ?1
  AND after <> (SELECT min(after) FROM gaps WHERE sequence = ?1)
  AND after IN (SELECT after FROM gaps WHERE sequence = ?1 ORDER BY after DESC LIMIT -1 OFFSET ?2);

-- name: prunedApp
-- How far the app ?1 has lost events; '' for all apps.
SELECT max(seq, coalesce((SELECT seq FROM pruned_apps WHERE app_id = ?1), 0)) AS seq FROM pruned;

-- name: prunedMessage
-- The same of the message ?2 of the app ?1, which has lost none since its first event.
SELECT max(seq, CAST(min(
  coalesce((SELECT seq FROM pruned_apps WHERE app_id = ?1), 0),
  coalesce((SELECT id - 1 FROM messages WHERE message_id = ?2 AND app_id = ?1), 9e15)
) AS INTEGER)) AS seq
FROM pruned;
