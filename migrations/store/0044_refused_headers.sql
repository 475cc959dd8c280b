-- A refused message as a whole: rules of sources read headers, too. And by its app an erasure and the retention find it.
ALTER TABLE broker_refused ADD COLUMN headers TEXT NOT NULL DEFAULT '{}';
-- Empty where its events name their own.
ALTER TABLE broker_refused ADD COLUMN app_id TEXT NOT NULL DEFAULT '';
