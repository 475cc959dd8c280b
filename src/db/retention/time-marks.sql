-- The clock's record, and how far the sequences were at which time: see `time-marks.ts`.

-- name: recordTime
INSERT INTO clock (one, elapsed, wall, absent, stepped, agreed, skews) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (one) DO UPDATE SET
  elapsed = excluded.elapsed,
  wall = excluded.wall,
  absent = excluded.absent,
  stepped = excluded.stepped,
  agreed = excluded.agreed,
  skews = excluded.skews;

-- name: addMark
-- At ?1 the events were at ?2. Not where the last mark says the same, nor within ?3 of it.
INSERT OR REPLACE INTO marks (elapsed, seq, finding_seq)
SELECT ?1, ?2, finding_seq FROM projection
WHERE (?2, finding_seq) IS NOT (SELECT seq, finding_seq FROM marks ORDER BY elapsed DESC LIMIT 1)
  AND NOT EXISTS (SELECT 1 FROM marks WHERE elapsed > ?1 - ?3);

-- name: thinMarks
-- Every other mark, where those around it are not further apart than a ?2th of its age at ?1: so a message stays longer by such a share at
-- most for any retention, and few marks are enough.
DELETE FROM marks WHERE elapsed IN (
  SELECT elapsed FROM (
    SELECT elapsed, row_number() OVER marked AS place,
      lead(elapsed) OVER marked - lag(elapsed) OVER marked AS apart
    FROM marks WINDOW marked AS (ORDER BY elapsed))
  WHERE place % 2 = 0 AND apart <= (?1 - elapsed) / ?2);

-- name: dropMarks
-- Those before the last one that is at least as old as ?1.
DELETE FROM marks WHERE elapsed < (SELECT max(elapsed) FROM marks WHERE elapsed <= ?1);

-- name: markBefore
-- The last mark at ?1 or before, no further than the projector: events that it has not applied must stay.
SELECT seq, finding_seq FROM marks
WHERE elapsed <= ?1 AND seq <= (SELECT seq FROM projection)
ORDER BY elapsed DESC LIMIT 1;
