/** Written by npm run generate from migrations/ and the .sql files of src/. Edit those. */

/** migrations/store/, in order. */
export const storeMigrations = [
  { name: "0001_messages", sql: `-- Messages and their events.
--
-- Most of the cost of storing is page writes. Ids are random, so only one index has them, and it is written once a message.
-- Everything else grows at its end: rows by seq, indexes by time or by the message's number.

CREATE TABLE messages (
  -- The seq of the message's first event to arrive: unique, and rising.
  id INTEGER PRIMARY KEY,
  app_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  -- Microseconds. The earliest and latest created_at of its events, and when the last one arrived.
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  -- The seq of its first event in its last batch: its number within that batch.
  alias INTEGER NOT NULL,
  -- Its events without repeats, counted so that a reader knows the cost before it reads them.
  event_count INTEGER NOT NULL DEFAULT 0,
  -- This way round it also finds a message id in any app, and the ids with a prefix.
  UNIQUE (message_id, app_id)
) STRICT;

CREATE INDEX messages_created ON messages (created_at);
CREATE INDEX messages_updated ON messages (updated_at);
CREATE INDEX messages_app_created ON messages (app_id, created_at);
CREATE INDEX messages_app_updated ON messages (app_id, updated_at);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  event TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  -- Empty where the producer gave none.
  event_id TEXT NOT NULL,
  external_id TEXT NOT NULL,
  attributes TEXT NOT NULL,
  duplicates INTEGER NOT NULL,
  -- Where it has no event_id: a hash of its external id and attributes; empty where it has neither of them.
  detail TEXT NOT NULL DEFAULT '',
  -- The seq of the last repeat that changed this row; 0 for none.
  changed_seq INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The identity of an event within its message: its name and event_id, or else all of its fields. The first index has every
-- event, for it is also the order in which a message's events are read.
CREATE UNIQUE INDEX events_order ON events (message, created_at, event, event_id, detail);
CREATE UNIQUE INDEX events_by_id ON events (message, event, event_id) WHERE event_id <> '';
CREATE UNIQUE INDEX events_changes ON events (changed_seq) WHERE changed_seq <> 0;
CREATE INDEX events_external ON events (external_id) WHERE external_id <> '';

-- The messages of a batch that were there before it: their number within the batch, and their id. For new messages the two
-- are the same. Each transaction fills and empties it; while it is empty, events are inserted without a lookup.
CREATE TABLE aliases (
  alias INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  -- How many of its events in the batch are repeats.
  repeats INTEGER NOT NULL
) STRICT;

CREATE TRIGGER messages_alias AFTER UPDATE OF alias ON messages WHEN NEW.alias <> NEW.id
BEGIN
  INSERT OR IGNORE INTO aliases (alias, message, repeats) VALUES (NEW.alias, NEW.id, 0);
END;

CREATE TRIGGER events_repeated AFTER UPDATE OF duplicates ON events
BEGIN
  UPDATE aliases SET repeats = repeats + 1 WHERE alias = (SELECT alias FROM messages WHERE id = NEW.message);
END;

-- The upsert of messages counts repeats as new events and takes their times. After all events of the batch both are
-- recomputed.
CREATE TRIGGER aliases_recompute BEFORE DELETE ON aliases WHEN OLD.repeats > 0
BEGIN
  UPDATE messages SET
    event_count = event_count - OLD.repeats,
    created_at = (SELECT min(created_at) FROM events WHERE message = OLD.message),
    updated_at = (SELECT max(created_at) FROM events WHERE message = OLD.message)
  WHERE id = OLD.message;
END;

-- How far each journal has been applied. A transaction names the position it continues from; one that continues from
-- another (sent again after a lost answer, or by a process that should be dead) changes nothing.
CREATE TABLE positions (
  journal_id TEXT PRIMARY KEY,
  continues_from INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT;

CREATE TRIGGER positions_continue BEFORE UPDATE ON positions WHEN NEW.continues_from <> OLD.seq
BEGIN
  SELECT raise(ABORT, 'journal position moved');
END;

CREATE TRIGGER positions_begin BEFORE INSERT ON positions
WHEN NEW.continues_from <> NEW.seq AND NOT EXISTS (SELECT 1 FROM positions WHERE journal_id = NEW.journal_id)
BEGIN
  SELECT raise(ABORT, 'journal position unknown');
END;

-- Retention: events up to this seq may be gone.
CREATE TABLE pruned (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL
) STRICT;

INSERT INTO pruned (one, seq) VALUES (1, 0);
` },
  { name: "0002_lifecycles", sql: `-- Lifecycles, the instance of each message, findings, and statistics.

CREATE TABLE lifecycles (
  id INTEGER PRIMARY KEY,
  app_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  -- It holds for messages with a greater id.
  after_seq INTEGER NOT NULL,
  -- Of the definition; 0 where this version ends the lifecycle.
  bytes INTEGER NOT NULL,
  -- JSON: \`stages.id\` of the whole lifecycle, then of each stage.
  stage_ids TEXT NOT NULL,
  -- As JSON; empty where this version ends the lifecycle. The last column: it can be large.
  definition TEXT NOT NULL,
  UNIQUE (app_id, version)
) STRICT;

-- How many instances go by each version. Beside \`lifecycles\`, whose rows are large.
CREATE TABLE lifecycle_instances (
  lifecycle INTEGER PRIMARY KEY,
  instances INTEGER NOT NULL
) STRICT;

-- The projector's position. It reads stored events by itself, so that storing does not wait for it.
CREATE TABLE projection (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  continues_from INTEGER NOT NULL,
  -- Counts the projector's transactions: each names the one that it continues from, and a trigger refuses others.
  step INTEGER NOT NULL,
  -- Every event up to here has been applied.
  seq INTEGER NOT NULL,
  -- Microseconds: what was active by then has been raised.
  watermark INTEGER NOT NULL,
  -- The last change of a finding.
  finding_seq INTEGER NOT NULL,
  -- Findings whose last change was up to here may be gone.
  findings_pruned INTEGER NOT NULL
) STRICT;

INSERT INTO projection VALUES (1, 0, 0, 0, 0, 0, 0);

CREATE TRIGGER projection_continue BEFORE UPDATE OF step ON projection WHEN NEW.continues_from <> OLD.step
BEGIN
  SELECT raise(ABORT, 'projection moved');
END;

-- Events that the projector has to count again. \`was\` is the time by which an event was counted before a repeat with an
-- earlier time; NULL for an event that was stored behind the projector's position and not counted yet.
CREATE TABLE event_changes (
  seq INTEGER PRIMARY KEY,
  was INTEGER
) STRICT;

CREATE TRIGGER events_changed AFTER UPDATE OF created_at ON events
WHEN NEW.created_at <> OLD.created_at AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
END;

CREATE TABLE apps (
  id INTEGER PRIMARY KEY,
  app_id TEXT NOT NULL UNIQUE,
  -- Messages by their state. Those that retention deleted unfinished are expired.
  open INTEGER NOT NULL DEFAULT 0,
  overdue INTEGER NOT NULL DEFAULT 0,
  complete INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  expired INTEGER NOT NULL DEFAULT 0,
  events INTEGER NOT NULL DEFAULT 0,
  -- Bytes of the versions of its lifecycle.
  lifecycle_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The instance of each message that has a lifecycle: how far it is along it.
CREATE TABLE instances (
  message INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  lifecycle INTEGER NOT NULL,
  -- 0 open, 1 overdue, 2 complete, 3 failed.
  state INTEGER NOT NULL,
  -- Microseconds: its created_at when the projector last looked; since when it is overdue, 0 for not; when to look whether a
  -- finding is active that has not been raised, 0 for never.
  opened_at INTEGER NOT NULL,
  overdue_since INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  -- How many findings were ever raised.
  findings INTEGER NOT NULL,
  -- \`;<stage><status>\` for each stage: r reached, w waiting, o overdue, n never.
  statuses TEXT NOT NULL,
  -- JSON: the earliest created_at of each event that the lifecycle names, in its order.
  times TEXT NOT NULL
) STRICT;

-- With the app, so that those of paused apps can be left out.
CREATE INDEX instances_next ON instances (next_at, app) WHERE next_at <> 0;
CREATE INDEX instances_overdue ON instances (overdue_since) WHERE overdue_since <> 0;
CREATE INDEX instances_app_overdue ON instances (app, overdue_since) WHERE overdue_since <> 0;

CREATE TABLE findings (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  app INTEGER NOT NULL,
  lifecycle INTEGER NOT NULL,
  kind TEXT NOT NULL,
  stage TEXT NOT NULL,
  -- Copied from the lifecycle, so that reading a finding needs no definition: the stage before, and the version.
  after TEXT NOT NULL,
  version INTEGER NOT NULL,
  -- When the stage's clock started; \`due_at\` where none did.
  started_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  raised_at INTEGER NOT NULL,
  -- 0 while it is active.
  retracted_at INTEGER NOT NULL,
  late_by INTEGER NOT NULL,
  -- The place of its last change in the sequence of all changes.
  seq INTEGER NOT NULL UNIQUE,
  UNIQUE (message, kind, stage)
) STRICT;

CREATE INDEX findings_raised ON findings (raised_at);
CREATE INDEX findings_app_raised ON findings (app, raised_at);
-- Overdue stages, the longest first.
CREATE INDEX findings_overdue ON findings (due_at) WHERE kind = 'missing' AND retracted_at = 0;
CREATE INDEX findings_app_overdue ON findings (app, due_at) WHERE kind = 'missing' AND retracted_at = 0;

-- The stages that messages are counted by, each with the one before. Both are empty for the whole lifecycle.
CREATE TABLE stages (
  id INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  after TEXT NOT NULL,
  stage TEXT NOT NULL,
  -- How many versions name it. One that none names is deleted with its last count.
  versions INTEGER NOT NULL DEFAULT 0,
  UNIQUE (app, after, stage)
) STRICT;

CREATE INDEX stages_unnamed ON stages (id) WHERE versions = 0;

-- Counts of messages by when they were opened. \`span\` is the bucket's length and \`start\` its beginning, in microseconds.
CREATE TABLE funnel (
  stage INTEGER NOT NULL,
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  reached INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  overdue INTEGER NOT NULL,
  never INTEGER NOT NULL,
  PRIMARY KEY (stage, span, start)
) STRICT, WITHOUT ROWID;

-- How long it took to reach a stage, by when it was reached.
CREATE TABLE latencies (
  stage INTEGER NOT NULL,
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  -- See \`src/statistics/histogram.ts\`: sparse buckets of scale 7.
  histogram TEXT NOT NULL,
  PRIMARY KEY (stage, span, start)
) STRICT;

-- Events by when they happened.
CREATE TABLE rates (
  app INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  event TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (app, minute, event)
) STRICT, WITHOUT ROWID;

-- Counts that have become 0, which are deleted at once.
CREATE INDEX rates_none ON rates (app) WHERE count <= 0;
` },
  { name: "0003_alerts", sql: `-- Alerts: rules, sinks, silences; incidents and their notifications.

CREATE TABLE alert_rules (
  id TEXT PRIMARY KEY,
  -- As JSON, like the other two.
  rule TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_sinks (
  id TEXT PRIMARY KEY,
  sink TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_silences (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  until INTEGER NOT NULL,
  silence TEXT NOT NULL
) STRICT;

-- The evaluator's position in the changes of findings. Each of its transactions names the one that it continues from.
CREATE TABLE alert_cursor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  continues_from INTEGER NOT NULL,
  step INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL,
  last_incident INTEGER NOT NULL
) STRICT;

INSERT INTO alert_cursor VALUES (1, 0, 0, 0, 0);

CREATE TRIGGER alert_cursor_continue BEFORE UPDATE OF step ON alert_cursor WHEN NEW.continues_from <> OLD.step
BEGIN
  SELECT raise(ABORT, 'alerts moved');
END;

CREATE TABLE alert_incidents (
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  app_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  stage TEXT NOT NULL,
  after TEXT NOT NULL,
  -- JSON: versions of the lifecycle.
  versions TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  counted_from INTEGER NOT NULL,
  first_raised_at INTEGER NOT NULL,
  last_raised_at INTEGER NOT NULL,
  notified_at INTEGER NOT NULL,
  silenced INTEGER NOT NULL,
  changes INTEGER NOT NULL,
  -- 0 while it is active.
  closed_at INTEGER NOT NULL,
  text TEXT NOT NULL,
  -- Messages that it counted and that retention has deleted since, still unfinished.
  expired INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX alert_incidents_active ON alert_incidents (rule, app_id, kind, stage, after) WHERE closed_at = 0;
CREATE INDEX alert_incidents_closed ON alert_incidents (closed_at, id);
-- The order of lists: those that are active come first.
CREATE INDEX alert_incidents_order ON alert_incidents (iif(closed_at = 0, 9007199254740991, closed_at), id);

CREATE TABLE alert_deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Both null for a test.
  incident INTEGER,
  change INTEGER,
  sink TEXT NOT NULL,
  state TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  notification TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  -- One notification of a change for each sink.
  UNIQUE (incident, change, sink)
) STRICT;

CREATE INDEX alert_deliveries_due ON alert_deliveries (sink, next_at) WHERE state = 'pending';
CREATE INDEX alert_deliveries_created ON alert_deliveries (created_at);

CREATE TABLE alert_attempts (
  delivery INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER NOT NULL,
  error TEXT NOT NULL,
  response TEXT NOT NULL,
  PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

-- Counts a group of active findings from the index alone. No stage is empty: the second condition keeps SQLite from choosing
-- this index for other queries, which would then have to sort.
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by)
WHERE retracted_at = 0 AND stage <> '';
` },
  { name: "0004_set_aside", sql: `-- Events and messages that cannot be applied, kept until an operator replays or deletes them.

CREATE TABLE set_aside (
  -- Of the event; of a message that is not followed, its number.
  seq INTEGER PRIMARY KEY,
  -- 'event': it is not stored. 'message': it is not followed along its lifecycle.
  kind TEXT NOT NULL,
  app_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  -- Microseconds: when, and why.
  at INTEGER NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- The whole event as JSON; empty for a message.
  event TEXT NOT NULL
) STRICT;
` },
  { name: "0005_retention", sql: `-- Retention: its time, and its traces.

-- The last record of the clock, in microseconds: see \`src/core/time-record.ts\`.
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  elapsed INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  absent INTEGER NOT NULL,
  stepped INTEGER NOT NULL,
  agreed INTEGER NOT NULL
) STRICT;

-- How far the sequences of events and of findings were after so much running time. All up to there is at least as old, whichever time
-- the wall clock showed.
CREATE TABLE marks (
  elapsed INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL
) STRICT;

-- Deleted messages that have events left: more than one step deletes. No other row leads to these events.
CREATE TABLE remains (message INTEGER PRIMARY KEY) STRICT;

-- How far each app has lost events and findings; the app without a name stands for all of them.
CREATE TABLE pruned_apps (
  app_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Deleted messages, by a hash of their ids, with their latest time and the time of deletion: a late event must not begin another
-- instance.
CREATE TABLE tombstones (
  hash INTEGER PRIMARY KEY,
  updated_at INTEGER NOT NULL,
  elapsed INTEGER NOT NULL
) STRICT;

CREATE INDEX tombstones_elapsed ON tombstones (elapsed);
` },
  { name: "0006_gaps", sql: `-- Leaps of a sequence at a start. The seqs between the two were never given out, unless by a Mars whose data were replaced by an
-- older copy: a subscriber that resumes from one of them has seen what is not here.
CREATE TABLE gaps (
  -- \`events\` or \`findings\`.
  sequence TEXT NOT NULL,
  -- Both have been given out, as an item's seq or as a place to go on from.
  after INTEGER NOT NULL,
  before INTEGER NOT NULL,
  PRIMARY KEY (sequence, after)
) STRICT, WITHOUT ROWID;
` },
  { name: "0007_lease", sql: `-- The process that writes to the database of a server. It increments \`beat\` as long as it runs.
CREATE TABLE lease (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  token TEXT NOT NULL,
  beat INTEGER NOT NULL
) STRICT;

INSERT INTO lease VALUES (1, '', 0, '', 0);
` },
  { name: "0008_skews", sql: `-- Deadlines that a clock started which was behind: see \`src/core/skew.ts\`.

-- JSON: the steps of the clock as far as they still matter, a \`SkewRecord\`; empty for none.
ALTER TABLE clock ADD COLUMN skews TEXT NOT NULL DEFAULT '';

-- Microseconds: how much of \`next_at\` is there because the clock was behind. It is taken off again when that turns out wrong.
ALTER TABLE instances ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
CREATE INDEX instances_waits ON instances (message) WHERE waits <> 0;
` },
  { name: "0009_keys", sql: `-- Keys, each as JSON; see src/access/key.ts. Of their texts there are hashes only.
CREATE TABLE keys (
  id     TEXT PRIMARY KEY,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
` },
  { name: "0010_privacy", sql: `-- Erasure of what is known of messages, and how long an app's messages are kept.

-- Requests to erase all messages of an app. A message is erased whole when its first event came by then.
CREATE TABLE erasures (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id TEXT NOT NULL,
  up_to_seq INTEGER NOT NULL,
  -- Microseconds.
  requested_at INTEGER NOT NULL,
  -- 0 while it is under way.
  done_at INTEGER NOT NULL DEFAULT 0,
  messages INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One is under way for each app at a time: a later request extends it.
CREATE UNIQUE INDEX erasures_pending ON erasures (app_id) WHERE done_at = 0;
CREATE INDEX erasures_done ON erasures (done_at) WHERE done_at <> 0;

-- Apps whose messages are kept for another time than others.
CREATE TABLE app_retention (
  app_id TEXT PRIMARY KEY,
  -- Microseconds; 0 for ever.
  keep_for INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages are remembered for as long as they were kept, which is another time for some apps: from here on \`elapsed\` of a tombstone is when it
-- is forgotten. Two weeks is the time of those that are there.
UPDATE tombstones SET elapsed = elapsed + 1209600000000;

-- The incidents of an app, whose texts name messages.
CREATE INDEX alert_incidents_app ON alert_incidents (app_id);
` },
  { name: "0012_audit", sql: `-- Changes by callers: each row is written in the transaction of its change. See src/core/audit.ts.

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Microseconds.
  at INTEGER NOT NULL,
  -- The caller, and where it called from.
  who TEXT NOT NULL,
  name TEXT NOT NULL,
  address TEXT NOT NULL,
  protocol TEXT NOT NULL,
  -- The operation, and the id of the thing that it changed.
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  -- Empty where the change is not about one app.
  app_id TEXT NOT NULL,
  -- JSON objects; empty where the thing was not there.
  old TEXT NOT NULL,
  new TEXT NOT NULL
) STRICT;

CREATE TABLE audit_size (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  -- Of all rows: 1,024 for each, and the bytes of old and new.
  bytes INTEGER NOT NULL,
  -- Rows that made room for others.
  dropped INTEGER NOT NULL
) STRICT;

INSERT INTO audit_size VALUES (1, 0, 0);

CREATE TRIGGER audit_added AFTER INSERT ON audit
BEGIN
  UPDATE audit_size SET bytes = bytes + 1024 + octet_length(NEW.old) + octet_length(NEW.new);
END;

CREATE TRIGGER audit_deleted AFTER DELETE ON audit
BEGIN
  UPDATE audit_size SET bytes = bytes - 1024 - octet_length(OLD.old) - octet_length(OLD.new);
END;
` },
  { name: "0013_sessions", sql: `-- Sessions of browsers, each as JSON; see src/access/session.ts. Of their cookies there are hashes only.
CREATE TABLE sessions (
  id     TEXT PRIMARY KEY,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
` },
  { name: "0014_alert_recipients", sql: `-- Incidents know which sinks have been notified of them, and of how many messages.

-- JSON: ids of the sinks that were notified of its beginning, and not yet of its end.
ALTER TABLE alert_incidents ADD COLUMN notified_sinks TEXT NOT NULL DEFAULT '[]';
-- The count of the last notification; the lowest since, where it has fallen.
ALTER TABLE alert_incidents ADD COLUMN notified_count INTEGER NOT NULL DEFAULT 0;
-- When it was resolved with fewer messages left than its rule asks for; 0 otherwise. It reopens when there are as many again.
ALTER TABLE alert_incidents ADD COLUMN resolved_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_incidents ADD COLUMN reopened_at INTEGER NOT NULL DEFAULT 0;
-- How it ended; empty while it is active.
ALTER TABLE alert_incidents ADD COLUMN ending TEXT NOT NULL DEFAULT '';

UPDATE alert_incidents SET
  ending = iif(closed_at = 0, '', iif(expired > 0, 'messages_deleted', 'resolved')),
  notified_sinks = iif(closed_at > 0 OR notified_at = 0, '[]', (
    SELECT json_group_array(DISTINCT d.sink) FROM alert_deliveries d
    WHERE d.incident = alert_incidents.id AND d.state <> 'silenced')),
  -- An unknown count is never exceeded by growth.
  notified_count = iif(notified_at = 0, 0, coalesce((
    SELECT d.notification ->> '$.incident.figures.count' FROM alert_deliveries d
    WHERE d.incident = alert_incidents.id AND json_valid(d.notification) ORDER BY d.change DESC LIMIT 1), 100001));

DROP INDEX alert_incidents_order;
CREATE INDEX alert_incidents_order
ON alert_incidents (iif(closed_at = 0 AND resolved_at = 0, 9007199254740991, max(closed_at, resolved_at)), id);

-- Sinks that were exchanged or deleted while an incident was active that they had been notified of: they are notified of its end.
CREATE TABLE alert_former_sinks (
  -- The sink's id, \`#\`, and a number.
  id TEXT PRIMARY KEY,
  -- As JSON, with this id.
  sink TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
` },
  { name: "0015_owed", sql: `-- Stages that are owed by several: see \`src/lifecycle/owed.ts\`.

-- JSON: \`[stage, Owed]\` for each such stage of which it is known who owes it; empty for none.
ALTER TABLE instances ADD COLUMN owed TEXT NOT NULL DEFAULT '';

-- Attributes say who owes a stage and who has acknowledged it, so an event counts again, too, when a repeat changes them.
DROP TRIGGER events_changed;
CREATE TRIGGER events_changed AFTER UPDATE OF created_at, attributes ON events
WHEN (NEW.created_at <> OLD.created_at OR NEW.attributes <> OLD.attributes)
  AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
END;
` },
  { name: "0016_revisits", sql: `-- Messages that the projector looks at again, and the states that messages can be in beside those of their events.

-- Messages that the projector is to judge again from what is stored, though no event of theirs has come: something else has changed that their
-- state depends on. Written in the transaction of that change; see \`src/projection/revisits.ts\`.
CREATE TABLE revisits (
  message INTEGER PRIMARY KEY,
  -- The version of a lifecycle that it goes by from now on; 0 for the one that it goes by.
  lifecycle INTEGER NOT NULL DEFAULT 0
) STRICT;

ALTER TABLE apps ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE apps ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
-- Messages that no lifecycle follows, which counted as open.
ALTER TABLE apps ADD COLUMN untracked INTEGER NOT NULL DEFAULT 0;
UPDATE apps SET untracked = open, open = 0;
UPDATE apps SET open = followed.open, untracked = untracked - followed.open
FROM (SELECT app, count(*) AS open FROM instances WHERE state = 0 GROUP BY app) AS followed
WHERE followed.app = apps.id;
` },
  { name: "0018_overdue_ages", sql: `-- Marks of people on findings, and how many stages are overdue at each hop, by when they were due.

-- The mark that holds for the finding, as it was last counted: 0 none, 1 acknowledged, 2 resolved, 3 ignored.
ALTER TABLE findings ADD COLUMN triage INTEGER NOT NULL DEFAULT 0;

CREATE TABLE overdue_ages (
  -- Microseconds: a minute, an hour, a day; 0 for all together, whose \`start\` is 0.
  span INTEGER NOT NULL,
  -- \`stages.id\`
  stage INTEGER NOT NULL,
  -- The bucket of \`due_at\`.
  start INTEGER NOT NULL,
  count INTEGER NOT NULL,
  -- How many of these are acknowledged.
  acknowledged INTEGER NOT NULL,
  PRIMARY KEY (span, stage, start)
) STRICT, WITHOUT ROWID;

CREATE INDEX overdue_ages_none ON overdue_ages (stage) WHERE count <= 0;

-- Rounded down before 1970 too.
INSERT INTO overdue_ages (span, stage, start, count, acknowledged)
SELECT b.value, s.id, iif(b.value = 0, 0, f.due_at - ((f.due_at % b.value) + b.value) % b.value), count(*), 0
FROM findings f CROSS JOIN stages s ON s.app = f.app AND s.after = f.after AND s.stage = f.stage
  CROSS JOIN json_each('[0,60000000,3600000000,86400000000]') b
WHERE f.kind = 'missing' AND f.retracted_at = 0
GROUP BY 1, 2, 3;

-- The longest overdue of each hop.
CREATE INDEX findings_hop_overdue ON findings (app, stage, after, triage, due_at)
WHERE kind = 'missing' AND retracted_at = 0;
` },
  { name: "0019_runs", sql: `-- Runs of messages that were reopened: see \`src/lifecycle/runs.ts\`.

-- The last run: the seq of the event that began it, 0 for the first run of a message; and its place, counted from 1.
ALTER TABLE instances ADD COLUMN run INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN run_number INTEGER NOT NULL DEFAULT 1;

-- The runs before, with the columns that \`instances\` has of the last one.
CREATE TABLE runs (
  message INTEGER NOT NULL,
  run INTEGER NOT NULL,
  run_number INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  statuses TEXT NOT NULL,
  times TEXT NOT NULL,
  owed TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (message, run)
) STRICT, WITHOUT ROWID;

-- Each run has its own findings.
CREATE TABLE findings_by_run (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  -- As in \`instances\`; the place is that of the last change.
  run INTEGER NOT NULL DEFAULT 0,
  run_number INTEGER NOT NULL DEFAULT 1,
  app INTEGER NOT NULL,
  lifecycle INTEGER NOT NULL,
  kind TEXT NOT NULL,
  stage TEXT NOT NULL,
  -- Copied from the lifecycle, so that reading a finding needs no definition: the stage before, and the version.
  after TEXT NOT NULL,
  version INTEGER NOT NULL,
  -- When the stage's clock started; \`due_at\` where none did.
  started_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  raised_at INTEGER NOT NULL,
  -- 0 while it is active.
  retracted_at INTEGER NOT NULL,
  late_by INTEGER NOT NULL,
  -- The place of its last change in the sequence of all changes.
  seq INTEGER NOT NULL UNIQUE,
  -- The mark that holds for the finding, as it was last counted: 0 none, 1 acknowledged, 2 resolved, 3 ignored.
  triage INTEGER NOT NULL DEFAULT 0,
  UNIQUE (message, run, kind, stage)
) STRICT;

INSERT INTO findings_by_run
  (id, message, app, lifecycle, kind, stage, after, version, started_at, due_at, raised_at, retracted_at, late_by, seq,
   triage)
SELECT id, message, app, lifecycle, kind, stage, after, version, started_at, due_at, raised_at, retracted_at, late_by, seq, triage
FROM findings;

DROP TABLE findings;
ALTER TABLE findings_by_run RENAME TO findings;

CREATE INDEX findings_raised ON findings (raised_at);
CREATE INDEX findings_app_raised ON findings (app, raised_at);
-- Overdue stages, the longest first.
CREATE INDEX findings_overdue ON findings (due_at) WHERE kind = 'missing' AND retracted_at = 0;
CREATE INDEX findings_app_overdue ON findings (app, due_at) WHERE kind = 'missing' AND retracted_at = 0;
-- Counts a group of active findings from the index alone. No stage is empty: the second condition keeps SQLite from choosing
-- this index for other queries, which would then have to sort.
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by)
WHERE retracted_at = 0 AND stage <> '';

-- The longest overdue of each hop.
CREATE INDEX findings_hop_overdue ON findings (app, stage, after, triage, due_at)
WHERE kind = 'missing' AND retracted_at = 0;
` },
  { name: "0020_links", sql: `-- Messages that are parts of others: see \`src/core/event.ts\`.

-- The message of the same app that this one is a part of, by its id; empty where the producer gave none.
ALTER TABLE events ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';

-- A range of the sequence is asked for the events with a parent; nearly none has one.
CREATE INDEX events_parents ON events (seq) WHERE parent_id <> '';
` },
  { name: "0021_alert_conditions", sql: `-- Rules with conditions: what is measured for them, and since when.

-- Microseconds: findings that were raised up to here do not open an incident of the rule.
ALTER TABLE alert_rules ADD COLUMN counts_from INTEGER NOT NULL DEFAULT 0;
-- Since when there has been less than the rule asks for; 0 where there is enough.
ALTER TABLE alert_incidents ADD COLUMN below_since INTEGER NOT NULL DEFAULT 0;

-- Days off, by the calendar's id, as JSON.
CREATE TABLE alert_calendars (
  id TEXT PRIMARY KEY,
  calendar TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a rule's condition goes on from: when it was last looked at, and the result as JSON.
CREATE TABLE alert_looks (
  rule TEXT PRIMARY KEY,
  looked_at INTEGER NOT NULL,
  look TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When the last event came that a rule waits for, by the time of its receipt; 0 for not since the rule was put.
CREATE TABLE alert_arrivals (
  app_id TEXT NOT NULL,
  event TEXT NOT NULL,
  arrived_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, event)
) STRICT, WITHOUT ROWID;
` },
  { name: "0022_incident_care", sql: `-- Care for incidents, and the topic of alerts.

-- 0, and empty, where it is not acknowledged.
ALTER TABLE alert_incidents ADD COLUMN acknowledged_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_incidents ADD COLUMN acknowledged_by TEXT NOT NULL DEFAULT '';
-- Empty for nobody.
ALTER TABLE alert_incidents ADD COLUMN assigned_to TEXT NOT NULL DEFAULT '';
-- Like a silence for this incident alone.
ALTER TABLE alert_incidents ADD COLUMN snoozed_until INTEGER NOT NULL DEFAULT 0;

CREATE TABLE alert_notes (
  incident INTEGER NOT NULL,
  -- Counts from 1.
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (incident, number)
) STRICT, WITHOUT ROWID;

-- The deliveries that were published on the topic \`alerts\`. No seq is used twice.
CREATE TABLE alert_topic (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery INTEGER NOT NULL UNIQUE
) STRICT;

-- Names this database at pagers, where several Mars may share an account.
ALTER TABLE alert_cursor ADD COLUMN origin TEXT NOT NULL DEFAULT '';
UPDATE alert_cursor SET origin = lower(hex(randomblob(8)));
` },
  { name: "0023_skew", sql: `-- Events from ahead: see \`src/core/ahead.ts\`.

-- Microseconds: how far \`created_at\` is ahead of the receipt, where that is more than Mars believes; 0 otherwise. The event happened at
-- \`created_at - ahead\`.
ALTER TABLE events ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;
CREATE INDEX events_ahead ON events (message) WHERE ahead <> 0;

-- How many of its events were from ahead.
ALTER TABLE apps ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER aliases_recompute;
CREATE TRIGGER aliases_recompute BEFORE DELETE ON aliases WHEN OLD.repeats > 0
BEGIN
  UPDATE messages SET
    event_count = event_count - OLD.repeats,
    created_at = iif(EXISTS (SELECT 1 FROM events WHERE message = OLD.message AND ahead <> 0),
      (SELECT min(created_at - ahead) FROM events WHERE message = OLD.message),
      (SELECT min(created_at) FROM events WHERE message = OLD.message)),
    updated_at = iif(EXISTS (SELECT 1 FROM events WHERE message = OLD.message AND ahead <> 0),
      (SELECT max(created_at - ahead) FROM events WHERE message = OLD.message),
      (SELECT max(created_at) FROM events WHERE message = OLD.message))
  WHERE id = OLD.message;
END;

DROP TRIGGER events_changed;
CREATE TRIGGER events_changed AFTER UPDATE OF created_at, attributes ON events
WHEN (NEW.created_at <> OLD.created_at OR NEW.attributes <> OLD.attributes)
  AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at - OLD.ahead WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
END;

-- Messages that are still ahead: their events are marked by the default of five minutes, and counted again by their receipt.
CREATE TABLE still_ahead AS
SELECT id FROM messages
WHERE updated_at > 300000000 + (SELECT max(received_at) FROM (SELECT received_at FROM events ORDER BY seq DESC LIMIT 1));

INSERT INTO event_changes (seq, was)
SELECT e.seq, e.created_at FROM still_ahead s CROSS JOIN events e ON e.message = s.id
WHERE e.created_at > e.received_at + 300000000 AND e.seq <= (SELECT seq FROM projection)
  AND e.seq NOT IN (SELECT seq FROM event_changes);

UPDATE events SET ahead = created_at - received_at
WHERE message IN (SELECT id FROM still_ahead) AND created_at > received_at + 300000000;

UPDATE messages SET
  created_at = (SELECT min(created_at - ahead) FROM events WHERE message = messages.id),
  updated_at = (SELECT max(created_at - ahead) FROM events WHERE message = messages.id)
WHERE id IN (SELECT id FROM still_ahead);

DROP TABLE still_ahead;
` },
  { name: "0024_attributes", sql: `-- Attributes by which messages are found: see \`src/db/attributes/\`.

-- The names that each app has indexed. Every name has its own place in the sequence of events, up to which it is indexed.
CREATE TABLE attribute_names (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  app_id TEXT NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  -- Where the sequence began and ended when the name was put: between them are the events that were stored before.
  first_seq INTEGER NOT NULL,
  goal INTEGER NOT NULL,
  -- 1: it is not indexed any more, and its values are being deleted.
  dropped INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX attribute_names_known ON attribute_names (app_id, name) WHERE dropped = 0;

-- The values that the events of a message have, and how many of its events have each.
CREATE TABLE attribute_values (
  message INTEGER NOT NULL,
  name INTEGER NOT NULL,
  value TEXT NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (message, name, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX attribute_values_lookup ON attribute_values (name, value, message);

-- Events that are to be indexed again, with their attributes before; empty for one that was not there.
CREATE TABLE attribute_changes (
  seq INTEGER PRIMARY KEY,
  was TEXT NOT NULL
) STRICT;

CREATE TRIGGER attributes_changed AFTER UPDATE OF attributes ON events
WHEN NEW.attributes <> OLD.attributes AND EXISTS (SELECT 1 FROM attribute_names)
BEGIN
  INSERT INTO attribute_changes (seq, was)
    SELECT NEW.seq, OLD.attributes WHERE NOT EXISTS (SELECT 1 FROM attribute_changes WHERE seq = NEW.seq);
END;
` },
  { name: "0026_journeys", sql: `-- Journeys: messages of several apps that belong together. See \`src/core/journey.ts\`.

-- With the message: so the messages of an external id are found one by one, however many events of each have it.
DROP INDEX events_external;
CREATE INDEX events_external ON events (external_id, message) WHERE external_id <> '';

-- The versions of lifecycles whose messages have the journeys of their own ids. Beside \`lifecycles\`, whose rows are large.
CREATE TABLE journeys_by_message (lifecycle INTEGER PRIMARY KEY, app_id TEXT NOT NULL) STRICT;
` },
  { name: "0027_give_up", sql: `-- Lifecycles that give a message up.

-- Why a finding was retracted, where no event has resolved it: \`abandoned\`. Empty otherwise.
ALTER TABLE findings ADD COLUMN ended_by TEXT NOT NULL DEFAULT '';

-- Messages that an open incident counted and that their lifecycle has given up.
ALTER TABLE alert_incidents ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;
` },
  { name: "0028_lifecycle_notes", sql: `-- Who put a version of a lifecycle, and why: as the audit names them; both empty where it is not known.
ALTER TABLE lifecycles ADD COLUMN put_by TEXT NOT NULL DEFAULT '';
ALTER TABLE lifecycles ADD COLUMN note TEXT NOT NULL DEFAULT '';
` },
  { name: "0029_backfills", sql: `-- Lifecycles that follow messages which were stored before them.

CREATE TABLE backfills (
  app_id TEXT PRIMARY KEY,
  -- The version that the messages go by from then on: \`lifecycles.id\`.
  lifecycle INTEGER NOT NULL,
  -- It is about the messages up to this number that begin at \`since\` or later, in microseconds.
  up_to INTEGER NOT NULL,
  since INTEGER NOT NULL,
  -- It goes from the latest to the earliest: those that are left begin before \`at\`, or then and have a lower number than \`message\`.
  at INTEGER NOT NULL,
  message INTEGER NOT NULL,
  -- Messages that it has looked at, and how many there were when it began.
  done INTEGER NOT NULL,
  of_count INTEGER NOT NULL,
  ended INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX backfills_running ON backfills (app_id) WHERE ended = 0;

-- 1: it follows from a backfill, so it is no news.
ALTER TABLE findings ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;

-- With it, so that the index answers what alerts count.
DROP INDEX findings_group;
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by, imported)
WHERE retracted_at = 0 AND stage <> '';
` },
  { name: "0031_linked_stages", sql: `-- Stages of lifecycles that events of another app make: see \`src/lifecycle/definition.ts\`.

-- The events of other apps that versions of lifecycles name, and the app of each version.
CREATE TABLE linked_events (
  app_id TEXT NOT NULL,
  event TEXT NOT NULL,
  lifecycle INTEGER NOT NULL,
  by_app TEXT NOT NULL,
  PRIMARY KEY (app_id, event, lifecycle)
) STRICT, WITHOUT ROWID;

-- Which message's event made a stage: its number, which stays when that message is deleted.
CREATE TABLE links (
  message INTEGER NOT NULL,
  -- Its place in \`instances.times\`.
  slot INTEGER NOT NULL,
  at INTEGER NOT NULL,
  linked INTEGER NOT NULL,
  PRIMARY KEY (message, slot)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER instances_links AFTER DELETE ON instances
BEGIN
  DELETE FROM links WHERE message = OLD.message;
END;

-- External ids that an event has lost by a repeat: what was linked by them is judged again.
CREATE TABLE former_names (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

DROP TRIGGER events_changed;
CREATE TRIGGER events_changed AFTER UPDATE OF created_at, attributes, external_id, parent_id ON events
WHEN (NEW.created_at <> OLD.created_at OR NEW.attributes <> OLD.attributes OR NEW.external_id <> OLD.external_id
    OR NEW.parent_id <> OLD.parent_id)
  AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at - OLD.ahead WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
  INSERT INTO former_names (name)
    SELECT OLD.external_id WHERE OLD.external_id <> '' AND OLD.external_id <> NEW.external_id
      AND NOT EXISTS (SELECT 1 FROM former_names WHERE name = OLD.external_id);
END;
` },
  { name: "0032_children", sql: `-- Messages that are parts of others, by the parent that their events name: see \`src/db/journeys/children.ts\`.

CREATE TABLE children (
  -- The message's number; it stays when that is deleted, as long as the parent is there.
  child INTEGER PRIMARY KEY,
  app INTEGER NOT NULL,
  -- The parent's id in this app; empty where its events name none any more.
  parent TEXT NOT NULL,
  -- Microseconds; 0 while it is not complete.
  completed_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX children_parent ON children (app, parent, completed_at);

-- The state of a message may depend on its children.
CREATE TRIGGER children_added AFTER INSERT ON children
BEGIN
  INSERT INTO revisits (message)
    SELECT id FROM messages
    WHERE (id = NEW.child
        OR message_id = NEW.parent AND app_id = (SELECT app_id FROM apps WHERE id = NEW.app))
      AND NOT EXISTS (SELECT 1 FROM revisits WHERE message = messages.id);
END;

CREATE TRIGGER children_changed AFTER UPDATE OF parent, completed_at ON children
WHEN NEW.parent <> OLD.parent OR NEW.completed_at <> OLD.completed_at
BEGIN
  INSERT INTO revisits (message)
    SELECT id FROM messages
    WHERE message_id IN (NEW.parent, OLD.parent) AND app_id = (SELECT app_id FROM apps WHERE id = NEW.app)
      AND NOT EXISTS (SELECT 1 FROM revisits WHERE message = messages.id);
END;

CREATE TRIGGER messages_children AFTER DELETE ON messages
BEGIN
  DELETE FROM children WHERE child = OLD.id AND NOT EXISTS (
    SELECT 1 FROM messages WHERE message_id = children.parent AND app_id = OLD.app_id);
  DELETE FROM children
  WHERE app = (SELECT id FROM apps WHERE app_id = OLD.app_id) AND parent = OLD.message_id
    AND NOT EXISTS (SELECT 1 FROM messages WHERE id = children.child);
END;
` },
  { name: "0033_triage", sql: `-- Marks of people on findings. What they end has an \`ended_by\`: 'resolved' or 'ignored'.

-- The mark, as JSON: see \`src/core/mark.ts\`. Empty for none. It is there before \`triage\` counts it.
ALTER TABLE findings ADD COLUMN mark TEXT NOT NULL DEFAULT '';
-- 1 while the projector has not taken the mark's last change into account.
ALTER TABLE findings ADD COLUMN marked INTEGER NOT NULL DEFAULT 0;

CREATE INDEX findings_ended ON findings (app, kind, stage, lifecycle, retracted_at) WHERE ended_by <> '';

-- Findings with a mark, by when they were raised.
CREATE INDEX findings_marked ON findings (raised_at) WHERE triage <> 0;
CREATE INDEX findings_app_marked ON findings (app, raised_at) WHERE triage <> 0;
` },
  { name: "0034_arrivals", sql: `-- How long after a finding was due the first event of its message arrived, in microseconds: imported messages open no incident. 0 where the
-- finding was raised within an hour after it was due, which says the same. Beside it in the index, as alerts count by it.
ALTER TABLE findings ADD COLUMN arrived_after INTEGER NOT NULL DEFAULT 0;

UPDATE findings SET arrived_after = coalesce((
  SELECT max(0, min(9007199254740991, e.received_at - due_at)) FROM events e WHERE e.seq = message), 0)
WHERE due_at < raised_at - 3600000000;

DROP INDEX findings_group;
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by, imported, arrived_after)
WHERE retracted_at = 0 AND stage <> '';
` },
  { name: "0035_fill_children", sql: `-- Messages that were stored before the parts of others were kept, by the index of events that name a parent. The trigger of \`children\` has each of them
-- judged again, with its parent.

INSERT OR IGNORE INTO children (child, app, parent)
SELECT e.message, a.id, min(e.parent_id)
FROM events e INDEXED BY events_parents CROSS JOIN messages m ON m.id = e.message CROSS JOIN apps a ON a.app_id = m.app_id
WHERE e.parent_id <> ''
GROUP BY e.message;
` },
  { name: "0036_views", sql: `-- Views of the dashboard that people have saved: see \`src/core/saved-view.ts\`.
CREATE TABLE views (
  -- The caller as in the audit.
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  owner_name TEXT NOT NULL,
  address TEXT NOT NULL,
  -- Empty for none.
  app_id TEXT NOT NULL,
  shared INTEGER NOT NULL,
  PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX views_shared ON views (name, owner) WHERE shared = 1;
` },
  { name: "0037_bursts", sql: `-- When the first finding of an incident was raised that came after a quiet time, in microseconds; 0 where none has since the last
-- notification of growth.
ALTER TABLE alert_incidents ADD COLUMN burst_from INTEGER NOT NULL DEFAULT 0;
` },
  { name: "0038_proven_times", sql: `-- An event that one report dates from ahead had happened by the receipt of that, though the contents of another count: then only the
-- mark changes.
DROP TRIGGER events_changed;
CREATE TRIGGER events_changed AFTER UPDATE OF created_at, ahead, attributes, external_id, parent_id ON events
WHEN (NEW.created_at <> OLD.created_at OR NEW.ahead <> OLD.ahead OR NEW.attributes <> OLD.attributes
    OR NEW.external_id <> OLD.external_id OR NEW.parent_id <> OLD.parent_id)
  AND NEW.seq <= (SELECT seq FROM projection)
BEGIN
  -- Without OR IGNORE: within a trigger the conflict clause of the outer statement holds.
  INSERT INTO event_changes (seq, was)
    SELECT NEW.seq, OLD.created_at - OLD.ahead WHERE NOT EXISTS (SELECT 1 FROM event_changes WHERE seq = NEW.seq);
  INSERT INTO former_names (name)
    SELECT OLD.external_id WHERE OLD.external_id <> '' AND OLD.external_id <> NEW.external_id
      AND NOT EXISTS (SELECT 1 FROM former_names WHERE name = OLD.external_id);
END;
` },
  { name: "0039_traces", sql: `-- The \`traceparent\` that an event came with, empty for most: see \`core/traceparent.ts\`. It lies beside the event's identity and its
-- contents, so no index and no trigger has it.
ALTER TABLE events ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
` },
  { name: "0040_declared", sql: `-- What configuration files have declared: see \`src/core/declared-things.ts\`.
CREATE TABLE declared (
  thing TEXT NOT NULL PRIMARY KEY,
  -- That of the file which declared it last.
  name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX declared_name ON declared (name, thing);
` },
  { name: "0041_sources", sql: `-- Sources of deliveries: see \`src/sources/source.ts\`.
CREATE TABLE sources (
  id TEXT NOT NULL PRIMARY KEY,
  -- JSON.
  source TEXT NOT NULL
) STRICT, WITHOUT ROWID;
` },
  { name: "0042_source_deliveries", sql: `-- The last deliveries of each source, to be looked at and mapped again: see \`src/sources/kept.ts\`.
CREATE TABLE source_deliveries (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  -- The one app that it may have events of; empty for several.
  app_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- JSON: what became of it, and its headers.
  detail TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX source_deliveries_source ON source_deliveries (source, id);
CREATE INDEX source_deliveries_app ON source_deliveries (app_id);
CREATE INDEX source_deliveries_received ON source_deliveries (received_at);
` },
  { name: "0043_broker_collectors", sql: `-- Collectors that read from message brokers: see \`src/core/broker-collector.ts\`.
CREATE TABLE broker_collectors (
  id TEXT NOT NULL PRIMARY KEY,
  -- JSON, secrets included.
  collector TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Those that their users have paused; those of the environment are in no other table.
CREATE TABLE broker_pauses (
  collector TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Messages that were refused: the latest of each collector.
CREATE TABLE broker_refused (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collector TEXT NOT NULL,
  -- The message's place in the broker, for people.
  position TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- When the broker received it; NULL where that is not known.
  broker_at INTEGER,
  -- Of its first event where it gives none: there is no other message of it.
  event_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- Of a long one the beginning.
  body BLOB NOT NULL,
  body_bytes INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX broker_refused_event_id ON broker_refused (collector, event_id);
CREATE INDEX broker_refused_id ON broker_refused (collector, id);
` },
  { name: "0044_refused_headers", sql: `-- A refused message as a whole: rules of sources read headers, too. And by its app an erasure and the retention find it.
ALTER TABLE broker_refused ADD COLUMN headers TEXT NOT NULL DEFAULT '{}';
-- Empty where its events name their own.
ALTER TABLE broker_refused ADD COLUMN app_id TEXT NOT NULL DEFAULT '';
` },
  { name: "0046_incident_topics", sql: `-- The topics of incidents: the place of each one's last change in one sequence of all changes, see \`src/alerting/incident-topic.ts\`.
ALTER TABLE alert_incidents ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE alert_incidents SET seq = id;
CREATE INDEX alert_incidents_seq ON alert_incidents (seq);

-- The last place that was given.
ALTER TABLE alert_cursor ADD COLUMN incident_seq INTEGER NOT NULL DEFAULT 0;
-- Incidents whose last change is up to here may be deleted.
ALTER TABLE alert_cursor ADD COLUMN incidents_pruned INTEGER NOT NULL DEFAULT 0;
UPDATE alert_cursor SET incident_seq = max(last_incident, (SELECT coalesce(max(id), 0) FROM alert_incidents));
UPDATE alert_cursor SET incidents_pruned = coalesce((SELECT min(id) - 1 FROM alert_incidents), incident_seq);
` },
] as const;

