-- Journeys: messages of several apps that belong together. See `src/core/journey.ts`.

-- With the message: so the messages of an external id are found one by one, however many events of each have it.
DROP INDEX events_external;
CREATE INDEX events_external ON events (external_id, message) WHERE external_id <> '';

-- The versions of lifecycles whose messages have the journeys of their own ids. Beside `lifecycles`, whose rows are large.
CREATE TABLE journeys_by_message (lifecycle INTEGER PRIMARY KEY, app_id TEXT NOT NULL) STRICT;
