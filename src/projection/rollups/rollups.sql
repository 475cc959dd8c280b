-- What a step adds to the counts: see `rollup-deltas.ts`. ?1 is a JSON array of rows.

-- name: addToApps
INSERT INTO apps (app_id, events, ahead, open, overdue, complete, failed, abandoned, closed, untracked)
SELECT
  value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
  value ->> 9
FROM json_each(?1) WHERE true
ON CONFLICT (app_id) DO UPDATE SET
  open = open + excluded.open,
  overdue = overdue + excluded.overdue,
  complete = complete + excluded.complete,
  failed = failed + excluded.failed,
  abandoned = abandoned + excluded.abandoned,
  closed = closed + excluded.closed,
  untracked = untracked + excluded.untracked,
  events = events + excluded.events,
  ahead = ahead + excluded.ahead;

-- name: addToRates
-- After `addToApps`, which knows every app by then.
INSERT INTO rates (app, minute, event, count)
SELECT (SELECT id FROM apps WHERE app_id = value ->> 0), value ->> 1, value ->> 2, value ->> 3
FROM json_each(?1) WHERE true
ON CONFLICT (app, minute, event) DO UPDATE SET count = count + excluded.count;

-- name: deleteEmptyRates
-- After less was added to some; of a minute that retention has taken there was nothing to take away from.
DELETE FROM rates WHERE count <= 0;

-- name: addToFunnel
INSERT INTO funnel (stage, span, start, reached, waiting, overdue, never)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
FROM json_each(?1) WHERE true
ON CONFLICT (stage, span, start) DO UPDATE SET
  reached = reached + excluded.reached,
  waiting = waiting + excluded.waiting,
  overdue = overdue + excluded.overdue,
  never = never + excluded.never;

-- name: latencies
-- Those of the keys ?1 that there are: `[stage, span, start]` each.
SELECT json_group_array(json_array(l.stage, l.span, l.start, l.histogram)) AS rows
FROM json_each(?1) k
CROSS JOIN latencies l ON l.stage = k.value ->> 0 AND l.span = k.value ->> 1 AND l.start = k.value ->> 2;

-- name: putLatencies
INSERT INTO latencies (stage, span, start, histogram)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
ON CONFLICT (stage, span, start) DO UPDATE SET histogram = excluded.histogram;

-- name: abandonIncidents
-- ?1 JSON: `[[app, stage], count]` of findings whose messages were abandoned.
UPDATE alert_incidents SET abandoned = alert_incidents.abandoned + gone.count
FROM (SELECT value ->> '$[0][0]' AS app_id, value ->> '$[0][1]' AS stage, value ->> 1 AS count FROM json_each(?1)) AS gone
WHERE alert_incidents.closed_at = 0 AND alert_incidents.kind = 'missing'
  AND alert_incidents.app_id = gone.app_id AND alert_incidents.stage = gone.stage;