/** src/db/alerts/alerts.sql */
export const alertsSql = {
  arrivals: `SELECT f.id, max(-9007199254740991, min(9007199254740991, e.received_at - f.due_at)) AS after FROM json_each(?1) CROSS JOIN findings f ON f.id = value CROSS JOIN events e ON e.seq = f.message`,
  dueDeliveries: `SELECT d.id, d.webhook_id, d.notification, d.attempts, s.sink, (SELECT origin FROM alert_cursor) AS origin, iif(coalesce( (SELECT a.at FROM alert_attempts a WHERE a.delivery = d.id AND a.number = d.attempts), d.created_at ) > ?2, 0, d.next_at) AS next_at FROM (SELECT id, sink FROM alert_sinks UNION ALL SELECT id, sink FROM alert_former_sinks) s CROSS JOIN alert_deliveries d ON d.id = ( SELECT id FROM alert_deliveries first WHERE sink = s.id AND state = 'pending' AND NOT EXISTS ( SELECT 1 FROM alert_deliveries before WHERE before.incident = first.incident AND before.change < first.change AND before.sink = first.sink AND before.state = 'pending') ORDER BY next_at LIMIT 1) WHERE s.id NOT IN (SELECT value FROM json_each(?1))`,
  putRule: `INSERT INTO alert_rules (id, rule, counts_from) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, counts_from = iif(?4 = 1, excluded.counts_from, counts_from)`,
  forgetArrivals: `DELETE FROM alert_arrivals WHERE (app_id, event) NOT IN ( SELECT rule ->> '$.appId', rule ->> '$.condition.event' FROM (SELECT iif(json_valid(rule), rule, '{}') AS rule FROM alert_rules) WHERE rule ->> '$.condition.type' = 'absence')`,
  arrive: `INSERT INTO alert_arrivals (app_id, event, arrived_at) SELECT m.app_id, e.event, max(e.received_at) FROM events e CROSS JOIN messages m ON m.id = e.message CROSS JOIN json_each(?3) w ON w.value ->> 0 = m.app_id AND w.value ->> 1 = e.event WHERE e.seq > ?1 AND e.seq <= ?2 AND e.event IN (SELECT value ->> 1 FROM json_each(?3)) AND e.created_at >= e.received_at - (w.value ->> 2) AND e.created_at <= e.received_at + ?4 GROUP BY m.app_id, e.event ON CONFLICT (app_id, event) DO UPDATE SET arrived_at = max(arrived_at, excluded.arrived_at)`,
  putSink: `INSERT INTO alert_sinks (id, sink) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sink = excluded.sink`,
  silencesAndNext: `SELECT (SELECT count(*) FROM alert_silences WHERE until > ?1) AS count, 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert_silences'), 0) AS next`,
  silenceNamed: `SELECT id, until, silence FROM alert_silences WHERE iif(json_valid(silence), silence, '{}') ->> 'name' = ?1 LIMIT 1`,
  beginCursor: `UPDATE alert_cursor SET finding_seq = max(finding_seq, (SELECT finding_seq FROM projection)) WHERE NOT EXISTS (SELECT 1 FROM alert_rules)`,
  moveCursor: `UPDATE alert_cursor SET continues_from = ?1 - 1, step = ?1, finding_seq = ?2, last_incident = max(last_incident, ?3)`,
  supersedeDeliveries: `UPDATE alert_deliveries SET state = 'superseded', next_at = 0 WHERE id IN ( SELECT d.id FROM json_each(?1) CROSS JOIN alert_deliveries d ON d.incident = value ->> '$.incident' AND d.sink = value ->> '$.sink' AND d.change < value ->> '$.change' WHERE d.state = 'pending' AND value ->> '$.state' = 'pending' AND (value ->> '$.notification.type' IN ('incident.opened', 'incident.resolved', 'incident.closed') OR value ->> '$.notification.type' IN ('incident.grown', 'incident.reminder') AND d.notification ->> '$.type' IN ('incident.opened', 'incident.grown', 'incident.reminder') AND NOT EXISTS ( SELECT 1 FROM alert_deliveries care WHERE care.incident = d.incident AND care.change > d.change AND care.sink = d.sink AND care.state = 'pending' AND care.notification ->> '$.type' NOT IN ('incident.opened', 'incident.grown', 'incident.reminder'))))`,
  upsertIncidents: `INSERT INTO alert_incidents (id, rule, app_id, kind, stage, after, versions, opened_at, counted_from, first_raised_at, last_raised_at, notified_at, silenced, changes, closed_at, text, notified_sinks, notified_count, burst_from, below_since, resolved_at, reopened_at, ending, acknowledged_at, acknowledged_by, assigned_to, snoozed_until, seq) SELECT value ->> '$.id', value ->> '$.rule', value ->> '$.appId', value ->> '$.kind', value ->> '$.stage', value ->> '$.after', value ->> '$.versions', value ->> '$.openedAt', value ->> '$.countedFrom', value ->> '$.firstRaisedAt', value ->> '$.lastRaisedAt', value ->> '$.notifiedAt', value ->> '$.silenced', value ->> '$.changes', value ->> '$.closedAt', value ->> '$.text', value ->> '$.notifiedSinks', value ->> '$.notifiedCount', value ->> '$.burstFrom', value ->> '$.belowSince', value ->> '$.resolvedAt', value ->> '$.reopenedAt', value ->> '$.ending', value ->> '$.acknowledgedAt', value ->> '$.acknowledgedBy', value ->> '$.assignedTo', value ->> '$.snoozedUntil', (SELECT incident_seq FROM alert_cursor) + 1 + key FROM json_each(?1) WHERE true ON CONFLICT (id) DO UPDATE SET versions = excluded.versions, first_raised_at = excluded.first_raised_at, last_raised_at = excluded.last_raised_at, notified_at = excluded.notified_at, silenced = excluded.silenced, changes = excluded.changes, closed_at = excluded.closed_at, text = excluded.text, notified_sinks = excluded.notified_sinks, notified_count = excluded.notified_count, burst_from = excluded.burst_from, below_since = excluded.below_since, resolved_at = excluded.resolved_at, reopened_at = excluded.reopened_at, ending = excluded.ending, acknowledged_at = excluded.acknowledged_at, acknowledged_by = excluded.acknowledged_by, assigned_to = excluded.assigned_to, snoozed_until = excluded.snoozed_until, seq = excluded.seq`,
  touchIncidents: `UPDATE alert_incidents SET seq = (SELECT incident_seq FROM alert_cursor) + touched.place FROM ( SELECT id, row_number() OVER (ORDER BY id) AS place FROM alert_incidents WHERE closed_at = 0 AND (?1 IS NULL OR app_id = ?1) AND (?2 IS NULL OR rule = ?2) AND (?3 IS NULL OR stage = ?3) AND (?4 IS NULL OR kind = ?4)) AS touched WHERE alert_incidents.id = touched.id`,
  moveIncidentSeq: `UPDATE alert_cursor SET incident_seq = max(incident_seq, coalesce((SELECT max(seq) FROM alert_incidents), 0))`,
  incidentSeq: `SELECT incident_seq AS seq, incidents_pruned AS pruned FROM alert_cursor`,
  incidentHistory: `SELECT i.*, (SELECT count(*) FROM alert_notes n WHERE n.incident = i.id) AS note_count FROM alert_incidents i WHERE i.seq > ?1 AND i.seq <= ?2 ORDER BY i.seq LIMIT ?3`,
  incidentHistoryOfOne: `SELECT i.*, (SELECT count(*) FROM alert_notes n WHERE n.incident = i.id) AS note_count FROM alert_incidents i WHERE i.id = ?3 AND i.seq > ?1 AND i.seq <= ?2`,
  insertDeliveries: `INSERT INTO alert_deliveries (incident, change, sink, state, webhook_id, notification, created_at, next_at, attempts) SELECT value ->> '$.incident', value ->> '$.change', value ->> '$.sink', iif(gone, 'failed', value ->> '$.state'), value ->> '$.webhookId', iif(value ->> '$.notification.type' IN ('incident.grown', 'incident.reminder') AND NOT EXISTS ( SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered' WHERE d.incident = value ->> '$.incident' AND d.sink = value ->> '$.sink') AND NOT EXISTS ( SELECT 1 FROM alert_deliveries d WHERE d.incident = value ->> '$.incident' AND d.sink = value ->> '$.sink' AND d.state = 'pending' AND d.notification ->> '$.type' = 'incident.opened'), json_set(value -> '$.notification', '$.type', 'incident.opened'), value -> '$.notification'), value ->> '$.createdAt', iif(value ->> '$.state' = 'pending' AND NOT gone, value ->> '$.createdAt', 0), 0 FROM ( SELECT value, value ->> '$.sink' NOT IN (SELECT id FROM alert_sinks UNION ALL SELECT id FROM alert_former_sinks) AS gone FROM json_each(?1))`,
  insertTest: `INSERT INTO alert_deliveries (sink, state, webhook_id, notification, created_at, next_at, attempts) VALUES (?1, ?2, ?3, ?4, ?5, 0, 1)`,
  insertAttempt: `INSERT OR IGNORE INTO alert_attempts (delivery, number, at, duration_ms, outcome, status, error, response) VALUES (coalesce(?1, (SELECT max(id) FROM alert_deliveries)), ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
  moveDelivery: `UPDATE alert_deliveries SET state = iif(state = 'superseded' AND ?2 <> 'delivered', 'superseded', ?2), next_at = iif(state = 'superseded', 0, ?3), attempts = ?4 WHERE id = ?1 AND state IN ('pending', 'superseded') AND attempts < ?4`,
  insertNote: `INSERT INTO alert_notes (incident, number, at, who, text) VALUES (?1, 1 + coalesce((SELECT max(number) FROM alert_notes WHERE incident = ?1), 0), ?2, ?3, ?4)`,
  redeliverable: `SELECT d.state, d.sink, d.incident, i.app_id, d.sink IN (SELECT id FROM alert_sinks UNION ALL SELECT id FROM alert_former_sinks) AS reachable, d.incident IS NOT NULL AND ( EXISTS ( SELECT 1 FROM alert_deliveries later WHERE later.incident = d.incident AND later.change > d.change AND later.sink = d.sink AND later.state <> 'silenced') OR (d.notification ->> '$.type' IN ('incident.resolved', 'incident.closed')) = EXISTS ( SELECT 1 FROM alert_incidents a CROSS JOIN json_each(a.notified_sinks) s WHERE a.id = d.incident AND s.value = d.sink)) AS outdated FROM alert_deliveries d LEFT JOIN alert_incidents i ON i.id = d.incident WHERE d.id = ?1`,
  redeliver: `UPDATE alert_deliveries SET state = 'pending', next_at = ?2 WHERE id = ?1`,
  publish: `INSERT INTO alert_topic (delivery) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM alert_topic WHERE delivery = ?1)`,
  lastPublished: `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'alert_topic'), 0) AS seq`,
  published: `SELECT t.seq, d.notification FROM alert_topic t LEFT JOIN alert_deliveries d ON d.id = t.delivery AND (?4 IS NULL OR d.notification ->> '$.incident.rule' = ?4) WHERE t.seq > ?1 AND t.seq <= ?2 ORDER BY t.seq LIMIT ?3`,
  publishedFrom: `SELECT min(seq) AS first FROM alert_topic`,
  prunePublished: `DELETE FROM alert_topic WHERE delivery IN ( SELECT id FROM alert_deliveries WHERE created_at < ?1 AND state <> 'pending' ORDER BY created_at, id LIMIT ?2)`,
  pruneNotes: `DELETE FROM alert_notes WHERE incident IN ( SELECT id FROM alert_incidents WHERE closed_at > 0 AND closed_at < ?1 ORDER BY closed_at LIMIT ?2)`,
  pruneAttempts: `DELETE FROM alert_attempts WHERE delivery IN ( SELECT id FROM alert_deliveries WHERE created_at < ?1 AND state <> 'pending' ORDER BY created_at, id LIMIT ?2)`,
  pruneDeliveries: `DELETE FROM alert_deliveries WHERE id IN ( SELECT id FROM alert_deliveries WHERE created_at < ?1 AND state <> 'pending' ORDER BY created_at, id LIMIT ?2)`,
  noteIncidentsPruned: `UPDATE alert_cursor SET incidents_pruned = max(incidents_pruned, coalesce(( SELECT max(seq) FROM ( SELECT seq FROM alert_incidents WHERE closed_at > 0 AND closed_at < ?1 ORDER BY closed_at LIMIT ?2)), 0))`,
  pruneIncidents: `DELETE FROM alert_incidents WHERE id IN ( SELECT id FROM alert_incidents WHERE closed_at > 0 AND closed_at < ?1 ORDER BY closed_at LIMIT ?2)`,
  previewFindings: `SELECT f.id, m.app_id, m.message_id, f.run_number, f.kind, f.stage, f.after, f.version, f.due_at, f.raised_at, f.retracted_at, f.late_by, max(-9007199254740991, min(9007199254740991, e.received_at - f.due_at)) AS arrived_after FROM findings f CROSS JOIN messages m ON m.id = f.message LEFT JOIN events e ON e.seq = f.message WHERE f.raised_at >= ?1 AND f.raised_at <= ?2 AND (f.raised_at, f.id) < (?2, ?3) ORDER BY f.raised_at DESC, f.id DESC LIMIT ?4`,
  previewFindingsOfApp: `SELECT f.id, m.app_id, m.message_id, f.run_number, f.kind, f.stage, f.after, f.version, f.due_at, f.raised_at, f.retracted_at, f.late_by, max(-9007199254740991, min(9007199254740991, e.received_at - f.due_at)) AS arrived_after FROM findings f CROSS JOIN messages m ON m.id = f.message LEFT JOIN events e ON e.seq = f.message WHERE f.app = (SELECT id FROM apps WHERE app_id = ?5) AND f.raised_at >= ?1 AND f.raised_at <= ?2 AND (f.raised_at, f.id) < (?2, ?3) ORDER BY f.raised_at DESC, f.id DESC LIMIT ?4`,
  previewMinutes: `SELECT minute FROM rates WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND minute >= ?3 AND minute < ?4 AND event = ?2 ORDER BY minute`,
} as const;

/** src/db/alerts/figures.sql */
export const figuresSql = {
  countFindings: `SELECT count(*) AS count FROM ( SELECT 1 FROM findings WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND kind = ?2 AND stage = ?3 AND stage <> '' AND retracted_at = 0 AND lifecycle IN ( SELECT id FROM lifecycles WHERE app_id = ?1 AND version IN (SELECT value FROM json_each(?4))) AND raised_at >= ?5 AND imported = 0 AND (due_at >= raised_at - ?7 OR arrived_after <= ?7) LIMIT ?6 )`,
  figures: `WITH q AS MATERIALIZED ( SELECT g.key AS k, (SELECT id FROM apps WHERE app_id = g.value ->> 0) AS app, g.value ->> 1 AS kind, g.value ->> 2 AS stage, (SELECT json_group_array(id) FROM lifecycles WHERE app_id = g.value ->> 0 AND version IN (SELECT value FROM json_each(g.value -> 3))) AS lifecycles, g.value ->> 4 AS since, g.value ->> 5 AS incident, g.value ->> 6 AS fresh_from, g.value ->> 7 AS recent_from, g.value ->> 8 AS imported, g.value ->> 9 AS burst_from, g.value ->> 10 AS burst_least, g.value ->> 11 AS burst_window FROM json_each(?1) g ), counted AS MATERIALIZED ( SELECT q.*, ( SELECT json_array(count(*), min(due_at), max(late_by), sum(imported = 1 OR due_at < raised_at - q.imported AND arrived_after > q.imported)) FROM ( SELECT due_at, late_by, raised_at, imported, arrived_after FROM findings WHERE app = q.app AND kind = q.kind AND stage = q.stage AND stage <> '' AND retracted_at = 0 AND lifecycle IN (SELECT value FROM json_each(q.lifecycles)) AND raised_at >= q.since LIMIT ?2)) AS active, ( SELECT json_array(count(*), min(due_at)) FROM ( SELECT due_at, raised_at, imported, arrived_after FROM findings WHERE app = q.app AND kind = q.kind AND stage = q.stage AND stage <> '' AND retracted_at = 0 AND lifecycle IN (SELECT value FROM json_each(q.lifecycles)) AND raised_at >= max(q.since, q.fresh_from) LIMIT ?2) WHERE imported = 0 AND (due_at >= raised_at - q.imported OR arrived_after <= q.imported)) AS fresh FROM q ), named AS MATERIALIZED ( SELECT *, fresh ->> 0 AS fresh_count, fresh ->> 1 AS fresh_since FROM counted ) SELECT c.active ->> 0 AS count, c.active ->> 1 AS since, c.active ->> 2 AS late_by, c.active ->> 3 AS imported, c.fresh_count AS fresh, c.fresh_since, ( SELECT count(*) FROM ( SELECT due_at, raised_at, imported, arrived_after FROM findings WHERE app = c.app AND kind = c.kind AND stage = c.stage AND stage <> '' AND retracted_at = 0 AND lifecycle IN (SELECT value FROM json_each(c.lifecycles)) AND raised_at >= max(c.since, c.recent_from) LIMIT ?2) WHERE imported = 0 AND (due_at >= raised_at - c.imported OR arrived_after <= c.imported) ) AS recent, iif(c.burst_from IS NULL, NULL, ( SELECT min(first) FROM ( SELECT raised_at, lag(raised_at, c.burst_least - 1) OVER (ORDER BY raised_at) AS first FROM ( SELECT due_at, raised_at, imported, arrived_after FROM findings WHERE app = c.app AND kind = c.kind AND stage = c.stage AND stage <> '' AND retracted_at = 0 AND lifecycle IN (SELECT value FROM json_each(c.lifecycles)) AND raised_at >= max(c.since, c.burst_from) LIMIT ?2) WHERE imported = 0 AND (due_at >= raised_at - c.imported OR arrived_after <= c.imported)) WHERE raised_at - first <= c.burst_window )) AS burst_since, ( SELECT json_group_array(m.message_id) FROM ( SELECT id FROM ( SELECT id, due_at, raised_at, imported, arrived_after FROM findings WHERE app = c.app AND kind = c.kind AND stage = c.stage AND stage <> '' AND retracted_at = 0 AND lifecycle IN (SELECT value FROM json_each(c.lifecycles)) AND raised_at >= iif(c.fresh_count > 0, max(c.since, c.fresh_from), c.since) LIMIT ?2) WHERE c.fresh_count = 0 OR imported = 0 AND (due_at >= raised_at - c.imported OR arrived_after <= c.imported) ORDER BY due_at, id LIMIT ?3 ) sample CROSS JOIN findings f ON f.id = sample.id CROSS JOIN messages m ON m.id = f.message ) AS samples, (SELECT expired FROM alert_incidents WHERE id = c.incident) AS expired, (SELECT abandoned FROM alert_incidents WHERE id = c.incident) AS abandoned, ( SELECT count(*) FROM ( SELECT f.ended_by, f.raised_at, f.mark, max(i.opened_at, i.reopened_at) AS opened FROM alert_incidents i CROSS JOIN findings f INDEXED BY findings_ended ON f.app = c.app AND f.kind = c.kind AND f.stage = c.stage AND f.ended_by <> '' AND f.lifecycle IN (SELECT value FROM json_each(c.lifecycles)) AND f.retracted_at >= max(i.opened_at, i.reopened_at) - 60000000 WHERE i.id = c.incident LIMIT ?2) WHERE ended_by IN ('resolved', 'ignored') AND raised_at >= c.since AND nullif(mark, '') ->> 'at' >= opened ) AS closed FROM named c ORDER BY c.k`,
} as const;

/** src/db/alerts/former-sinks.sql */
export const formerSinksSql = {
  keep: `INSERT INTO alert_former_sinks (id, sink, created_at) VALUES (?2, json_set(?1, '$.id', ?2), ?3)`,
  moveDeliveries: `UPDATE alert_deliveries SET sink = ?2 WHERE sink = ?1 AND state = 'pending' AND EXISTS ( SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered' WHERE d.incident = alert_deliveries.incident AND d.sink = ?1)`,
  dropDeliveries: `UPDATE alert_deliveries SET state = 'superseded', next_at = 0 WHERE sink = ?1 AND state = 'pending'`,
  keepLost: `INSERT INTO alert_former_sinks (id, sink, created_at) VALUES (?2, json_set(?1, '$.id', ?2, '$.to', json(?4)), ?3)`,
  takeBack: `UPDATE alert_former_sinks SET sink = json_set(sink, '$.to', ( SELECT json_group_array(value) FROM json_each(sink, '$.to') WHERE lower(value) NOT IN (SELECT lower(value) FROM json_each(?2)))) WHERE substr(id, 1, length(?1) + 1) = ?1 || '#' AND sink ->> '$.type' = 'email' AND NOT EXISTS ( SELECT 1 FROM alert_incidents i CROSS JOIN json_each(i.notified_sinks) s WHERE i.closed_at = 0 AND s.value = alert_former_sinks.id AND NOT EXISTS (SELECT 1 FROM json_each(i.notified_sinks) t WHERE t.value = ?1))`,
  forgetEmpty: `DELETE FROM alert_former_sinks WHERE sink ->> '$.type' = 'email' AND json_array_length(sink, '$.to') = 0`,
  copyDeliveries: `INSERT INTO alert_deliveries (incident, change, sink, state, webhook_id, notification, created_at, next_at, attempts) SELECT incident, change, ?2, 'pending', webhook_id, notification, created_at, created_at, 0 FROM alert_deliveries w WHERE sink = ?1 AND state = 'pending' AND EXISTS ( SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered' WHERE d.incident = w.incident AND d.sink = ?1)`,
  addToIncidents: `UPDATE alert_incidents SET notified_sinks = json_insert(notified_sinks, '$[#]', ?2) WHERE closed_at = 0 AND EXISTS (SELECT 1 FROM json_each(notified_sinks) WHERE value = ?1) AND (EXISTS ( SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered' WHERE d.incident = alert_incidents.id AND d.sink IN (?1, ?2)) OR NOT EXISTS ( SELECT 1 FROM alert_deliveries d WHERE d.incident = alert_incidents.id AND d.sink IN (?1, ?2)))`,
  moveIncidents: `UPDATE alert_incidents SET notified_sinks = ( SELECT json_group_array(iif(value = ?1, ?2, value)) FROM json_each(notified_sinks) WHERE value <> ?1 OR EXISTS ( SELECT 1 FROM alert_deliveries d JOIN alert_attempts a ON a.delivery = d.id AND a.outcome = 'delivered' WHERE d.incident = alert_incidents.id AND d.sink IN (?1, ?2)) OR NOT EXISTS ( SELECT 1 FROM alert_deliveries d WHERE d.incident = alert_incidents.id AND d.sink IN (?1, ?2))) WHERE closed_at = 0 AND EXISTS (SELECT 1 FROM json_each(notified_sinks) WHERE value = ?1)`,
  dropGone: `UPDATE alert_deliveries SET state = 'failed', next_at = 0 WHERE state = 'pending' AND sink NOT IN (SELECT id FROM alert_sinks UNION ALL SELECT id FROM alert_former_sinks)`,
  forget: `DELETE FROM alert_former_sinks WHERE id NOT IN (SELECT id FROM alert_former_sinks ORDER BY created_at DESC LIMIT ?1) OR NOT EXISTS (SELECT 1 FROM alert_deliveries d WHERE d.sink = alert_former_sinks.id AND d.state = 'pending') AND NOT EXISTS ( SELECT 1 FROM alert_incidents i CROSS JOIN json_each(i.notified_sinks) s WHERE i.closed_at = 0 AND s.value = alert_former_sinks.id)`,
} as const;

