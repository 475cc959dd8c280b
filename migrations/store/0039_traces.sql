-- The `traceparent` that an event came with, empty for most: see `core/traceparent.ts`. It lies beside the event's identity and its
-- contents, so no index and no trigger has it.
ALTER TABLE events ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
