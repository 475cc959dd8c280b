-- The events of stages that several owe: see `owed-events.ts`.

-- name: read
-- For each of ?1, arrays of a message's number, the stage's event, the events that it comes after, the JSON paths of two
-- attributes (NULL for none) and how often it has to come: the names that the events before list, sorted, ?4 at most; each
-- name that acknowledges, with its first time and its first receipt; whether an event before is there; how many events of
-- the stage; their first times; and with ?6 when the last one that is needed was received. It looks at the first ?3 events
-- of a message among those up to the seq ?2. Names have ?5 bytes at most.
WITH q AS MATERIALIZED (
  SELECT value ->> 0 AS message, value ->> 1 AS event, value ->> 2 AS after,
    value ->> 3 AS "of", value ->> 4 AS "by", value ->> 5 AS times
  FROM json_each(?1)
)
SELECT json_group_array(json_array(
  CASE WHEN q."of" IS NOT NULL THEN json((
    SELECT json_group_array(name) FROM (
      SELECT DISTINCT CAST(r.value AS TEXT) AS name
      FROM (
        SELECT seq, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2
        ORDER BY created_at, event, event_id, detail LIMIT ?3
      ) k CROSS JOIN events e ON e.seq = k.seq CROSS JOIN json_each(nullif(e.attributes, ''), q."of") r
      WHERE k.event IN (SELECT value FROM json_each(q.after))
        AND json_type(nullif(e.attributes, ''), q."of") IN ('array', 'text', 'integer')
        AND r.type IN ('text', 'integer') AND octet_length(r.value) BETWEEN 1 AND ?5
      ORDER BY name LIMIT ?4))) END,
  CASE WHEN q."by" IS NOT NULL THEN json((
    SELECT json_group_array(json_array(name, at, received)) FROM (
      SELECT name, min(at) AS at, min(received_at) AS received
      FROM (
        SELECT e.created_at - e.ahead AS at, e.received_at,
          iif(json_type(nullif(e.attributes, ''), q."by") IN ('text', 'integer'), CAST(e.attributes ->> q."by" AS TEXT), NULL) AS name
        FROM (
          SELECT seq, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2
          ORDER BY created_at, event, event_id, detail LIMIT ?3
        ) k CROSS JOIN events e ON e.seq = k.seq
        WHERE k.event = q.event)
      WHERE octet_length(name) BETWEEN 1 AND ?5
      GROUP BY name))) END,
  EXISTS (
    SELECT 1 FROM (
      SELECT event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2
      ORDER BY created_at, event, event_id, detail LIMIT ?3)
    WHERE event IN (SELECT value FROM json_each(q.after))),
  (SELECT count(*) FROM (
      SELECT event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2
      ORDER BY created_at, event, event_id, detail LIMIT ?3)
    WHERE event = q.event),
  json((
    SELECT json_group_array(at) FROM (
      SELECT at, row_number() OVER (ORDER BY at) AS n FROM (
        SELECT created_at - ahead AS at, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2
        ORDER BY created_at, event, event_id, detail LIMIT ?3)
      WHERE event = q.event)
    WHERE n <= q.times)),
  CASE WHEN ?6 THEN (
    SELECT received_at FROM (
      SELECT e.received_at, row_number() OVER (ORDER BY e.received_at) AS n FROM (
        SELECT seq, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2
        ORDER BY created_at, event, event_id, detail LIMIT ?3
      ) k CROSS JOIN events e ON e.seq = k.seq
      WHERE k.event = q.event)
    WHERE n = q.times) END)) AS rows
FROM q;

-- name: sizes
-- How many events of each message ?1 (JSON: numbers) are looked at, ?2 at most.
SELECT json_group_array(json_array(id, min(event_count, ?2))) AS rows
FROM messages WHERE id IN (SELECT value FROM json_each(?1));

-- name: put
-- What is known of the stages of each instance that several owe: `Owed` by the stage's name, as JSON.
UPDATE instances SET owed = value ->> 1 FROM json_each(?1) WHERE message = value ->> 0;

-- name: ofMessages
SELECT message, run, owed FROM instances WHERE message IN (SELECT value FROM json_each(?1)) AND owed <> ''
UNION ALL
SELECT message, run, owed FROM runs WHERE message IN (SELECT value FROM json_each(?1)) AND owed <> '';