/** src/db/alerts/redact.sql */
export const redactSql = {
  incidents: `UPDATE alert_incidents SET text = substr(text, 1, instr(text, ', sample id') - 1) || ', sample ids erased' WHERE app_id = ?1 AND instr(text, ', sample id') > 0 AND (?2 IS NULL OR instr(substr(text, instr(text, ', sample id')), ?2) > 0)`,
  deliveries: `UPDATE alert_deliveries SET notification = json_set(notification, '$.text', iif(instr(notification ->> '$.text', ', sample id') = 0, notification ->> '$.text', substr(notification ->> '$.text', 1, instr(notification ->> '$.text', ', sample id') - 1) || ', sample ids erased'), '$.incident.figures.samples', json(( SELECT json_group_array(value) FROM json_each(notification, '$.incident.figures.samples') WHERE iif(?2 IS NULL, EXISTS (SELECT 1 FROM messages WHERE message_id = value AND app_id = ?1), value <> ?2)))) WHERE incident IN (SELECT id FROM alert_incidents WHERE app_id = ?1) AND EXISTS ( SELECT 1 FROM json_each(iif(json_valid(notification), notification, '{}'), '$.incident.figures.samples') WHERE iif(?2 IS NULL, NOT EXISTS (SELECT 1 FROM messages WHERE message_id = value AND app_id = ?1), value = ?2))`,
  attempts: `UPDATE alert_attempts SET response = '', error = iif(?2 IS NULL OR instr(error, ?2) = 0, error, '') WHERE delivery IN ( SELECT d.id FROM alert_incidents i CROSS JOIN alert_deliveries d ON d.incident = i.id WHERE i.app_id = ?1) AND (?2 IS NULL OR instr(response, ?2) > 0 OR instr(error, ?2) > 0)`,
  notes: `UPDATE alert_notes SET text = replace(text, ?2, '(erased)') WHERE incident IN (SELECT id FROM alert_incidents WHERE app_id = ?1) AND ?2 <> '' AND instr(text, ?2) > 0`,
} as const;

