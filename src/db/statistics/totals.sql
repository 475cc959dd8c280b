-- The numbers of metrics: see `totals-queries.ts`.

-- name: apps
-- The first ?1 apps.
SELECT id, app_id, events, open + overdue AS open FROM apps ORDER BY id LIMIT ?1;

-- name: all
SELECT count(*) AS apps, coalesce(sum(events), 0) AS events, coalesce(sum(open + overdue), 0) AS open FROM apps;

-- name: missing
-- Overdue stages by app, from the counts by hop.
SELECT s.app, sum(o.count) AS missing, sum(o.acknowledged) AS acknowledged
FROM overdue_ages o CROSS JOIN stages s ON s.id = o.stage
WHERE o.span = 0
GROUP BY s.app;

-- name: alerts
-- Active incidents, by the expression of the index `alert_incidents_order`; and deliveries that wait.
SELECT
  (SELECT count(*) FROM alert_incidents
   WHERE iif(closed_at = 0 AND resolved_at = 0, 9007199254740991, max(closed_at, resolved_at)) = 9007199254740991
  ) AS active_incidents,
  (SELECT count(*) FROM alert_sinks s CROSS JOIN alert_deliveries d ON d.sink = s.id AND d.state = 'pending'
  ) AS pending_deliveries;
