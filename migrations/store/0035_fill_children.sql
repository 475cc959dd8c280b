-- Messages that were stored before the parts of others were kept, by the index of events that name a parent. The trigger of `children` has each of them
-- judged again, with its parent.

INSERT OR IGNORE INTO children (child, app, parent)
SELECT e.message, a.id, min(e.parent_id)
FROM events e INDEXED BY events_parents CROSS JOIN messages m ON m.id = e.message CROSS JOIN apps a ON a.app_id = m.app_id
WHERE e.parent_id <> ''
GROUP BY e.message;