/** src/db/attributes/attributes.sql */
export const attributesSql = {
  names: `SELECT id, app_id, name, seq, first_seq, goal, dropped FROM attribute_names ORDER BY id`,
  namesOfApp: `SELECT id, name, seq, first_seq, goal FROM attribute_names WHERE app_id = ?1 AND dropped = 0 ORDER BY id`,
  addName: `INSERT INTO attribute_names (app_id, name, seq, first_seq, goal) SELECT ?1, ?2, first.seq, first.seq, projection.seq FROM projection CROSS JOIN (SELECT coalesce((SELECT seq FROM events ORDER BY seq LIMIT 1), 1) - 1 AS seq) first`,
  dropNames: `UPDATE attribute_names SET dropped = 1 WHERE app_id = ?1 AND dropped = 0 AND name NOT IN (SELECT value FROM json_each(?2))`,
  addRange: `INSERT INTO attribute_values (message, name, value, events) SELECT message, name, value, count(*) FROM ( SELECT e.message, n.id AS name, CASE WHEN j.type IN ('integer', 'real') THEN e.attributes -> j.fullkey WHEN j.type = 'text' THEN j.atom ELSE j.type END AS value FROM events e CROSS JOIN messages m ON m.id = e.message CROSS JOIN json_each(e.attributes) j CROSS JOIN attribute_names n ON n.app_id = m.app_id AND n.name = j.key AND n.dropped = 0 AND +n.seq = ?1 WHERE e.seq > ?1 AND e.seq <= ?2 AND e.attributes <> '' AND NOT EXISTS (SELECT 1 FROM attribute_changes) AND EXISTS (SELECT 1 FROM attribute_names a WHERE a.app_id = m.app_id AND a.dropped = 0) AND j.type IN ('text', 'integer', 'real', 'true', 'false')) WHERE octet_length(value) <= ?3 GROUP BY message, name, value ON CONFLICT (message, name, value) DO UPDATE SET events = events + excluded.events`,
  moveNames: `UPDATE attribute_names SET seq = ?2 WHERE seq = ?1 AND dropped = 0 AND NOT EXISTS (SELECT 1 FROM attribute_changes)`,
  applyChanges: `INSERT INTO attribute_values (message, name, value, events) SELECT message, name, value, sum(sign) FROM ( SELECT e.message, n.id AS name, k.value AS sign, CASE WHEN j.type IN ('integer', 'real') THEN iif(k.value < 0, c.was, e.attributes) -> j.fullkey WHEN j.type = 'text' THEN j.atom ELSE j.type END AS value FROM (SELECT seq, was FROM attribute_changes ORDER BY seq LIMIT ?1) c CROSS JOIN events e ON e.seq = c.seq CROSS JOIN messages m ON m.id = e.message CROSS JOIN json_each('[-1,1]') k CROSS JOIN json_each(nullif(iif(k.value < 0, c.was, e.attributes), '')) j CROSS JOIN attribute_names n ON n.app_id = m.app_id AND n.name = j.key AND n.dropped = 0 AND n.seq >= c.seq WHERE j.type IN ('text', 'integer', 'real', 'true', 'false')) WHERE octet_length(value) <= ?2 GROUP BY message, name, value HAVING sum(sign) <> 0 ON CONFLICT (message, name, value) DO UPDATE SET events = events + excluded.events`,
  deleteEmpty: `DELETE FROM attribute_values WHERE events <= 0 AND message IN ( SELECT e.message FROM (SELECT seq FROM attribute_changes ORDER BY seq LIMIT ?1) c CROSS JOIN events e ON e.seq = c.seq)`,
  forgetChanges: `DELETE FROM attribute_changes WHERE seq IN (SELECT seq FROM attribute_changes ORDER BY seq LIMIT ?1)`,
  someChange: `SELECT EXISTS (SELECT 1 FROM attribute_changes) AS some`,
  collectLate: `INSERT OR IGNORE INTO attribute_changes (seq, was) SELECT seq, '' FROM events WHERE seq > ?1 AND seq <= ?2 AND attributes <> '' AND EXISTS (SELECT 1 FROM attribute_names)`,
  deleteValues: `DELETE FROM attribute_values WHERE (message, name, value) IN ( SELECT message, name, value FROM attribute_values WHERE name = ?1 LIMIT ?2)`,
  deleteName: `DELETE FROM attribute_names WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM attribute_changes)`,
  deleteRemains: `DELETE FROM attribute_values WHERE message IN (SELECT message FROM remains)`,
  forgetRemains: `DELETE FROM attribute_changes WHERE seq IN ( SELECT c.seq FROM attribute_changes c CROSS JOIN events e ON e.seq = c.seq WHERE e.message IN (SELECT message FROM remains))`,
} as const;

/** src/db/audit/audit.sql */
export const auditSql = {
  insert: `INSERT INTO audit (at, who, name, address, protocol, action, target, app_id, old, new) VALUES (?2, ?1 ->> 'who', ?1 ->> 'name', ?1 ->> 'address', ?1 ->> 'protocol', ?1 ->> 'action', ?3, ?4, ?5, ?6)`,
  dropOldest: `DELETE FROM audit WHERE id IN ( SELECT id FROM ( SELECT id, sum(1024 + octet_length(old) + octet_length(new)) OVER (ORDER BY id) - 1024 - octet_length(old) - octet_length(new) AS before FROM audit ORDER BY id LIMIT ?2) WHERE before < (SELECT bytes FROM audit_size) - ?1) AND (SELECT bytes FROM audit_size) > ?1`,
  countDropped: `UPDATE audit_size SET dropped = dropped + changes()`,
  prune: `DELETE FROM audit WHERE id IN ( SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ?2) WHERE at < ?1)`,
} as const;

