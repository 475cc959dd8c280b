-- Counts of active findings by which incidents open and are described: see `alert-queries.ts`. The index `findings_group` answers them.

-- name: countFindings
-- Active findings of a finding group, counted up to ?6. ?1 the app, ?2 the kind, ?3 the stage,
-- ?4 JSON: versions of the lifecycle, ?5 the earliest raised_at. Not those of messages whose first event arrived longer than ?7 after
-- they were due, nor those that follow from a backfill.
SELECT count(*) AS count
FROM (
  SELECT 1 FROM findings
  WHERE app = (SELECT id FROM apps WHERE app_id = ?1)
    AND kind = ?2 AND stage = ?3 AND stage <> '' AND retracted_at = 0
    AND lifecycle IN (
      SELECT id FROM lifecycles WHERE app_id = ?1 AND version IN (SELECT value FROM json_each(?4)))
    AND raised_at >= ?5 AND imported = 0
    AND (due_at >= raised_at - ?7 OR arrived_after <= ?7)
  LIMIT ?6
);

-- name: figures
-- Of each finding group of ?1 (JSON: arrays of app, kind, stage, versions, earliest raised_at, incident, from when on findings are fresh and
-- recent, how long after they were due messages arrived that were imported, and, where there may be a burst, from when on, of how many findings and within which time): how many there are, since when, how late, and how many of them are imported; the same of the
-- fresh ones, which are not imported; how many are recent; when the burst began; the ids of ?3 messages, of fresh ones where there are any; how many retention and
-- lifecycles took from the incident, and how many people have ended since it opened. ?2 findings at most are looked at for each figure.
WITH q AS MATERIALIZED (
  SELECT g.key AS k, (SELECT id FROM apps WHERE app_id = g.value ->> 0) AS app, g.value ->> 1 AS kind, g.value ->> 2 AS stage,
    (SELECT json_group_array(id) FROM lifecycles
      WHERE app_id = g.value ->> 0 AND version IN (SELECT value FROM json_each(g.value -> 3))) AS lifecycles,
    g.value ->> 4 AS since, g.value ->> 5 AS incident, g.value ->> 6 AS fresh_from, g.value ->> 7 AS recent_from, g.value ->> 8 AS imported,
    g.value ->> 9 AS burst_from, g.value ->> 10 AS burst_least, g.value ->> 11 AS burst_window
  FROM json_each(?1) g
), counted AS MATERIALIZED (
  SELECT q.*, (
    SELECT json_array(count(*), min(due_at), max(late_by),
      sum(imported = 1 OR due_at < raised_at - q.imported AND arrived_after > q.imported)) FROM (
      SELECT due_at, late_by, raised_at, imported, arrived_after FROM findings
      WHERE app = q.app AND kind = q.kind AND stage = q.stage AND stage <> '' AND retracted_at = 0
        AND lifecycle IN (SELECT value FROM json_each(q.lifecycles)) AND raised_at >= q.since
      LIMIT ?2)) AS active, (
    SELECT json_array(count(*), min(due_at)) FROM (
      SELECT due_at, raised_at, imported, arrived_after FROM findings
      WHERE app = q.app AND kind = q.kind AND stage = q.stage AND stage <> '' AND retracted_at = 0
        AND lifecycle IN (SELECT value FROM json_each(q.lifecycles)) AND raised_at >= max(q.since, q.fresh_from)
      LIMIT ?2)
    WHERE imported = 0 AND (due_at >= raised_at - q.imported OR arrived_after <= q.imported)) AS fresh
  FROM q
), named AS MATERIALIZED (
  -- Once, and not for each finding.
  SELECT *, fresh ->> 0 AS fresh_count, fresh ->> 1 AS fresh_since FROM counted
)
SELECT c.active ->> 0 AS count, c.active ->> 1 AS since, c.active ->> 2 AS late_by, c.active ->> 3 AS imported, c.fresh_count AS fresh, c.fresh_since,
  (
    SELECT count(*) FROM (
      SELECT due_at, raised_at, imported, arrived_after FROM findings
      WHERE app = c.app AND kind = c.kind AND stage = c.stage AND stage <> '' AND retracted_at = 0
        AND lifecycle IN (SELECT value FROM json_each(c.lifecycles)) AND raised_at >= max(c.since, c.recent_from)
      LIMIT ?2)
    WHERE imported = 0 AND (due_at >= raised_at - c.imported OR arrived_after <= c.imported)
  ) AS recent,
  iif(c.burst_from IS NULL, NULL, (
    SELECT min(first) FROM (
      SELECT raised_at, lag(raised_at, c.burst_least - 1) OVER (ORDER BY raised_at) AS first FROM (
        SELECT due_at, raised_at, imported, arrived_after FROM findings
        WHERE app = c.app AND kind = c.kind AND stage = c.stage AND stage <> '' AND retracted_at = 0
          AND lifecycle IN (SELECT value FROM json_each(c.lifecycles)) AND raised_at >= max(c.since, c.burst_from)
        LIMIT ?2)
      WHERE imported = 0 AND (due_at >= raised_at - c.imported OR arrived_after <= c.imported))
    WHERE raised_at - first <= c.burst_window
  )) AS burst_since,
  (
    SELECT json_group_array(m.message_id)
    FROM (
      SELECT id FROM (
        SELECT id, due_at, raised_at, imported, arrived_after FROM findings
        WHERE app = c.app AND kind = c.kind AND stage = c.stage AND stage <> '' AND retracted_at = 0
          AND lifecycle IN (SELECT value FROM json_each(c.lifecycles))
          AND raised_at >= iif(c.fresh_count > 0, max(c.since, c.fresh_from), c.since)
        LIMIT ?2)
      WHERE c.fresh_count = 0 OR imported = 0 AND (due_at >= raised_at - c.imported OR arrived_after <= c.imported)
      ORDER BY due_at, id LIMIT ?3
    ) sample CROSS JOIN findings f ON f.id = sample.id CROSS JOIN messages m ON m.id = f.message
  ) AS samples,
  (SELECT expired FROM alert_incidents WHERE id = c.incident) AS expired,
  (SELECT abandoned FROM alert_incidents WHERE id = c.incident) AS abandoned,
  -- The projector's clock may be a little behind that of the mark. One without a mark was ignored for good in an earlier run, and never active.
  (
    SELECT count(*) FROM (
      SELECT f.ended_by, f.raised_at, f.mark, max(i.opened_at, i.reopened_at) AS opened
      FROM alert_incidents i CROSS JOIN findings f INDEXED BY findings_ended
        ON f.app = c.app AND f.kind = c.kind AND f.stage = c.stage AND f.ended_by <> ''
          AND f.lifecycle IN (SELECT value FROM json_each(c.lifecycles))
          AND f.retracted_at >= max(i.opened_at, i.reopened_at) - 60000000
      WHERE i.id = c.incident
      LIMIT ?2)
    WHERE ended_by IN ('resolved', 'ignored') AND raised_at >= c.since AND nullif(mark, '') ->> 'at' >= opened
  ) AS closed
FROM named c ORDER BY c.k;
