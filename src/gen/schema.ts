/** Written by npm run generate from migrations/. Edit those. */

/** The schema of a new database, with its first rows: what all of `storeMigrations` leave. */
export const storeSchema = `CREATE TABLE messages (
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
, parent_id TEXT NOT NULL DEFAULT '', ahead INTEGER NOT NULL DEFAULT 0, traceparent TEXT NOT NULL DEFAULT '') STRICT;
CREATE UNIQUE INDEX events_order ON events (message, created_at, event, event_id, detail);
CREATE UNIQUE INDEX events_by_id ON events (message, event, event_id) WHERE event_id <> '';
CREATE UNIQUE INDEX events_changes ON events (changed_seq) WHERE changed_seq <> 0;
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
CREATE TABLE pruned (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL
) STRICT;
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
  definition TEXT NOT NULL, put_by TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '',
  UNIQUE (app_id, version)
) STRICT;
CREATE TABLE lifecycle_instances (
  lifecycle INTEGER PRIMARY KEY,
  instances INTEGER NOT NULL
) STRICT;
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
CREATE TRIGGER projection_continue BEFORE UPDATE OF step ON projection WHEN NEW.continues_from <> OLD.step
BEGIN
  SELECT raise(ABORT, 'projection moved');
END;
CREATE TABLE event_changes (
  seq INTEGER PRIMARY KEY,
  was INTEGER
) STRICT;
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
, abandoned INTEGER NOT NULL DEFAULT 0, closed INTEGER NOT NULL DEFAULT 0, untracked INTEGER NOT NULL DEFAULT 0, ahead INTEGER NOT NULL DEFAULT 0) STRICT;
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
, waits INTEGER NOT NULL DEFAULT 0, owed TEXT NOT NULL DEFAULT '', run INTEGER NOT NULL DEFAULT 0, run_number INTEGER NOT NULL DEFAULT 1) STRICT;
CREATE INDEX instances_next ON instances (next_at, app) WHERE next_at <> 0;
CREATE INDEX instances_overdue ON instances (overdue_since) WHERE overdue_since <> 0;
CREATE INDEX instances_app_overdue ON instances (app, overdue_since) WHERE overdue_since <> 0;
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
CREATE TABLE latencies (
  stage INTEGER NOT NULL,
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  -- See \`src/statistics/histogram.ts\`: sparse buckets of scale 7.
  histogram TEXT NOT NULL,
  PRIMARY KEY (stage, span, start)
) STRICT;
CREATE TABLE rates (
  app INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  event TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (app, minute, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX rates_none ON rates (app) WHERE count <= 0;
CREATE TABLE alert_rules (
  id TEXT PRIMARY KEY,
  -- As JSON, like the other two.
  rule TEXT NOT NULL
, counts_from INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE alert_sinks (
  id TEXT PRIMARY KEY,
  sink TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_silences (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  until INTEGER NOT NULL,
  silence TEXT NOT NULL
) STRICT;
CREATE TABLE alert_cursor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  continues_from INTEGER NOT NULL,
  step INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL,
  last_incident INTEGER NOT NULL
, origin TEXT NOT NULL DEFAULT '', incident_seq INTEGER NOT NULL DEFAULT 0, incidents_pruned INTEGER NOT NULL DEFAULT 0) STRICT;
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
, notified_sinks TEXT NOT NULL DEFAULT '[]', notified_count INTEGER NOT NULL DEFAULT 0, resolved_at INTEGER NOT NULL DEFAULT 0, reopened_at INTEGER NOT NULL DEFAULT 0, ending TEXT NOT NULL DEFAULT '', below_since INTEGER NOT NULL DEFAULT 0, acknowledged_at INTEGER NOT NULL DEFAULT 0, acknowledged_by TEXT NOT NULL DEFAULT '', assigned_to TEXT NOT NULL DEFAULT '', snoozed_until INTEGER NOT NULL DEFAULT 0, abandoned INTEGER NOT NULL DEFAULT 0, burst_from INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX alert_incidents_active ON alert_incidents (rule, app_id, kind, stage, after) WHERE closed_at = 0;
CREATE INDEX alert_incidents_closed ON alert_incidents (closed_at, id);
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
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  elapsed INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  absent INTEGER NOT NULL,
  stepped INTEGER NOT NULL,
  agreed INTEGER NOT NULL
, skews TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE marks (
  elapsed INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL
) STRICT;
CREATE TABLE remains (message INTEGER PRIMARY KEY) STRICT;
CREATE TABLE pruned_apps (
  app_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  finding_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tombstones (
  hash INTEGER PRIMARY KEY,
  updated_at INTEGER NOT NULL,
  elapsed INTEGER NOT NULL
) STRICT;
CREATE INDEX tombstones_elapsed ON tombstones (elapsed);
CREATE TABLE gaps (
  -- \`events\` or \`findings\`.
  sequence TEXT NOT NULL,
  -- Both have been given out, as an item's seq or as a place to go on from.
  after INTEGER NOT NULL,
  before INTEGER NOT NULL,
  PRIMARY KEY (sequence, after)
) STRICT, WITHOUT ROWID;
CREATE TABLE lease (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  token TEXT NOT NULL,
  beat INTEGER NOT NULL
) STRICT;
CREATE INDEX instances_waits ON instances (message) WHERE waits <> 0;
CREATE TABLE keys (
  id     TEXT PRIMARY KEY,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE UNIQUE INDEX erasures_pending ON erasures (app_id) WHERE done_at = 0;
CREATE INDEX erasures_done ON erasures (done_at) WHERE done_at <> 0;
CREATE TABLE app_retention (
  app_id TEXT PRIMARY KEY,
  -- Microseconds; 0 for ever.
  keep_for INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_incidents_app ON alert_incidents (app_id);
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
CREATE TRIGGER audit_added AFTER INSERT ON audit
BEGIN
  UPDATE audit_size SET bytes = bytes + 1024 + octet_length(NEW.old) + octet_length(NEW.new);
END;
CREATE TRIGGER audit_deleted AFTER DELETE ON audit
BEGIN
  UPDATE audit_size SET bytes = bytes - 1024 - octet_length(OLD.old) - octet_length(OLD.new);
END;
CREATE TABLE sessions (
  id     TEXT PRIMARY KEY,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_incidents_order
ON alert_incidents (iif(closed_at = 0 AND resolved_at = 0, 9007199254740991, max(closed_at, resolved_at)), id);
CREATE TABLE alert_former_sinks (
  -- The sink's id, \`#\`, and a number.
  id TEXT PRIMARY KEY,
  -- As JSON, with this id.
  sink TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE revisits (
  message INTEGER PRIMARY KEY,
  -- The version of a lifecycle that it goes by from now on; 0 for the one that it goes by.
  lifecycle INTEGER NOT NULL DEFAULT 0
) STRICT;
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
CREATE TABLE "findings" (
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
  triage INTEGER NOT NULL DEFAULT 0, ended_by TEXT NOT NULL DEFAULT '', imported INTEGER NOT NULL DEFAULT 0, mark TEXT NOT NULL DEFAULT '', marked INTEGER NOT NULL DEFAULT 0, arrived_after INTEGER NOT NULL DEFAULT 0,
  UNIQUE (message, run, kind, stage)
) STRICT;
CREATE INDEX findings_raised ON findings (raised_at);
CREATE INDEX findings_app_raised ON findings (app, raised_at);
CREATE INDEX findings_overdue ON findings (due_at) WHERE kind = 'missing' AND retracted_at = 0;
CREATE INDEX findings_app_overdue ON findings (app, due_at) WHERE kind = 'missing' AND retracted_at = 0;
CREATE INDEX findings_hop_overdue ON findings (app, stage, after, triage, due_at)
WHERE kind = 'missing' AND retracted_at = 0;
CREATE INDEX events_parents ON events (seq) WHERE parent_id <> '';
CREATE TABLE alert_calendars (
  id TEXT PRIMARY KEY,
  calendar TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_looks (
  rule TEXT PRIMARY KEY,
  looked_at INTEGER NOT NULL,
  look TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_arrivals (
  app_id TEXT NOT NULL,
  event TEXT NOT NULL,
  arrived_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_notes (
  incident INTEGER NOT NULL,
  -- Counts from 1.
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (incident, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE alert_topic (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery INTEGER NOT NULL UNIQUE
) STRICT;
CREATE INDEX events_ahead ON events (message) WHERE ahead <> 0;
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
CREATE TABLE attribute_values (
  message INTEGER NOT NULL,
  name INTEGER NOT NULL,
  value TEXT NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (message, name, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX attribute_values_lookup ON attribute_values (name, value, message);
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
CREATE INDEX events_external ON events (external_id, message) WHERE external_id <> '';
CREATE TABLE journeys_by_message (lifecycle INTEGER PRIMARY KEY, app_id TEXT NOT NULL) STRICT;
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
CREATE TABLE linked_events (
  app_id TEXT NOT NULL,
  event TEXT NOT NULL,
  lifecycle INTEGER NOT NULL,
  by_app TEXT NOT NULL,
  PRIMARY KEY (app_id, event, lifecycle)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE former_names (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
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
CREATE INDEX findings_ended ON findings (app, kind, stage, lifecycle, retracted_at) WHERE ended_by <> '';
CREATE INDEX findings_marked ON findings (raised_at) WHERE triage <> 0;
CREATE INDEX findings_app_marked ON findings (app, raised_at) WHERE triage <> 0;
CREATE INDEX findings_group ON findings (app, kind, stage, lifecycle, raised_at, due_at, late_by, imported, arrived_after)
WHERE retracted_at = 0 AND stage <> '';
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
CREATE TABLE declared (
  thing TEXT NOT NULL PRIMARY KEY,
  -- That of the file which declared it last.
  name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX declared_name ON declared (name, thing);
CREATE TABLE sources (
  id TEXT NOT NULL PRIMARY KEY,
  -- JSON.
  source TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE broker_collectors (
  id TEXT NOT NULL PRIMARY KEY,
  -- JSON, secrets included.
  collector TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE broker_pauses (
  collector TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
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
, headers TEXT NOT NULL DEFAULT '{}', app_id TEXT NOT NULL DEFAULT '') STRICT;
CREATE UNIQUE INDEX broker_refused_event_id ON broker_refused (collector, event_id);
CREATE INDEX broker_refused_id ON broker_refused (collector, id);
CREATE INDEX alert_incidents_seq ON alert_incidents (seq);
INSERT INTO pruned (one, seq) VALUES (1, 0);
INSERT INTO projection (one, continues_from, step, seq, watermark, finding_seq, findings_pruned) VALUES (1, 0, 0, 0, 0, 0, 0);
INSERT INTO alert_cursor (one, continues_from, step, finding_seq, last_incident, origin, incident_seq, incidents_pruned) VALUES (1, 0, 0, 0, 0, lower(hex(randomblob(8))), 0, 0);
INSERT INTO lease (one, host, pid, token, beat) VALUES (1, '', 0, '', 0);
INSERT INTO audit_size (one, bytes, dropped) VALUES (1, 0, 0);
`;