/** src/db/brokers/brokers.sql */
export const brokersSql = {
  all: `SELECT collector FROM broker_collectors ORDER BY id`,
  one: `SELECT collector FROM broker_collectors WHERE id = ?1`,
  countOthers: `SELECT count(*) AS count FROM broker_collectors WHERE id <> ?1`,
  put: `INSERT INTO broker_collectors (id, collector) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET collector = excluded.collector`,
  remove: `DELETE FROM broker_collectors WHERE id = ?1`,
  paused: `SELECT collector FROM broker_pauses ORDER BY collector`,
  pause: `INSERT INTO broker_pauses (collector) VALUES (?1) ON CONFLICT DO NOTHING`,
  resume: `DELETE FROM broker_pauses WHERE collector = ?1`,
  refusedCounts: `SELECT collector, count(*) AS count FROM broker_refused GROUP BY collector`,
  refusedCount: `SELECT count(*) AS count FROM broker_refused WHERE collector = ?1`,
  keepRefused: `INSERT INTO broker_refused (collector, position, at, broker_at, event_id, reason, body, body_bytes, headers, app_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (collector, event_id) DO UPDATE SET position = excluded.position, at = excluded.at, reason = excluded.reason, body = excluded.body, body_bytes = excluded.body_bytes, headers = excluded.headers, app_id = excluded.app_id`,
  forgetOldest: `DELETE FROM broker_refused WHERE collector = ?1 AND id <= ( SELECT id FROM broker_refused WHERE collector = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2 )`,
  refused: `SELECT * FROM broker_refused WHERE collector = ?1 AND id > ?2 ORDER BY id LIMIT ?3`,
  refusedOne: `SELECT * FROM broker_refused WHERE collector = ?1 AND id = ?2`,
  removeRefused: `DELETE FROM broker_refused WHERE collector = ?1 AND id IN (SELECT value FROM json_each(?2))`,
  removeAllRefused: `DELETE FROM broker_refused WHERE collector = ?1`,
  eraseRefusedOfApp: `DELETE FROM broker_refused WHERE app_id = ?1 OR (app_id = '' AND EXISTS ( SELECT 1 FROM json_each(?2) t WHERE instr(body, CAST(t.value AS BLOB)) > 0 OR instr(headers, t.value) > 0 OR instr(reason, t.value) > 0))`,
  eraseRefusedOfMessage: `DELETE FROM broker_refused WHERE app_id IN (?1, '') AND EXISTS ( SELECT 1 FROM json_each(?2) t WHERE instr(body, CAST(t.value AS BLOB)) > 0 OR instr(headers, t.value) > 0 OR instr(reason, t.value) > 0 OR instr(position, t.value) > 0 OR instr(event_id, t.value) > 0)`,
  pruneRefused: `DELETE FROM broker_refused WHERE id IN ( SELECT r.id FROM broker_refused r LEFT JOIN app_retention a ON a.app_id = r.app_id WHERE coalesce(a.keep_for, ?2) > 0 AND r.at < ?1 - coalesce(a.keep_for, ?2))`,
} as const;

/** src/db/declared/declared.sql */
export const declaredSql = {
  ofName: `SELECT thing FROM declared WHERE name = ?1 ORDER BY thing`,
  count: `SELECT count(*) AS count FROM declared`,
  keep: `DELETE FROM declared WHERE name = ?1 AND thing NOT IN (SELECT value FROM json_each(?2))`,
  add: `INSERT INTO declared (thing, name) SELECT value, ?1 FROM json_each(?2) WHERE true ON CONFLICT (thing) DO UPDATE SET name = excluded.name`,
} as const;

/** src/db/erasure/erase.sql */
export const eraseSql = {
  findMessage: `SELECT id, message_id, event_count FROM messages WHERE message_id = ?2 AND app_id = ?1 AND id <= ?3`,
  candidates: `SELECT m.id, m.message_id, m.created_at, (SELECT count(*) FROM (SELECT 1 FROM events e WHERE e.message = m.id LIMIT ?6)) AS events FROM messages m INDEXED BY messages_app_created WHERE m.app_id = ?1 AND (m.created_at, m.id) > (?3, ?4) AND m.id <= ?2 ORDER BY m.created_at, m.id LIMIT ?5`,
  touched: `SELECT m.id, m.message_id, m.app_id, x.id AS erasure FROM json_each(?1) j CROSS JOIN erasures x ON x.app_id = j.value AND x.done_at = 0 CROSS JOIN messages m ON m.message_id = substr(j.key, 76) AND m.app_id = j.value AND m.id <= x.up_to_seq ORDER BY x.id`,
  insertRemains: `INSERT OR IGNORE INTO remains (message) SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(?1))`,
  recordErased: `INSERT INTO pruned_apps (app_id, seq, finding_seq) SELECT iif(k.value = 1, m.app_id, ''), coalesce(max((SELECT max(max(e.seq, e.changed_seq)) FROM events e WHERE e.message = m.id)), 0), coalesce(max((SELECT max(+f.seq) FROM findings f WHERE f.message = m.id)), 0) FROM remains r CROSS JOIN messages m ON m.id = r.message CROSS JOIN json_each('[0,1]') k WHERE true GROUP BY 1 ON CONFLICT (app_id) DO UPDATE SET seq = max(seq, excluded.seq), finding_seq = max(finding_seq, excluded.finding_seq)`,
  forgetChanges: `DELETE FROM event_changes WHERE seq IN ( SELECT e.seq FROM event_changes c CROSS JOIN events e ON e.seq = c.seq WHERE e.message IN (SELECT message FROM remains))`,
  deleteAhead: `DELETE FROM events WHERE seq > (SELECT seq FROM projection) AND message IN (SELECT message FROM remains)`,
  exhume: `DELETE FROM tombstones WHERE hash IN (SELECT value FROM json_each(?1))`,
  hasOthers: `SELECT EXISTS (SELECT 1 FROM set_aside WHERE app_id = ?1 AND message_id = ?2 AND seq <= ?3) OR EXISTS (SELECT 1 FROM tombstones WHERE hash = ?4) AS some`,
  deleteSetAside: `DELETE FROM set_aside WHERE app_id = ?1 AND (?2 IS NULL OR message_id = ?2) AND seq <= ?3`,
  pending: `SELECT * FROM erasures WHERE done_at = 0 ORDER BY id`,
  makeRoom: `DELETE FROM erasures WHERE id IN ( SELECT id FROM erasures WHERE done_at <> 0 ORDER BY done_at LIMIT max(0, (SELECT count(*) FROM erasures) - ?1))`,
  request: `INSERT INTO erasures (app_id, up_to_seq, requested_at) VALUES (?1, ?2, ?3) ON CONFLICT (app_id) WHERE done_at = 0 DO UPDATE SET up_to_seq = max(up_to_seq, excluded.up_to_seq), requested_at = excluded.requested_at RETURNING *`,
  countErased: `UPDATE erasures SET messages = messages + ( SELECT count(*) FROM remains r CROSS JOIN messages m ON m.id = r.message) WHERE id = ?1`,
  finish: `UPDATE erasures SET done_at = ?3 WHERE id = ?1 AND up_to_seq = ?2`,
  byId: `SELECT * FROM erasures WHERE id = ?1`,
  forgetDone: `DELETE FROM erasures WHERE done_at <> 0 AND done_at < ?1`,
} as const;

/** src/db/findings/findings.sql */
export const findingsSql = {
  rangeEnd: `SELECT seq FROM findings WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1 OFFSET ?3`,
  historyOfRange: `SELECT f.id, f.seq, f.run_number, f.kind, f.stage, f.after, f.version, f.started_at, f.due_at, f.raised_at, f.retracted_at, f.late_by, f.ended_by, f.imported, f.triage, f.mark, f.app, m.app_id, m.message_id, ( SELECT o.value ->> 1 FROM ( SELECT owed FROM instances WHERE message = f.message AND run = f.run UNION ALL SELECT owed FROM runs WHERE message = f.message AND run = f.run ) i CROSS JOIN json_each(nullif(i.owed, '')) o WHERE o.value ->> 0 = f.stage) AS owed FROM findings f CROSS JOIN messages m ON m.id = f.message WHERE f.seq > ?1 AND f.seq <= ?2 AND (?3 IS NULL OR m.app_id = ?3) ORDER BY f.seq LIMIT ?4`,
  historyOfMessage: `SELECT f.id, f.seq, f.run_number, f.kind, f.stage, f.after, f.version, f.started_at, f.due_at, f.raised_at, f.retracted_at, f.late_by, f.ended_by, f.imported, f.triage, f.mark, f.app, m.app_id, m.message_id, ( SELECT o.value ->> 1 FROM ( SELECT owed FROM instances WHERE message = f.message AND run = f.run UNION ALL SELECT owed FROM runs WHERE message = f.message AND run = f.run ) i CROSS JOIN json_each(nullif(i.owed, '')) o WHERE o.value ->> 0 = f.stage) AS owed FROM messages m CROSS JOIN findings f ON f.message = m.id WHERE m.message_id = ?5 AND (?3 IS NULL OR m.app_id = ?3) AND +f.seq > ?1 AND +f.seq <= ?2 ORDER BY f.seq LIMIT ?4`,
  ends: `SELECT finding_seq, max(findings_pruned, coalesce((SELECT finding_seq FROM pruned_apps WHERE app_id = ?1), 0)) AS findings_pruned FROM projection`,
} as const;

/** src/db/findings/overdue-ages.sql */
export const overdueAgesSql = {
  add: `INSERT INTO overdue_ages (span, stage, start, count, acknowledged) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1) WHERE true ON CONFLICT (span, stage, start) DO UPDATE SET count = count + excluded.count, acknowledged = acknowledged + excluded.acknowledged`,
  subtractRemains: `INSERT INTO overdue_ages (span, stage, start, count, acknowledged) SELECT b.value, s.id, iif(b.value = 0, 0, f.due_at - ((f.due_at % b.value) + b.value) % b.value), -count(*), -count(*) FILTER (WHERE f.triage = 1) FROM remains r CROSS JOIN findings f ON f.message = r.message AND f.kind = 'missing' AND +f.retracted_at = 0 CROSS JOIN stages s ON s.app = f.app AND s.after = f.after AND s.stage = f.stage CROSS JOIN json_each('[0,60000000,3600000000,86400000000]') b WHERE true GROUP BY 1, 2, 3 ON CONFLICT (span, stage, start) DO UPDATE SET count = count + excluded.count, acknowledged = acknowledged + excluded.acknowledged`,
  deleteEmpty: `DELETE FROM overdue_ages WHERE count <= 0`,
} as const;

/** src/db/findings/overdue-groups.sql */
export const overdueGroupsSql = {
  longest: `SELECT g.key AS hop, m.message_id, g.first ->> 1 AS due_at FROM ( SELECT h.key, ( SELECT json_array(first.value ->> 0, first.value ->> 1) FROM ( SELECT ( SELECT json_array(message, due_at) FROM findings INDEXED BY findings_hop_overdue WHERE app = h.value ->> 0 AND stage = h.value ->> 1 AND after = h.value ->> 2 AND triage = marks.value AND kind = 'missing' AND retracted_at = 0 ORDER BY due_at LIMIT 1) AS value FROM json_each(?2) marks) first WHERE first.value IS NOT NULL ORDER BY first.value ->> 1 LIMIT 1) AS first FROM json_each(?1) h ) g CROSS JOIN messages m ON m.id = g.first ->> 0`,
} as const;

/** src/db/journeys/children.sql */
export const childrenSql = {
  learn: `INSERT INTO children (child, app, parent) SELECT e.message, (SELECT id FROM apps WHERE app_id = (SELECT app_id FROM messages WHERE id = e.message)), min(e.parent_id) FROM events e WHERE e.seq > ?1 AND e.seq <= ?2 AND e.parent_id <> '' GROUP BY e.message ON CONFLICT (child) DO UPDATE SET parent = iif(parent = '', excluded.parent, min(parent, excluded.parent))`,
  learnAgain: `INSERT INTO children (child, app, parent) SELECT id, app, parent FROM ( SELECT m.id, (SELECT id FROM apps WHERE app_id = m.app_id) AS app, coalesce(( SELECT min(parent_id) FROM events INDEXED BY events_order WHERE message = m.id AND parent_id <> '' AND seq <= ?2), '') AS parent FROM messages m WHERE m.id IN ( SELECT e.message FROM (SELECT seq FROM event_changes ORDER BY seq LIMIT ?1) c CROSS JOIN events e ON e.seq = c.seq)) WHERE parent <> '' OR EXISTS (SELECT 1 FROM children WHERE child = id) ON CONFLICT (child) DO UPDATE SET parent = excluded.parent`,
  complete: `UPDATE children SET completed_at = value ->> 1 FROM json_each(iif((SELECT EXISTS (SELECT 1 FROM children)), ?1, '[]')) WHERE child = value ->> 0 AND completed_at <> value ->> 1`,
  circles: `WITH RECURSIVE ways (origin, at, depth) AS ( SELECT child, child, 0 FROM children WHERE child IN (SELECT value FROM json_each(?1)) UNION ALL SELECT origin, ( SELECT id FROM messages WHERE message_id = c.parent AND app_id = (SELECT app_id FROM apps WHERE id = c.app)), depth + 1 FROM ways w CROSS JOIN children c ON c.child = w.at WHERE depth < 100 AND c.parent <> '' AND (depth = 0 OR at <> origin) ) SELECT json_group_array(json_array(at)) AS rows FROM ways WHERE origin IN (SELECT origin FROM ways WHERE depth > 0 AND at = origin)`,
  forget: `UPDATE children SET completed_at = 0 WHERE child IN (SELECT value FROM json_each(?1)) AND completed_at <> 0`,
  read: `SELECT json_group_array(json_array( (SELECT count(*) FROM children WHERE app = q.app AND parent = q.message_id), (SELECT count(*) FROM children WHERE app = q.app AND parent = q.message_id AND completed_at = 0), (SELECT max(completed_at) FROM children WHERE app = q.app AND parent = q.message_id), json(( SELECT json_group_array(message_id) FROM ( SELECT c.message_id FROM children h CROSS JOIN messages c ON c.id = h.child WHERE h.app = q.app AND h.parent = q.message_id AND h.completed_at = 0 ORDER BY h.child LIMIT ?3))), json(CASE WHEN q.path IS NOT NULL THEN ( SELECT json_array(max(iif(number, value, NULL)), min(iif(number, at, NULL)), min(iif(number, NULL, substr(text, 1, 100)))) FROM ( SELECT e.attributes ->> q.path AS value, e.attributes -> q.path AS text, e.created_at - e.ahead AS at, json_type(e.attributes, q.path) = 'integer' AND e.attributes ->> q.path BETWEEN 0 AND ?4 AS number FROM ( SELECT seq, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT 10000 ) s CROSS JOIN events e ON e.seq = s.seq WHERE s.event IN (SELECT value FROM json_each(q.after)) AND e.attributes <> '' AND json_type(e.attributes, q.path) <> 'null')) END))) AS rows FROM ( SELECT a.key AS k, m.id AS message, m.message_id, apps.id AS app, a.value ->> 1 AS path, a.value -> 2 AS after FROM json_each(?1) a LEFT JOIN messages m ON m.id = a.value ->> 0 LEFT JOIN apps ON apps.app_id = m.app_id ORDER BY a.key ) q`,
} as const;

/** src/db/journeys/journeys.sql */
export const journeysSql = {
  members: `WITH RECURSIVE named (message, n) AS ( SELECT (SELECT min(message) FROM events WHERE external_id = ?1 AND external_id <> ''), 1 UNION ALL SELECT ( SELECT min(message) FROM events WHERE external_id = ?1 AND external_id <> '' AND message > named.message), n + 1 FROM named WHERE message IS NOT NULL AND n < ?2 ), own (message) AS ( SELECT m.id FROM messages m CROSS JOIN projection p LEFT JOIN instances i ON i.message = m.id WHERE m.message_id = ?1 AND EXISTS ( SELECT 1 FROM journeys_by_message j WHERE j.lifecycle = iif(m.id <= p.seq, i.lifecycle, (SELECT l.id FROM lifecycles l WHERE l.app_id = m.app_id AND l.after_seq < m.id ORDER BY l.version DESC LIMIT 1))) LIMIT ?2 ) SELECT json_group_array(json_array(id, app_id, message_id, event_count, joined)) AS rows FROM ( SELECT m.id, m.app_id, m.message_id, m.event_count, CASE WHEN EXISTS (SELECT 1 FROM own WHERE own.message = m.id) THEN m.id ELSE ( SELECT min(seq) FROM events WHERE external_id = ?1 AND external_id <> '' AND message = m.id) END AS joined FROM (SELECT message FROM named WHERE message IS NOT NULL UNION SELECT message FROM own) k CROSS JOIN messages m ON m.id = k.message ORDER BY m.id)`,
  byMessageId: `SELECT j.app_id FROM journeys_by_message j WHERE NOT EXISTS ( SELECT 1 FROM lifecycles l CROSS JOIN lifecycles own ON own.id = j.lifecycle WHERE l.app_id = j.app_id AND l.version > own.version)`,
  events: `WITH members AS MATERIALIZED ( SELECT value ->> 0 AS message, value ->> 1 AS n, value ->> 2 AS side FROM json_each(?1) ) SELECT json_group_array(json_array(n, total, seq, event, created_at, received_at, event_id, external_id, attributes, parent_id, duplicates, detail, ahead, traceparent)) AS rows FROM ( SELECT p.n, p.total, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, e.attributes, e.parent_id, e.duplicates, e.detail, e.ahead, e.traceparent FROM ( SELECT seq, n, place, own, sum(own) OVER (ORDER BY place) AS bytes, count(*) OVER () AS total FROM ( SELECT e.seq, m.n, row_number() OVER (ORDER BY e.created_at, m.n, e.event, e.event_id, e.detail) AS place, 200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id) + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS own FROM members m CROSS JOIN json_each(( SELECT json_group_array(seq) FROM ( SELECT seq FROM events INDEXED BY events_order WHERE message = m.message AND created_at >= ?2 AND seq <= ?7 AND (created_at > ?2 OR m.side > 0 OR (m.side = 0 AND (event, event_id, detail) > (?3, ?4, ?5))) ORDER BY created_at, event, event_id, detail LIMIT ?6))) found CROSS JOIN events e ON e.seq = found.value ORDER BY place LIMIT ?8 + 1 ) ) p CROSS JOIN events e ON e.seq = p.seq WHERE p.place <= ?8 AND p.bytes - p.own < ?9 ORDER BY p.place)`,
  historyOfRange: `WITH members AS MATERIALIZED ( SELECT value ->> 0 AS message, value ->> 1 AS joined FROM json_each(?3) ) SELECT m.app_id, m.message_id, p.place, p.bytes, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead, e.traceparent FROM ( SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own FROM ( SELECT e.seq, e.seq AS place, 200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id) + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS bytes FROM events e WHERE e.seq > ?1 AND e.seq <= ?2 AND e.changed_seq = 0 AND +e.message IN (SELECT message FROM members) AND e.seq >= (SELECT joined FROM members WHERE members.message = e.message) UNION ALL SELECT e.seq, e.changed_seq, 200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id) + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) FROM events e WHERE e.changed_seq > ?1 AND e.changed_seq <= ?2 AND e.changed_seq <> 0 AND +e.message IN (SELECT message FROM members) AND e.seq >= (SELECT joined FROM members WHERE members.message = e.message) ORDER BY place LIMIT ?4 ) ) p CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message WHERE p.bytes - p.own < ?5 ORDER BY p.place`,
  historyOfMembers: `SELECT m.app_id, m.message_id, p.place, p.bytes, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead, e.traceparent FROM ( SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own FROM ( SELECT e.seq, iif(e.changed_seq = 0, e.seq, e.changed_seq) AS place, 200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id) + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS bytes FROM json_each(?3) k CROSS JOIN events e INDEXED BY events_order ON e.message = k.value ->> 0 WHERE max(e.seq, e.changed_seq) > ?1 AND max(e.seq, e.changed_seq) <= ?2 AND e.seq >= k.value ->> 1 ORDER BY place LIMIT ?4 ) ) p CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message WHERE p.bytes - p.own < ?5 ORDER BY p.place`,
} as const;

