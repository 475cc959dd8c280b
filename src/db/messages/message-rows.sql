-- A message with few events: see `message-rows.ts`.

-- name: small
-- All that the answer to the message ?1 of the app ?2 is made of, where it has ?3 events at most. `seq`: the position of the journal ?4.
-- `version`: of the lifecycle that it goes by, or will.
SELECT m.id, m.event_count, p.watermark, p.seq AS projected, i.lifecycle, i.times, l.id AS plan, l.version,
  (SELECT seq FROM positions WHERE journal_id = ?4) AS seq,
  (SELECT skews FROM clock) AS skews,
  (SELECT json_group_array(json_array(run, kind, stage, due_at, retracted_at, triage, mark)) FROM findings
    WHERE message = m.id AND (retracted_at = 0 OR ended_by IN ('resolved', 'ignored'))) AS held,
  (SELECT json_group_array(json_array(seq, event, created_at, received_at, event_id, external_id, attributes, parent_id, duplicates,
      detail, changed_seq, ahead, traceparent)) FROM (
    SELECT * FROM events INDEXED BY events_order WHERE message = m.id
    ORDER BY created_at, event, event_id, detail)) AS events
FROM messages m CROSS JOIN projection p
  LEFT JOIN instances i ON i.message = m.id
  LEFT JOIN lifecycles l ON l.id = coalesce(i.lifecycle,
    (SELECT id FROM lifecycles WHERE app_id = ?2 AND after_seq < m.id ORDER BY version DESC LIMIT 1))
WHERE m.message_id = ?1 AND m.app_id = ?2 AND m.event_count <= ?3;