/** src/db/journeys/links.sql */
export const linksSql = {
  any: `SELECT EXISTS (SELECT 1 FROM linked_events) AS some`,
  insertOf: `INSERT INTO linked_events (app_id, event, lifecycle, by_app) SELECT value ->> 0, value ->> 1, (SELECT id FROM lifecycles WHERE app_id = ?1 AND version = ?2), ?1 FROM json_each(?3)`,
  insertByMessage: `INSERT INTO journeys_by_message (lifecycle, app_id) SELECT id, app_id FROM lifecycles WHERE app_id = ?1 AND version = ?2`,
  deleteOf: `DELETE FROM linked_events WHERE by_app = ?2 AND lifecycle IN (SELECT value FROM json_each(?1))`,
  deleteByMessage: `DELETE FROM journeys_by_message WHERE lifecycle IN (SELECT value FROM json_each(?1))`,
  naming: `SELECT DISTINCT by_app FROM linked_events WHERE app_id IN (SELECT value FROM json_each(?1))`,
  touch: `WITH RECURSIVE touched AS MATERIALIZED ( SELECT message, max(named) AS named FROM ( SELECT message, external_id <> '' AS named FROM events WHERE seq > ?1 AND seq <= ?2 AND (external_id <> '' OR seq = message OR event IN (SELECT event FROM linked_events)) UNION ALL SELECT e.message, 1 FROM (SELECT seq FROM event_changes ORDER BY seq LIMIT ?3) c CROSS JOIN events e ON e.seq = c.seq UNION ALL SELECT value, 0 FROM json_each(?4)) GROUP BY message ), pairs AS MATERIALIZED ( SELECT DISTINCT app_id, by_app FROM linked_events ), names AS MATERIALIZED ( SELECT DISTINCT p.by_app, x.value AS name FROM touched t CROSS JOIN messages m ON m.id = t.message CROSS JOIN pairs p ON p.app_id = m.app_id CROSS JOIN json_each(( SELECT json_group_array(external_id) FROM ( SELECT DISTINCT external_id FROM ( SELECT external_id FROM events INDEXED BY events_order WHERE message = t.message ORDER BY created_at, event, event_id, detail LIMIT 10000) WHERE external_id <> '' ORDER BY external_id LIMIT 256))) x UNION SELECT p.by_app, m.message_id FROM touched t CROSS JOIN messages m ON m.id = t.message CROSS JOIN pairs p ON p.app_id = m.app_id CROSS JOIN instances i ON i.message = m.id CROSS JOIN journeys_by_message j ON j.lifecycle = i.lifecycle UNION SELECT p.by_app, f.name FROM former_names f CROSS JOIN pairs p ), found (by_app, name, message, n) AS ( SELECT by_app, name, (SELECT min(message) FROM events WHERE external_id = name AND external_id <> ''), 1 FROM names UNION ALL SELECT by_app, name, ( SELECT min(e.message) FROM events e WHERE e.external_id = found.name AND e.external_id <> '' AND e.message > found.message), n + 1 FROM found WHERE message IS NOT NULL AND n < 1000 ) INSERT OR IGNORE INTO revisits (message) SELECT f.message FROM found f CROSS JOIN messages m ON m.id = f.message WHERE m.app_id = f.by_app UNION SELECT m.id FROM names n CROSS JOIN messages m ON m.message_id = n.name AND m.app_id = n.by_app CROSS JOIN instances i ON i.message = m.id CROSS JOIN journeys_by_message j ON j.lifecycle = i.lifecycle UNION SELECT m.id FROM touched t CROSS JOIN messages m ON m.id = t.message WHERE m.app_id IN (SELECT by_app FROM pairs) AND (t.named OR m.app_id IN (SELECT app_id FROM journeys_by_message))`,
  forgetNames: `DELETE FROM former_names`,
  read: `WITH RECURSIVE q AS MATERIALIZED ( SELECT key AS k, value ->> 0 AS message, value ->> 1 AS by_id, value -> 2 AS wants FROM json_each(?1) ), wants AS MATERIALIZED ( SELECT q.k, w.key AS i, w.value ->> 0 AS app_id, w.value ->> 1 AS event FROM q CROSS JOIN json_each(q.wants) w ), names AS MATERIALIZED ( SELECT q.k, x.value AS name FROM q CROSS JOIN json_each(( SELECT json_group_array(external_id) FROM ( SELECT DISTINCT external_id FROM ( SELECT external_id FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT 10000) WHERE external_id <> '' ORDER BY external_id LIMIT 256))) x UNION SELECT q.k, m.message_id FROM q CROSS JOIN messages m ON m.id = q.message WHERE q.by_id ), found (k, name, message, n) AS ( SELECT k, name, (SELECT min(message) FROM events WHERE external_id = name AND external_id <> ''), 1 FROM names UNION ALL SELECT k, name, ( SELECT min(e.message) FROM events e WHERE e.external_id = found.name AND e.external_id <> '' AND e.message > found.message), n + 1 FROM found WHERE message IS NOT NULL AND n < 1000 ), linked AS MATERIALIZED ( SELECT f.k, f.message, m.app_id FROM found f CROSS JOIN messages m ON m.id = f.message WHERE EXISTS (SELECT 1 FROM events e WHERE e.external_id = f.name AND e.external_id <> '' AND e.message = f.message AND e.seq <= ?2) UNION SELECT n.k, m.id, m.app_id FROM names n CROSS JOIN messages m ON m.message_id = n.name CROSS JOIN instances i ON i.message = m.id CROSS JOIN journeys_by_message j ON j.lifecycle = i.lifecycle ) SELECT json_group_array(json_array(k, i, first ->> 0, first ->> 1, message)) AS rows FROM ( SELECT l.k, w.i, l.message, ( SELECT json_array(min(e.created_at - e.ahead), e.received_at) FROM ( SELECT seq, event FROM events INDEXED BY events_order WHERE message = l.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT 10000 ) s CROSS JOIN events e ON e.seq = s.seq WHERE s.event = w.event) AS first FROM linked l CROSS JOIN wants w ON w.k = l.k AND w.app_id = l.app_id ) WHERE first ->> 0 IS NOT NULL`,
  stored: `SELECT json_group_array(json_array( l.message, l.slot, l.at, l.linked, EXISTS (SELECT 1 FROM messages WHERE id = l.linked))) AS rows FROM links l WHERE l.message IN (SELECT value FROM json_each(?1))`,
  put: `INSERT INTO links (message, slot, at, linked) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true ON CONFLICT (message, slot) DO UPDATE SET at = excluded.at, linked = excluded.linked`,
  delete: `DELETE FROM links WHERE (message, slot) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))`,
  keys: `SELECT id, app_id, message_id FROM messages WHERE id IN (SELECT value FROM json_each(?1))`,
} as const;

/** src/db/lifecycles/histories.sql */
export const historiesSql = {
  firsts: `SELECT json_group_array(json(( SELECT json_group_array(json_array(event, at, received_at)) FROM ( SELECT e.event, min(e.created_at - e.ahead) AS at, e.received_at FROM ( SELECT seq FROM events INDEXED BY events_order WHERE message = m.value ORDER BY created_at, event, event_id, detail LIMIT ?2 ) k CROSS JOIN events e ON e.seq = k.seq GROUP BY e.event ORDER BY at LIMIT ?3)))) AS rows FROM json_each(?1) m`,
} as const;

/** src/db/lifecycles/lifecycles.sql */
export const lifecyclesSql = {
  latest: `SELECT version, created_at, after_seq, bytes, put_by, note, definition FROM lifecycles WHERE app_id = ?1 ORDER BY version DESC LIMIT 1`,
  list: `SELECT l.app_id, l.version, l.created_at, l.after_seq, l.put_by, l.note, l.definition, b.done, b.of_count, b.ended FROM lifecycles l LEFT JOIN backfills b ON b.app_id = l.app_id AND b.lifecycle = l.id WHERE l.id IN ( SELECT id FROM ( SELECT id, bytes, sum(bytes) OVER (ORDER BY version DESC) AS until FROM (SELECT id, version, bytes FROM lifecycles WHERE app_id = ?1 ORDER BY version DESC LIMIT ?2) ) WHERE until <= ?3 OR until = bytes) ORDER BY l.version DESC`,
  ofVersion: `SELECT app_id, version, created_at, after_seq, put_by, note, definition FROM lifecycles WHERE app_id = ?1 AND version = ?2`,
  ofMessage: `SELECT id, app_id, version, created_at, after_seq, definition FROM lifecycles WHERE id = coalesce( (SELECT lifecycle FROM instances WHERE message = ?1), (SELECT id FROM lifecycles WHERE app_id = ?2 AND after_seq < ?1 ORDER BY version DESC LIMIT 1))`,
  byIds: `SELECT id, app_id, version, created_at, after_seq, definition FROM lifecycles WHERE id IN (SELECT value FROM json_each(?1))`,
  behind: `SELECT l.app_id, l.id, l.after_seq, l.bytes FROM json_each(?1) a CROSS JOIN lifecycles l ON l.app_id = a.value AND l.version >= coalesce( (SELECT version FROM lifecycles WHERE app_id = a.value AND after_seq <= ?2 ORDER BY version DESC LIMIT 1), 0) ORDER BY l.app_id, l.version DESC`,
  sizes: `SELECT id, bytes FROM lifecycles WHERE id IN (SELECT value FROM json_each(?1))`,
  withApps: `SELECT l.id, a.id AS app, l.app_id, l.version, l.stage_ids, l.definition FROM lifecycles l CROSS JOIN apps a ON a.app_id = l.app_id WHERE l.id IN (SELECT value FROM json_each(?1))`,
  addBytes: `INSERT INTO apps (app_id, lifecycle_bytes) VALUES (?1, ?2) ON CONFLICT (app_id) DO UPDATE SET lifecycle_bytes = lifecycle_bytes + excluded.lifecycle_bytes`,
  insertStages: `INSERT OR IGNORE INTO stages (app, after, stage) SELECT (SELECT id FROM apps WHERE app_id = ?1), value ->> 0, value ->> 1 FROM json_each(?2)`,
  countNamed: `UPDATE stages SET versions = versions + 1 WHERE id IN ( SELECT s.id FROM json_each(?2) n CROSS JOIN stages s ON s.app = (SELECT id FROM apps WHERE app_id = ?1) AND s.after = n.value ->> 0 AND s.stage = n.value ->> 1)`,
  insertVersion: `INSERT INTO lifecycles (app_id, version, created_at, after_seq, bytes, stage_ids, definition, put_by, note) SELECT ?1, ?3, ?4, max(?5, (SELECT seq FROM projection)), ?6, (SELECT json_group_array(id) FROM ( SELECT s.id FROM json_each(?2) n CROSS JOIN stages s ON s.app = (SELECT id FROM apps WHERE app_id = ?1) AND s.after = n.value ->> 0 AND s.stage = n.value ->> 1 ORDER BY n.key)), ?7, ?8, ?9 RETURNING after_seq`,
  unused: `SELECT id, bytes FROM lifecycles l WHERE app_id = ?1 AND version < (SELECT max(version) FROM lifecycles WHERE app_id = ?1) AND NOT EXISTS (SELECT 1 FROM lifecycle_instances WHERE lifecycle = l.id AND instances > 0) AND (SELECT after_seq FROM lifecycles WHERE app_id = ?1 AND version > l.version ORDER BY version LIMIT 1) <= (SELECT seq FROM projection) ORDER BY version LIMIT ?2`,
  subtractBytes: `UPDATE apps SET lifecycle_bytes = lifecycle_bytes - (SELECT sum(bytes + ?3) FROM lifecycles WHERE id IN (SELECT value FROM json_each(?2))) WHERE app_id = ?1`,
  countUnnamed: `UPDATE stages SET versions = versions - named.times FROM ( SELECT s.value AS stage, count(*) AS times FROM lifecycles l, json_each(l.stage_ids) s WHERE l.id IN (SELECT value FROM json_each(?1)) GROUP BY s.value ) AS named WHERE stages.id = named.stage`,
  deleteCounts: `DELETE FROM lifecycle_instances WHERE lifecycle IN (SELECT value FROM json_each(?1))`,
  deleteVersions: `DELETE FROM lifecycles WHERE id IN (SELECT value FROM json_each(?1))`,
  messagesSince: `SELECT count(*) AS count FROM messages INDEXED BY messages_app_created WHERE app_id = ?1 AND created_at >= ?2`,
  startBackfill: `REPLACE INTO backfills (app_id, lifecycle, up_to, since, at, message, done, of_count, ended) SELECT app_id, id, after_seq, ?2, ?4, 0, 0, ?3, 0 FROM lifecycles WHERE app_id = ?1 AND version = (SELECT max(version) FROM lifecycles WHERE app_id = ?1)`,
  stopBackfill: `DELETE FROM backfills WHERE app_id = ?1 AND ended = 0`,
} as const;

/** src/db/messages/apply.sql */
export const applySql = {
  movePosition: `INSERT INTO positions (journal_id, continues_from, seq) VALUES (?1, ?2, ?3) ON CONFLICT (journal_id) DO UPDATE SET continues_from = excluded.continues_from, seq = excluded.seq`,
  knownPosition: `SELECT seq FROM positions WHERE journal_id = ?1`,
  upsertMessages: `INSERT INTO messages (app_id, message_id, id, alias, created_at, updated_at, received_at, event_count) SELECT value, substr(key, 76), CAST(key AS INTEGER), CAST(key AS INTEGER), CAST(substr(key, 18, 17) AS INTEGER), CAST(substr(key, 35, 17) AS INTEGER), CAST(substr(key, 52, 17) AS INTEGER), CAST(substr(key, 69, 7) AS INTEGER) FROM json_each(?1) WHERE true ON CONFLICT (message_id, app_id) DO UPDATE SET alias = excluded.alias, created_at = min(created_at, excluded.created_at), updated_at = max(updated_at, excluded.updated_at), received_at = max(received_at, excluded.received_at), event_count = event_count + excluded.event_count`,
  insertEvents: `INSERT INTO events (message, seq, event, created_at, received_at, event_id, external_id, attributes, duplicates, detail, parent_id, ahead, traceparent) SELECT iif((SELECT EXISTS (SELECT 1 FROM aliases)), coalesce((SELECT message FROM aliases WHERE alias = CAST(substr(key, 18, 17) AS INTEGER)), CAST(substr(key, 18, 17) AS INTEGER)), CAST(substr(key, 18, 17) AS INTEGER)), CAST(key AS INTEGER), substr(key, 69), CAST(substr(key, 35, 17) AS INTEGER), CAST(substr(key, 52, 17) AS INTEGER), iif(value IS NULL, '', value ->> 0), iif(value IS NULL, '', value ->> 1), iif(value IS NULL, '', value ->> 2), iif(value IS NULL, 0, value ->> 3), iif(value IS NULL, '', value ->> 4), coalesce(value ->> 5, ''), coalesce(value ->> 6, 0), coalesce(value ->> 7, '') FROM json_each(?1) WHERE true ON CONFLICT (message, event, event_id) WHERE event_id <> '' DO UPDATE SET duplicates = events.duplicates + excluded.duplicates + 1, changed_seq = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id) < (events.created_at, events.external_id, events.attributes, events.parent_id) OR excluded.created_at - excluded.ahead < events.created_at - events.ahead, excluded.seq, events.changed_seq), created_at = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id) < (events.created_at, events.external_id, events.attributes, events.parent_id), excluded.created_at, events.created_at), external_id = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id) < (events.created_at, events.external_id, events.attributes, events.parent_id), excluded.external_id, events.external_id), attributes = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id) < (events.created_at, events.external_id, events.attributes, events.parent_id), excluded.attributes, events.attributes), parent_id = iif((excluded.created_at, excluded.external_id, excluded.attributes, excluded.parent_id) < (events.created_at, events.external_id, events.attributes, events.parent_id), excluded.parent_id, events.parent_id), ahead = min(excluded.created_at, events.created_at) - min(excluded.created_at - excluded.ahead, events.created_at - events.ahead) ON CONFLICT (message, created_at, event, event_id, detail) DO UPDATE SET duplicates = events.duplicates + excluded.duplicates + 1`,
  insertPlainEvents: `INSERT INTO events (message, seq, event, created_at, received_at, event_id, external_id, attributes, duplicates, detail) SELECT iif((SELECT EXISTS (SELECT 1 FROM aliases)), coalesce((SELECT message FROM aliases WHERE alias = CAST(substr(key, 18, 17) AS INTEGER)), CAST(substr(key, 18, 17) AS INTEGER)), CAST(substr(key, 18, 17) AS INTEGER)), CAST(key AS INTEGER), substr(key, 69), CAST(substr(key, 35, 17) AS INTEGER), CAST(substr(key, 52, 17) AS INTEGER), '', '', '', 0, '' FROM json_each(?1) WHERE true ON CONFLICT (message, created_at, event, event_id, detail) DO UPDATE SET duplicates = events.duplicates + excluded.duplicates + 1`,
  resolveAliases: `DELETE FROM aliases`,
  countStored: `SELECT count(*) AS stored FROM events WHERE seq > ?1 AND seq <= ?2`,
  outcome: `SELECT iif(count(*) = ?3, NULL, json_object( 'fresh', json_group_array(seq), 'changed', ( SELECT json_group_array(json_object( 'seq', changed_seq, 'replaces', seq, 'appId', app_id, 'messageId', message_id, 'event', event, 'createdAt', created_at, 'receivedAt', received_at, 'eventId', event_id, 'externalId', external_id, 'attributes', attributes, 'parentId', parent_id, 'aheadBy', ahead, 'traceparent', traceparent)) FROM ( SELECT e.*, m.app_id, m.message_id FROM events e CROSS JOIN messages m ON m.id = e.message WHERE changed_seq > ?1 AND changed_seq <= ?2 AND changed_seq <> 0 ORDER BY changed_seq ) ))) AS outcome FROM events WHERE seq > ?1 AND seq <= ?2`,
  collectLate: `INSERT OR IGNORE INTO event_changes (seq, was) SELECT seq, NULL FROM events WHERE seq > ?1 AND seq <= ?2`,
} as const;

/** src/db/messages/history.sql */
export const historySql = {
  countEvents: `SELECT coalesce(sum(event_count), 0) AS events FROM ( SELECT event_count FROM messages WHERE message_id = ?2 AND (?1 IS NULL OR app_id = ?1) LIMIT ?3 )`,
  rangeEnd: `SELECT min( coalesce((SELECT seq FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1 OFFSET ?3), ?2), coalesce((SELECT changed_seq FROM events WHERE changed_seq > ?1 AND changed_seq <= ?2 AND changed_seq <> 0 ORDER BY changed_seq LIMIT 1 OFFSET ?3), ?2) ) AS seq`,
  pageOfRange: `SELECT m.app_id, m.message_id, p.place, p.bytes, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead, e.traceparent FROM ( SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own FROM ( SELECT e.seq, e.seq AS place, 200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id) + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS bytes FROM events e CROSS JOIN messages m ON m.id = e.message WHERE e.seq > ?1 AND e.seq <= ?2 AND e.changed_seq = 0 AND (?3 IS NULL OR m.app_id = ?3) AND (?4 IS NULL OR m.message_id = ?4) UNION ALL SELECT e.seq, e.changed_seq, 200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id) + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) FROM events e CROSS JOIN messages m ON m.id = e.message WHERE e.changed_seq > ?1 AND e.changed_seq <= ?2 AND e.changed_seq <> 0 AND (?3 IS NULL OR m.app_id = ?3) AND (?4 IS NULL OR m.message_id = ?4) ORDER BY place LIMIT ?5 ) ) p CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message WHERE p.bytes - p.own < ?6 ORDER BY p.place`,
  pageOfMessage: `SELECT m.app_id, m.message_id, p.place, p.bytes, e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, e.attributes, e.parent_id, e.duplicates, e.detail, e.changed_seq, e.ahead, e.traceparent FROM ( SELECT seq, place, sum(bytes) OVER (ORDER BY place) AS bytes, bytes AS own FROM ( SELECT e.seq, iif(e.changed_seq = 0, e.seq, e.changed_seq) AS place, 200 + octet_length(e.event) + octet_length(e.event_id) + octet_length(e.external_id) + octet_length(e.attributes) + octet_length(e.parent_id) + octet_length(e.traceparent) AS bytes FROM messages m CROSS JOIN events e ON e.message = m.id WHERE m.message_id = ?4 AND (?3 IS NULL OR m.app_id = ?3) AND max(e.seq, e.changed_seq) > ?1 AND max(e.seq, e.changed_seq) <= ?2 ORDER BY place LIMIT ?5 ) ) p CROSS JOIN events e ON e.seq = p.seq CROSS JOIN messages m ON m.id = e.message WHERE p.bytes - p.own < ?6 ORDER BY p.place`,
} as const;

/** src/db/messages/message-rows.sql */
export const messageRowsSql = {
  small: `SELECT m.id, m.event_count, p.watermark, p.seq AS projected, i.lifecycle, i.times, l.id AS plan, l.version, (SELECT seq FROM positions WHERE journal_id = ?4) AS seq, (SELECT skews FROM clock) AS skews, (SELECT json_group_array(json_array(run, kind, stage, due_at, retracted_at, triage, mark)) FROM findings WHERE message = m.id AND (retracted_at = 0 OR ended_by IN ('resolved', 'ignored'))) AS held, (SELECT json_group_array(json_array(seq, event, created_at, received_at, event_id, external_id, attributes, parent_id, duplicates, detail, changed_seq, ahead, traceparent)) FROM ( SELECT * FROM events INDEXED BY events_order WHERE message = m.id ORDER BY created_at, event, event_id, detail)) AS events FROM messages m CROSS JOIN projection p LEFT JOIN instances i ON i.message = m.id LEFT JOIN lifecycles l ON l.id = coalesce(i.lifecycle, (SELECT id FROM lifecycles WHERE app_id = ?2 AND after_seq < m.id ORDER BY version DESC LIMIT 1)) WHERE m.message_id = ?1 AND m.app_id = ?2 AND m.event_count <= ?3`,
} as const;

/** src/db/messages/owed.sql */
export const owedSql = {
  read: `WITH q AS MATERIALIZED ( SELECT value ->> 0 AS message, value ->> 1 AS event, value ->> 2 AS after, value ->> 3 AS "of", value ->> 4 AS "by", value ->> 5 AS times FROM json_each(?1) ) SELECT json_group_array(json_array( CASE WHEN q."of" IS NOT NULL THEN json(( SELECT json_group_array(name) FROM ( SELECT DISTINCT CAST(r.value AS TEXT) AS name FROM ( SELECT seq, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT ?3 ) k CROSS JOIN events e ON e.seq = k.seq CROSS JOIN json_each(nullif(e.attributes, ''), q."of") r WHERE k.event IN (SELECT value FROM json_each(q.after)) AND json_type(nullif(e.attributes, ''), q."of") IN ('array', 'text', 'integer') AND r.type IN ('text', 'integer') AND octet_length(r.value) BETWEEN 1 AND ?5 ORDER BY name LIMIT ?4))) END, CASE WHEN q."by" IS NOT NULL THEN json(( SELECT json_group_array(json_array(name, at, received)) FROM ( SELECT name, min(at) AS at, min(received_at) AS received FROM ( SELECT e.created_at - e.ahead AS at, e.received_at, iif(json_type(nullif(e.attributes, ''), q."by") IN ('text', 'integer'), CAST(e.attributes ->> q."by" AS TEXT), NULL) AS name FROM ( SELECT seq, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT ?3 ) k CROSS JOIN events e ON e.seq = k.seq WHERE k.event = q.event) WHERE octet_length(name) BETWEEN 1 AND ?5 GROUP BY name))) END, EXISTS ( SELECT 1 FROM ( SELECT event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT ?3) WHERE event IN (SELECT value FROM json_each(q.after))), (SELECT count(*) FROM ( SELECT event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT ?3) WHERE event = q.event), json(( SELECT json_group_array(at) FROM ( SELECT at, row_number() OVER (ORDER BY at) AS n FROM ( SELECT created_at - ahead AS at, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT ?3) WHERE event = q.event) WHERE n <= q.times)), CASE WHEN ?6 THEN ( SELECT received_at FROM ( SELECT e.received_at, row_number() OVER (ORDER BY e.received_at) AS n FROM ( SELECT seq, event FROM events INDEXED BY events_order WHERE message = q.message AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT ?3 ) k CROSS JOIN events e ON e.seq = k.seq WHERE k.event = q.event) WHERE n = q.times) END)) AS rows FROM q`,
  sizes: `SELECT json_group_array(json_array(id, min(event_count, ?2))) AS rows FROM messages WHERE id IN (SELECT value FROM json_each(?1))`,
  put: `UPDATE instances SET owed = value ->> 1 FROM json_each(?1) WHERE message = value ->> 0`,
  ofMessages: `SELECT message, run, owed FROM instances WHERE message IN (SELECT value FROM json_each(?1)) AND owed <> '' UNION ALL SELECT message, run, owed FROM runs WHERE message IN (SELECT value FROM json_each(?1)) AND owed <> ''`,
} as const;

/** src/db/messages/position.sql */
export const positionSql = {
  lastOfAll: `SELECT max( coalesce((SELECT max(seq) FROM positions), 0), coalesce((SELECT max(seq) FROM events), 0), (SELECT seq FROM pruned), projection.seq ) AS seq, coalesce((SELECT max(before) FROM gaps WHERE sequence = 'events'), 0) AS leapt, coalesce((SELECT received_at FROM events ORDER BY seq DESC LIMIT 1), 0) AS received_at, projection.seq AS projected, (SELECT count(*) FROM (SELECT 1 FROM events WHERE events.seq > projection.seq LIMIT 100000)) AS unprojected FROM projection`,
  leap: `INSERT INTO gaps (sequence, after, before) SELECT ?1, ?2, ?3 WHERE ?3 > ?2 + 1 ON CONFLICT (sequence, after) DO UPDATE SET before = max(before, excluded.before)`,
  gapAround: `SELECT max(before) AS seq FROM gaps WHERE sequence = ?1 AND after < ?2 AND before > ?2`,
  extendOldestGap: `UPDATE gaps SET before = coalesce(( SELECT max(before) FROM ( SELECT before FROM gaps WHERE sequence = ?1 ORDER BY after DESC LIMIT -1 OFFSET ?2)), before) WHERE sequence = ?1 AND after = (SELECT min(after) FROM gaps WHERE sequence = ?1)`,
  deleteMergedGaps: `DELETE FROM gaps WHERE sequence = ?1 AND after <> (SELECT min(after) FROM gaps WHERE sequence = ?1) AND after IN (SELECT after FROM gaps WHERE sequence = ?1 ORDER BY after DESC LIMIT -1 OFFSET ?2)`,
  prunedApp: `SELECT max(seq, coalesce((SELECT seq FROM pruned_apps WHERE app_id = ?1), 0)) AS seq FROM pruned`,
  prunedMessage: `SELECT max(seq, CAST(min( coalesce((SELECT seq FROM pruned_apps WHERE app_id = ?1), 0), coalesce((SELECT id - 1 FROM messages WHERE message_id = ?2 AND app_id = ?1), 9e15) ) AS INTEGER)) AS seq FROM pruned`,
} as const;

/** src/db/messages/run-events.sql */
export const runEventsSql = {
  read: `SELECT json_group_array(json(( SELECT json_group_array(json_array(seq, event, created_at - ahead, received_at)) FROM ( SELECT seq, event, created_at, ahead, received_at FROM events INDEXED BY events_order WHERE message = q.value AND seq <= ?2 ORDER BY created_at, event, event_id, detail LIMIT ?3) k))) AS rows FROM json_each(?1) q`,
  owed: `WITH q AS MATERIALIZED ( SELECT value -> 0 AS before, value -> 1 AS own, value ->> 2 AS "of", value ->> 3 AS "by" FROM json_each(?1) ) SELECT json_group_array(json_array( json(( SELECT json_group_array(name) FROM ( SELECT DISTINCT CAST(r.value AS TEXT) AS name FROM json_each(q.before) k CROSS JOIN events e ON e.seq = k.value CROSS JOIN json_each(nullif(e.attributes, ''), q."of") r WHERE json_type(nullif(e.attributes, ''), q."of") IN ('array', 'text', 'integer') AND r.type IN ('text', 'integer') AND octet_length(r.value) BETWEEN 1 AND ?3 ORDER BY name LIMIT ?2))), json(( SELECT json_group_array(json_array(name, at, received)) FROM ( SELECT name, min(at) AS at, min(received_at) AS received FROM ( SELECT e.created_at - e.ahead AS at, e.received_at, iif(json_type(nullif(e.attributes, ''), q."by") IN ('text', 'integer'), CAST(e.attributes ->> q."by" AS TEXT), NULL) AS name FROM json_each(q.own) k CROSS JOIN events e ON e.seq = k.value) WHERE octet_length(name) BETWEEN 1 AND ?3 GROUP BY name))))) AS rows FROM q`,
} as const;

/** src/db/messages/summaries.sql */
export const summariesSql = {
  events: `SELECT json_group_array(json_array(message, event, created_at - ahead, ahead, external_id, parent_id)) AS rows FROM events INDEXED BY events_order WHERE message IN (SELECT value FROM json_each(?1))`,
  stagesOfLarge: `SELECT json_group_array(json_array(?1, event, first, last, ahead)) AS rows FROM ( SELECT event, min(created_at - ahead) AS first, max(created_at - ahead) AS last, max(ahead) AS ahead FROM ( SELECT * FROM ( SELECT event, created_at, ahead FROM events INDEXED BY events_order WHERE message = ?1 ORDER BY created_at ASC, event ASC, event_id ASC, detail ASC LIMIT ?2) UNION ALL SELECT * FROM ( SELECT event, created_at, ahead FROM events INDEXED BY events_order WHERE message = ?1 ORDER BY created_at DESC, event DESC, event_id DESC, detail DESC LIMIT ?2) ) GROUP BY event)`,
  namesOfLarge: `SELECT json_group_array(json_array(?1, external_id, parent_id)) AS rows FROM ( SELECT DISTINCT external_id, parent_id FROM ( SELECT external_id, coalesce(min(nullif(parent_id, '')) OVER (), '') AS parent_id FROM ( SELECT * FROM ( SELECT external_id, parent_id FROM events INDEXED BY events_order WHERE message = ?1 ORDER BY created_at ASC, event ASC, event_id ASC, detail ASC LIMIT ?2) UNION ALL SELECT * FROM ( SELECT external_id, parent_id FROM events INDEXED BY events_order WHERE message = ?1 ORDER BY created_at DESC, event DESC, event_id DESC, detail DESC LIMIT ?2) ) WHERE external_id <> '' OR parent_id <> '' ) ORDER BY external_id LIMIT ?3 + 1)`,
  instances: `SELECT json_group_array(json_array(message, lifecycle, state, overdue_since)) AS rows FROM instances WHERE message IN (SELECT value FROM json_each(?1))`,
  ahead: `SELECT m.id FROM messages m WHERE m.id IN (SELECT value FROM json_each(?1) WHERE value > (SELECT seq FROM projection)) AND (SELECT bytes FROM lifecycles WHERE app_id = m.app_id AND after_seq < m.id ORDER BY version DESC LIMIT 1) > 0`,
} as const;

/** src/db/retention/prune.sql */
export const pruneSql = {
  nextInRange: `SELECT id FROM messages WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3`,
  nextOfApp: `SELECT id, created_at FROM messages INDEXED BY messages_app_created WHERE app_id = ?1 AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4`,
  candidates: `SELECT m.id, m.app_id, m.message_id, m.updated_at, m.alias <= ?2 AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.message = m.id AND +i.next_at BETWEEN 1 AND ?5) AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.message = m.id AND ( +f.seq > ?3 OR +f.seq > ?4 AND f.kind = 'missing' AND +f.retracted_at = 0 AND (m.app_id, f.stage) IN ( SELECT app_id, stage FROM alert_incidents WHERE closed_at = 0 AND kind = 'missing'))) AS old, iif(m.alias <= ?2, (SELECT count(*) FROM (SELECT 1 FROM events e WHERE e.message = m.id LIMIT ?6)), 0) AS events FROM messages m WHERE m.id IN (SELECT value FROM json_each(?1)) AND coalesce((SELECT keep_for FROM app_retention WHERE app_id = m.app_id), -1) = ?7`,
  insertRemains: `INSERT INTO remains (message) SELECT m.id FROM messages m WHERE m.id IN (SELECT value FROM json_each(?1)) AND m.alias <= ?2 AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.message = m.id AND +i.next_at BETWEEN 1 AND ?5) AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.message = m.id AND ( +f.seq > ?3 OR +f.seq > ?4 AND f.kind = 'missing' AND +f.retracted_at = 0 AND (m.app_id, f.stage) IN ( SELECT app_id, stage FROM alert_incidents WHERE closed_at = 0 AND kind = 'missing')))`,
  recordPruned: `INSERT INTO pruned_apps (app_id, seq, finding_seq) SELECT iif(k.value = 1, m.app_id, ''), ?1, coalesce(max((SELECT max(+f.seq) FROM findings f WHERE f.message = m.id)), 0) FROM remains r CROSS JOIN messages m ON m.id = r.message CROSS JOIN json_each('[0,1]') k WHERE true GROUP BY 1 ON CONFLICT (app_id) DO UPDATE SET seq = max(seq, excluded.seq), finding_seq = max(finding_seq, excluded.finding_seq)`,
  countExpired: `UPDATE apps SET open = apps.open - gone.open, overdue = apps.overdue - gone.overdue, untracked = apps.untracked - gone.untracked, expired = apps.expired + gone.open + gone.overdue + gone.untracked FROM ( SELECT app_id, count(*) FILTER (WHERE state = 0) AS open, count(*) FILTER (WHERE state = 1) AS overdue, count(*) FILTER (WHERE state IS NULL) AS untracked FROM ( SELECT m.app_id, (SELECT state FROM instances WHERE message = m.id) AS state FROM remains r CROSS JOIN messages m ON m.id = r.message WHERE NOT EXISTS (SELECT 1 FROM event_changes c WHERE c.seq = m.id AND c.was IS NULL) ) GROUP BY app_id ) AS gone WHERE apps.app_id = gone.app_id`,
  expireIncidents: `UPDATE alert_incidents SET expired = alert_incidents.expired + gone.count FROM ( SELECT m.app_id, f.stage, count(*) AS count FROM remains r CROSS JOIN messages m ON m.id = r.message CROSS JOIN findings f ON f.message = m.id AND f.kind = 'missing' AND +f.retracted_at = 0 GROUP BY m.app_id, f.stage ) AS gone WHERE alert_incidents.closed_at = 0 AND alert_incidents.kind = 'missing' AND alert_incidents.app_id = gone.app_id AND alert_incidents.stage = gone.stage`,
  countInstances: `UPDATE lifecycle_instances SET instances = lifecycle_instances.instances - gone.instances FROM ( SELECT i.lifecycle, count(*) AS instances FROM remains r CROSS JOIN instances i ON i.message = r.message GROUP BY i.lifecycle ) AS gone WHERE lifecycle_instances.lifecycle = gone.lifecycle`,
  deleteMessages: `DELETE FROM messages WHERE id IN (SELECT message FROM remains)`,
  deleteInstances: `DELETE FROM instances WHERE message IN (SELECT message FROM remains)`,
  deleteRuns: `DELETE FROM runs WHERE message IN (SELECT message FROM remains)`,
  deleteFindings: `DELETE FROM findings WHERE message IN (SELECT message FROM remains)`,
  deleteEvents: `DELETE FROM events WHERE seq IN ( SELECT e.seq FROM remains r CROSS JOIN events e ON e.message = r.message LIMIT ?1)`,
  deleteRemains: `DELETE FROM remains WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.message = remains.message)`,
  deleteStages: `DELETE FROM stages WHERE id IN (SELECT id FROM stages WHERE versions = 0 ORDER BY id LIMIT ?1) AND NOT EXISTS (SELECT 1 FROM funnel WHERE stage = stages.id) AND NOT EXISTS (SELECT 1 FROM latencies WHERE stage = stages.id) AND NOT EXISTS (SELECT 1 FROM overdue_ages WHERE span = 0 AND stage = stages.id)`,
  putAppRetention: `INSERT INTO app_retention (app_id, keep_for) VALUES (?1, ?2) ON CONFLICT (app_id) DO UPDATE SET keep_for = excluded.keep_for`,
} as const;

/** src/db/retention/time-marks.sql */
export const timeMarksSql = {
  recordTime: `INSERT INTO clock (one, elapsed, wall, absent, stepped, agreed, skews) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (one) DO UPDATE SET elapsed = excluded.elapsed, wall = excluded.wall, absent = excluded.absent, stepped = excluded.stepped, agreed = excluded.agreed, skews = excluded.skews`,
  addMark: `INSERT OR REPLACE INTO marks (elapsed, seq, finding_seq) SELECT ?1, ?2, finding_seq FROM projection WHERE (?2, finding_seq) IS NOT (SELECT seq, finding_seq FROM marks ORDER BY elapsed DESC LIMIT 1) AND NOT EXISTS (SELECT 1 FROM marks WHERE elapsed > ?1 - ?3)`,
  thinMarks: `DELETE FROM marks WHERE elapsed IN ( SELECT elapsed FROM ( SELECT elapsed, row_number() OVER marked AS place, lead(elapsed) OVER marked - lag(elapsed) OVER marked AS apart FROM marks WINDOW marked AS (ORDER BY elapsed)) WHERE place % 2 = 0 AND apart <= (?1 - elapsed) / ?2)`,
  dropMarks: `DELETE FROM marks WHERE elapsed < (SELECT max(elapsed) FROM marks WHERE elapsed <= ?1)`,
  markBefore: `SELECT seq, finding_seq FROM marks WHERE elapsed <= ?1 AND seq <= (SELECT seq FROM projection) ORDER BY elapsed DESC LIMIT 1`,
} as const;

/** src/db/retention/tombstones.sql */
export const tombstonesSql = {
  bury: `INSERT OR REPLACE INTO tombstones (hash, updated_at, elapsed) SELECT value ->> '$.hash', value ->> '$.updatedAt', ?2 FROM json_each(?1) WHERE value ->> '$.id' IN (SELECT message FROM remains)`,
  latest: `SELECT coalesce(max(updated_at), -9e15) AS at FROM tombstones`,
  byHash: `SELECT hash, updated_at FROM tombstones WHERE hash IN (SELECT value FROM json_each(?1))`,
  forget: `DELETE FROM tombstones WHERE elapsed < ?1`,
} as const;

/** src/db/set-aside/set-aside.sql */
export const setAsideSql = {
  insert: `INSERT INTO set_aside (seq, kind, app_id, message_id, at, code, reason, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (seq) DO UPDATE SET at = excluded.at, code = excluded.code, reason = excluded.reason`,
  deleteGone: `DELETE FROM set_aside WHERE kind = 'message' AND seq NOT IN (SELECT id FROM messages)`,
} as const;

/** src/db/sources/sources.sql */
export const sourcesSql = {
  all: `SELECT source FROM sources ORDER BY id`,
  one: `SELECT source FROM sources WHERE id = ?1`,
  countOthers: `SELECT count(*) AS count FROM sources WHERE id <> ?1`,
  put: `INSERT INTO sources (id, source) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET source = excluded.source`,
  remove: `DELETE FROM sources WHERE id = ?1`,
  keep: `INSERT INTO source_deliveries (source, app_id, received_at, bytes, detail, body) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM sources WHERE id = ?1)`,
  trim: `DELETE FROM source_deliveries WHERE source = ?1 AND id NOT IN ( SELECT id FROM ( SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS total FROM source_deliveries WHERE source = ?1 ORDER BY id DESC LIMIT ?2) WHERE total <= ?3)`,
  prune: `DELETE FROM source_deliveries WHERE received_at < ?1`,
  forgetSource: `DELETE FROM source_deliveries WHERE source = ?1`,
  forgetApp: `DELETE FROM source_deliveries WHERE app_id IN (?1, '')`,
  deliveries: `SELECT id, received_at, bytes, detail, body FROM source_deliveries WHERE source = ?1 ORDER BY id DESC LIMIT ?2`,
  outcome: `UPDATE source_deliveries SET detail = ?2 WHERE id = ?1`,
} as const;

/** src/db/statistics/funnel-by.sql */
export const funnelBySql = {
  instances: `SELECT json_group_array(json_array(v.value, i.message, i.lifecycle, i.statuses, i.times)) AS rows FROM ( SELECT id FROM messages WHERE app_id = ?1 AND created_at >= ?2 AND created_at < ?3 ORDER BY created_at DESC LIMIT ?4) m CROSS JOIN instances i ON i.message = m.id LEFT JOIN attribute_values v ON v.message = m.id AND v.name = (SELECT id FROM attribute_names WHERE app_id = ?1 AND name = ?5 AND dropped = 0)`,
  scanned: `SELECT count(*) AS scanned FROM (SELECT 1 FROM messages WHERE app_id = ?1 AND created_at >= ?2 AND created_at < ?3 LIMIT ?4)`,
  stages: `SELECT id, stage, after FROM stages WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND stage <> '' ORDER BY id`,
} as const;

/** src/db/statistics/pulse.sql */
export const pulseSql = {
  app: `SELECT id FROM apps WHERE app_id = ?1`,
  events: `SELECT value AS step, ( SELECT coalesce(sum(count), 0) FROM rates WHERE app = ?1 AND minute >= ?2 + value * ?3 AND minute < ?2 + (value + 1) * ?3) AS count FROM json_each(?4)`,
  findings: `SELECT value AS step, ( SELECT count(*) FROM ( SELECT 1 FROM findings WHERE app = ?1 AND raised_at >= ?2 + value * ?3 AND raised_at < ?2 + (value + 1) * ?3 LIMIT ?4)) AS count FROM json_each(?5)`,
  wholeWay: `SELECT histogram FROM latencies WHERE stage = (SELECT id FROM stages WHERE app = ?1 AND after = '' AND stage = '') AND span = ?2 AND start >= ?3 AND start < ?4`,
} as const;

/** src/db/statistics/skew.sql */
export const skewSql = {
  samples: `SELECT json_group_array(json_array(m.id, e.event, e.created_at, e.received_at)) AS rows FROM (SELECT id, event_count FROM messages WHERE app_id = ?1 ORDER BY updated_at DESC LIMIT ?2) m CROSS JOIN events e ON e.message = m.id WHERE m.event_count <= ?3`,
} as const;

/** src/db/statistics/statistics.sql */
export const statisticsSql = {
  funnel: `SELECT s.id, s.after, s.stage, sum(f.reached) AS reached, sum(f.waiting) AS waiting, sum(f.overdue) AS overdue, sum(f.never) AS never FROM stages s CROSS JOIN funnel f ON f.stage = s.id AND f.span = ?2 AND f.start >= ?3 AND f.start < ?4 WHERE s.app = (SELECT id FROM apps WHERE app_id = ?1) GROUP BY s.id`,
  latencies: `SELECT s.id, s.after, s.stage, l.histogram FROM stages s CROSS JOIN latencies l ON l.stage = s.id AND l.span = ?2 AND l.start >= ?3 AND l.start < ?4 WHERE s.app = (SELECT id FROM apps WHERE app_id = ?1)`,
  latencyRows: `SELECT start, histogram FROM latencies WHERE stage = ( SELECT id FROM stages WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND after = ?5 AND stage = ?6) AND span = ?2 AND start >= ?3 AND start < ?4`,
  latencyOfHop: `SELECT histogram FROM latencies WHERE stage = (SELECT id FROM stages WHERE app = ?1 AND after = ?5 AND stage = ?6) AND span = ?2 AND start >= ?3 AND start < ?4`,
  rates: `SELECT s.key AS step, ( SELECT json_group_array(json_object('event', event, 'count', count)) FROM ( SELECT event, sum(count) AS count FROM rates WHERE app = (SELECT id FROM apps WHERE app_id = ?1) AND minute >= s.value AND minute < s.value + ?3 AND minute < ?4 GROUP BY event ORDER BY sum(count) DESC LIMIT ?5) ) AS counts FROM json_each(?2) s`,
  messageNames: `SELECT id, app_id, message_id FROM messages WHERE id IN (SELECT value FROM json_each(?1))`,
} as const;

/** src/db/statistics/totals.sql */
export const totalsSql = {
  apps: `SELECT id, app_id, events, open + overdue AS open FROM apps ORDER BY id LIMIT ?1`,
  all: `SELECT count(*) AS apps, coalesce(sum(events), 0) AS events, coalesce(sum(open + overdue), 0) AS open FROM apps`,
  missing: `SELECT s.app, sum(o.count) AS missing, sum(o.acknowledged) AS acknowledged FROM overdue_ages o CROSS JOIN stages s ON s.id = o.stage WHERE o.span = 0 GROUP BY s.app`,
  alerts: `SELECT (SELECT count(*) FROM alert_incidents WHERE iif(closed_at = 0 AND resolved_at = 0, 9007199254740991, max(closed_at, resolved_at)) = 9007199254740991 ) AS active_incidents, (SELECT count(*) FROM alert_sinks s CROSS JOIN alert_deliveries d ON d.sink = s.id AND d.state = 'pending' ) AS pending_deliveries`,
} as const;

/** src/db/triage/triage.sql */
export const triageSql = {
  findings: `SELECT json_group_array(json_array(id, message, due_at, retracted_at, ended_by, mark)) AS rows FROM findings WHERE id IN (SELECT value FROM json_each(?1))`,
  mark: `UPDATE findings SET mark = j.value ->> 1, marked = 1 FROM json_each(?1) j WHERE findings.id = j.value ->> 0`,
  pending: `SELECT finding_seq AS seq, EXISTS ( SELECT 1 FROM findings WHERE id IN (SELECT value FROM json_each(?1)) AND marked = 1) AS pending FROM projection`,
} as const;

/** src/db/views/views.sql */
export const viewsSql = {
  visible: `SELECT owner, owner_name, name, address, app_id, shared FROM views WHERE owner = ?1 UNION ALL SELECT owner, owner_name, name, address, app_id, shared FROM views WHERE shared = 1 AND owner <> ?1 ORDER BY name, owner`,
  one: `SELECT owner, owner_name, name, address, app_id, shared FROM views WHERE owner = ?1 AND name = ?2`,
  countOfOwner: `SELECT count(*) AS count FROM views WHERE owner = ?1`,
  count: `SELECT count(*) AS count FROM views`,
  put: `INSERT INTO views (owner, name, owner_name, address, app_id, shared) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (owner, name) DO UPDATE SET owner_name = excluded.owner_name, address = excluded.address, app_id = excluded.app_id, shared = excluded.shared`,
  remove: `DELETE FROM views WHERE owner = ?1 AND name = ?2`,
} as const;

/** src/projection/again/backfills.sql */
export const backfillsSql = {
  running: `SELECT b.app_id, l.version, b.lifecycle, b.up_to, b.since, b.at, b.message, b.done, b.of_count, b.up_to <= ?2 AND b.app_id NOT IN (SELECT value FROM json_each(?1)) AS ready FROM backfills b INDEXED BY backfills_running CROSS JOIN lifecycles l ON l.id = b.lifecycle WHERE b.ended = 0 ORDER BY ready DESC, b.app_id LIMIT 1`,
  next: `SELECT json_group_array(json_array(id, created_at, event_count)) AS rows FROM ( SELECT id, created_at, event_count FROM messages INDEXED BY messages_app_created WHERE app_id = ?1 AND created_at >= ?2 AND (created_at, id) < (?3, ?4) ORDER BY created_at DESC, id DESC LIMIT ?5)`,
  nextMessage: `SELECT id AS message FROM messages INDEXED BY messages_app_created WHERE app_id = ?1 AND created_at >= ?2 AND (created_at, id) < (?3, ?4) ORDER BY created_at DESC, id DESC LIMIT 1`,
  times: `SELECT json_group_array(json_array(message, event, at)) AS rows FROM ( SELECT message, event, min(created_at - ahead) AS at FROM events INDEXED BY events_order WHERE message IN (SELECT value FROM json_each(?1)) AND seq <= ?2 GROUP BY message, event)`,
  pass: `UPDATE backfills SET at = (SELECT created_at FROM messages WHERE id = ?2), message = ?2 WHERE app_id = ?1 AND ended = 0`,
  advance: `UPDATE backfills SET at = ?2, message = ?3, done = ?4, of_count = ?5, ended = ?6 WHERE app_id = ?1 AND ended = 0`,
} as const;

/** src/projection/again/due-instances.sql */
export const dueInstancesSql = {
  due: `SELECT json_group_array(json_array( message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits, run, run_number)) AS rows FROM ( SELECT * FROM instances WHERE next_at <> 0 AND next_at < ?1 AND app NOT IN (SELECT id FROM apps WHERE app_id IN (SELECT value FROM json_each(?3))) ORDER BY next_at, message LIMIT ?2)`,
  firstDue: `SELECT message FROM instances WHERE next_at <> 0 AND next_at < ?1 AND app NOT IN (SELECT id FROM apps WHERE app_id IN (SELECT value FROM json_each(?2))) ORDER BY next_at, message LIMIT 1`,
  ahead: `SELECT json_group_array(json_array( message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits, run, run_number)) AS rows FROM instances WHERE message IN ( SELECT message FROM findings INDEXED BY findings_raised WHERE raised_at > ?1 AND (retracted_at = 0 OR ended_by IN ('resolved', 'ignored')) AND message NOT IN (SELECT seq FROM set_aside WHERE kind = 'message') ORDER BY raised_at DESC LIMIT ?2)`,
  firstAhead: `SELECT message FROM findings INDEXED BY findings_raised WHERE raised_at > ?1 AND (retracted_at = 0 OR ended_by IN ('resolved', 'ignored')) AND message NOT IN (SELECT seq FROM set_aside WHERE kind = 'message') ORDER BY raised_at DESC LIMIT 1`,
  stopWaiting: `UPDATE instances SET next_at = coalesce(nullif(next_at - waits, 0), 1), waits = 0 WHERE message IN (SELECT message FROM instances WHERE waits <> 0 LIMIT ?1)`,
} as const;

/** src/projection/instances/runs.sql */
export const runsSql = {
  ofMessages: `SELECT json_group_array(json_array(message, run, run_number, opened_at, statuses, json(times))) AS rows FROM (SELECT * FROM runs WHERE message IN (SELECT value FROM json_each(?1)) ORDER BY message, run_number)`,
  put: `INSERT INTO runs (message, run, run_number, opened_at, statuses, times, owed) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, coalesce(value ->> 6, (SELECT owed FROM runs WHERE message = value ->> 0 AND run = value ->> 1), '') FROM json_each(?1) WHERE true ON CONFLICT (message, run) DO UPDATE SET run_number = excluded.run_number, opened_at = excluded.opened_at, statuses = excluded.statuses, times = excluded.times, owed = excluded.owed`,
  delete: `DELETE FROM runs WHERE (message, run) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))`,
} as const;

/** src/projection/narrowing.sql */
export const narrowingSql = {
  unfollowed: `SELECT seq FROM set_aside WHERE kind = 'message'`,
  firstChange: `SELECT e.message FROM event_changes c LEFT JOIN events e ON e.seq = c.seq ORDER BY c.seq LIMIT 1`,
  firstEvent: `SELECT message FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1`,
  message: `SELECT 1 FROM messages WHERE id = ?1`,
  setAside: `INSERT INTO set_aside (seq, kind, app_id, message_id, at, code, reason, event) SELECT id, 'message', app_id, message_id, ?2, ?3, ?4, '' FROM messages WHERE id = ?1`,
  forgetFirstChange: `DELETE FROM event_changes WHERE seq = (SELECT min(seq) FROM event_changes)`,
  neverDue: `UPDATE instances SET next_at = 0, waits = 0 WHERE message = ?1`,
  readAgain: `INSERT INTO event_changes (seq, was) SELECT seq, created_at - ahead FROM events WHERE message = ?1 AND seq <= (SELECT seq FROM projection) AND seq NOT IN (SELECT seq FROM event_changes)`,
  dueNow: `UPDATE instances SET next_at = 1, waits = 0 WHERE message = ?1`,
} as const;

/** src/projection/projection.sql */
export const projectionSql = {
  position: `SELECT step, seq, watermark, finding_seq FROM projection`,
  movePosition: `UPDATE projection SET continues_from = ?1 - 1, step = ?1, seq = ?2, watermark = ?3, finding_seq = ?4`,
  outlook: `SELECT EXISTS (SELECT 1 FROM revisits WHERE message <= (SELECT seq FROM projection)) AS revisits, EXISTS (SELECT 1 FROM children) AS children, (SELECT min(next_at) FROM instances WHERE next_at <> 0 AND app NOT IN (SELECT id FROM apps WHERE app_id IN (SELECT value FROM json_each(?1)))) AS next_at`,
  rangeEnd: `SELECT seq FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1 OFFSET ?3`,
  events: `SELECT json_group_array(json_array(seq, message, event, created_at - ahead, ahead)) AS rows FROM events WHERE seq > ?1 AND seq <= ?2`,
  changedEvents: `SELECT json_group_array(json_array(e.seq, e.message, e.event, e.created_at - e.ahead, e.ahead, c.was)) AS rows FROM (SELECT seq, was FROM event_changes ORDER BY seq LIMIT ?1) c CROSS JOIN events e ON e.seq = c.seq`,
  forgetChanges: `DELETE FROM event_changes WHERE seq IN (SELECT seq FROM event_changes ORDER BY seq LIMIT ?1)`,
  beginning: `SELECT json_group_array(json_array(id, app_id, created_at)) AS rows FROM messages WHERE id > ?1 AND id <= ?2`,
  messages: `SELECT json_group_array(json_array(id, app_id, created_at)) AS rows FROM messages WHERE id IN (SELECT value FROM json_each(?1))`,
  instances: `SELECT json_group_array(json_array( message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits, run, run_number)) AS rows FROM instances WHERE message IN (SELECT value FROM json_each(?1))`,
  findings: `SELECT json_group_array(json_array( message, id, kind, stage, due_at, raised_at, retracted_at, late_by, run, run_number, ended_by, imported, mark, marked, triage, (SELECT id FROM stages s WHERE s.app = findings.app AND s.after = findings.after AND s.stage = findings.stage))) AS rows FROM findings WHERE message IN (SELECT value FROM json_each(?1))`,
  upsertInstances: `INSERT INTO instances (message, opened_at, overdue_since, next_at, waits, app, lifecycle, findings, state, statuses, times) SELECT CAST(key AS INTEGER), CAST(substr(key, 18, 17) AS INTEGER), CAST(substr(key, 35, 17) AS INTEGER), CAST(substr(key, 52, 17) AS INTEGER), CAST(substr(key, 69, 17) AS INTEGER), CAST(substr(key, 86, 10) AS INTEGER), CAST(substr(key, 96, 10) AS INTEGER), CAST(substr(key, 106, 10) AS INTEGER), CAST(substr(key, 116, 1) AS INTEGER), substr(key, 117), value FROM json_each(?1) WHERE true ON CONFLICT (message) DO UPDATE SET lifecycle = excluded.lifecycle, state = excluded.state, opened_at = excluded.opened_at, overdue_since = excluded.overdue_since, next_at = excluded.next_at, findings = excluded.findings, statuses = excluded.statuses, times = excluded.times, waits = excluded.waits`,
  putRuns: `UPDATE instances SET run = value ->> 1, run_number = value ->> 2 FROM json_each(?1) WHERE message = value ->> 0`,
  countInstances: `INSERT INTO lifecycle_instances (lifecycle, instances) SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true ON CONFLICT (lifecycle) DO UPDATE SET instances = instances + excluded.instances`,
  upsertFindings: `INSERT INTO findings (message, kind, stage, id, app, lifecycle, after, version, started_at, due_at, raised_at, retracted_at, late_by, seq, run, run_number, ended_by, imported, triage, arrived_after) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16, value ->> 17, value ->> 18, iif(value ->> 9 >= value ->> 10 - 3600000000, 0, coalesce(( SELECT max(0, min(9007199254740991, received_at - (value ->> 9))) FROM events WHERE seq = value ->> 0), 0)) FROM json_each(?1) WHERE true ON CONFLICT (message, run, kind, stage) DO UPDATE SET run_number = excluded.run_number, lifecycle = iif(excluded.retracted_at = 0, excluded.lifecycle, findings.lifecycle), after = iif(excluded.retracted_at = 0, excluded.after, findings.after), version = iif(excluded.retracted_at = 0, excluded.version, findings.version), started_at = excluded.started_at, due_at = excluded.due_at, raised_at = excluded.raised_at, retracted_at = excluded.retracted_at, late_by = excluded.late_by, seq = excluded.seq, ended_by = excluded.ended_by, imported = excluded.imported, triage = excluded.triage, arrived_after = excluded.arrived_after, marked = 0`,
  findingChanges: `SELECT f.seq, f.id, m.app_id, m.message_id, f.run_number, f.kind, f.stage, f.after, f.version, f.due_at, f.raised_at, f.retracted_at, f.late_by, f.ended_by, f.imported, f.triage, f.mark, ( SELECT o.value ->> 1 FROM ( SELECT owed FROM instances WHERE message = f.message AND run = f.run UNION ALL SELECT owed FROM runs WHERE message = f.message AND run = f.run ) i CROSS JOIN json_each(nullif(i.owed, '')) o WHERE o.value ->> 0 = f.stage) AS owed FROM findings f CROSS JOIN messages m ON m.id = f.message WHERE f.seq > ?1 ORDER BY f.seq LIMIT ?2`,
} as const;

/** src/projection/revisits.sql */
export const revisitsSql = {
  first: `SELECT json_group_array(message) AS rows FROM (SELECT message FROM revisits WHERE message <= ?1 ORDER BY message LIMIT ?2)`,
  firstMessage: `SELECT min(message) AS message FROM revisits WHERE message <= ?1`,
  instances: `SELECT json_group_array(json_array( message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits, run, run_number)) AS rows FROM instances WHERE message IN (SELECT message FROM revisits WHERE message <= ?1 ORDER BY message LIMIT ?2)`,
  put: `INSERT OR IGNORE INTO revisits (message) SELECT value FROM json_each(?1)`,
  forget: `DELETE FROM revisits WHERE message IN (SELECT value FROM json_each(?1))`,
  forgetFirst: `DELETE FROM revisits WHERE message = (SELECT min(message) FROM revisits)`,
} as const;

/** src/projection/rollups/rollups.sql */
export const rollupsSql = {
  addToApps: `INSERT INTO apps (app_id, events, ahead, open, overdue, complete, failed, abandoned, closed, untracked) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9 FROM json_each(?1) WHERE true ON CONFLICT (app_id) DO UPDATE SET open = open + excluded.open, overdue = overdue + excluded.overdue, complete = complete + excluded.complete, failed = failed + excluded.failed, abandoned = abandoned + excluded.abandoned, closed = closed + excluded.closed, untracked = untracked + excluded.untracked, events = events + excluded.events, ahead = ahead + excluded.ahead`,
  addToRates: `INSERT INTO rates (app, minute, event, count) SELECT (SELECT id FROM apps WHERE app_id = value ->> 0), value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true ON CONFLICT (app, minute, event) DO UPDATE SET count = count + excluded.count`,
  deleteEmptyRates: `DELETE FROM rates WHERE count <= 0`,
  addToFunnel: `INSERT INTO funnel (stage, span, start, reached, waiting, overdue, never) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?1) WHERE true ON CONFLICT (stage, span, start) DO UPDATE SET reached = reached + excluded.reached, waiting = waiting + excluded.waiting, overdue = overdue + excluded.overdue, never = never + excluded.never`,
  latencies: `SELECT json_group_array(json_array(l.stage, l.span, l.start, l.histogram)) AS rows FROM json_each(?1) k CROSS JOIN latencies l ON l.stage = k.value ->> 0 AND l.span = k.value ->> 1 AND l.start = k.value ->> 2`,
  putLatencies: `INSERT INTO latencies (stage, span, start, histogram) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true ON CONFLICT (stage, span, start) DO UPDATE SET histogram = excluded.histogram`,
  abandonIncidents: `UPDATE alert_incidents SET abandoned = alert_incidents.abandoned + gone.count FROM (SELECT value ->> '$[0][0]' AS app_id, value ->> '$[0][1]' AS stage, value ->> 1 AS count FROM json_each(?1)) AS gone WHERE alert_incidents.closed_at = 0 AND alert_incidents.kind = 'missing' AND alert_incidents.app_id = gone.app_id AND alert_incidents.stage = gone.stage`,
} as const;
