/**
 * What the projector asks and writes. A whole step's rows are one JSON text each way: a driver makes an object of every
 * row that it hands over, which takes longer than the step itself.
 */
import type { InStatement, Row } from "@libsql/client";
import { asRows } from "../db/rows.ts";

/** A range of the sequence, `(from, to]`, and how many changes of events before it. */
export interface EventRange {
  readonly from: number;
  readonly to: number;
  readonly changes: number;
}

/** Where a range of `eventsMax` events from `from` on ends; no row where it holds fewer. */
export function rangeEnd({ from, to }: Pick<EventRange, "from" | "to">, eventsMax: number): InStatement {
  return {
    sql: "SELECT seq FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ?",
    args: [from, to, eventsMax - 1],
  };
}

/** An event of a range. */
export type EventRow = [message: number, event: string, at: number, seq: number];

/** The events of a range. Of their messages nothing: to ask for that at each of them takes three times as long. */
export function eventsOf({ from, to }: EventRange): InStatement {
  return {
    sql: `SELECT json_group_array(json_array(message, event, created_at, seq)) AS rows
      FROM events WHERE seq > ? AND seq <= ?`,
    args: [from, to],
  };
}

const someChanges = (parameter: string) =>
  `SELECT seq, was FROM event_changes ORDER BY seq LIMIT ${parameter}`;

/** The messages that have events in a range, or of which counted events have changed. */
const touched = `(SELECT message FROM events WHERE seq > ?1 AND seq <= ?2
  UNION SELECT e.message FROM (${someChanges("?3")}) c CROSS JOIN events e ON e.seq = c.seq)`;

/** A message of a range; `openedAt` is its earliest time. */
export type MessageRow = [message: number, appId: string, openedAt: number];

/** The messages of a range, each once. */
export function touchedMessages({ from, to, changes }: EventRange): InStatement {
  const args = [from, to, changes];
  return asRows("id, app_id, created_at", `SELECT * FROM messages WHERE id IN ${touched}`, args);
}

/** An event that was counted with the time `was`, or not yet counted (`null`). */
export type ChangedRow = [seq: number, message: number, event: string, at: number, was: number | null];

/** The first of the changed events, at most `changes`. */
export function changedEvents({ changes }: Pick<EventRange, "changes">): InStatement {
  return asRows(
    "seq, message, event, created_at, was",
    `SELECT e.*, c.was FROM (${someChanges("?1")}) c CROSS JOIN events e ON e.seq = c.seq`,
    [changes],
  );
}

/** Those that `changedEvents` has read, and those whose events are gone. */
export function forgetChanges({ changes }: Pick<EventRange, "changes">): InStatement {
  const sql = `DELETE FROM event_changes WHERE seq IN (SELECT seq FROM (${someChanges("?1")}))`;
  return { sql, args: [changes] };
}

/** Of the first change and the first event of a range, the message; no row where there is none. */
export const firstChange: InStatement = `SELECT e.message FROM event_changes c LEFT JOIN events e ON e.seq = c.seq
  ORDER BY c.seq LIMIT 1`;

/** The same of the events of a range. */
export function firstEvent({ from, to }: Pick<EventRange, "from" | "to">): InStatement {
  const sql = "SELECT message FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1";
  return { sql, args: [from, to] };
}

export type InstanceRow = [
  message: number,
  lifecycle: number,
  state: number,
  openedAt: number,
  findings: number,
  statuses: string,
  times: (number | null)[],
  nextAt: number,
  waits: number,
];

export const instanceColumns =
  "message, lifecycle, state, opened_at, findings, statuses, json(times), next_at, waits";
/** The instances that a range touches. */
export function touchedInstances({ from, to, changes }: EventRange): InStatement {
  return asRows(instanceColumns, `SELECT * FROM instances WHERE message IN ${touched}`, [from, to, changes]);
}

export type FindingRow = [
  message: number,
  id: number,
  kind: string,
  stage: string,
  dueAt: number,
  raisedAt: number,
  retractedAt: number,
  lateBy: number,
];

export const findingColumns = "message, id, kind, stage, due_at, raised_at, retracted_at, late_by";

/** What was ever found of the instances that a range touches. */
export function touchedFindings({ from, to, changes }: EventRange): InStatement {
  return asRows(
    findingColumns,
    `SELECT * FROM findings
      WHERE message IN (SELECT message FROM instances WHERE findings > 0 AND message IN ${touched})`,
    [from, to, changes],
  );
}

/** The instances with a finding that was raised by a clock which was ahead of this one. */
export function aheadInstances(watermark: number, instancesMax: number): InStatement {
  return asRows(instanceColumns, `SELECT * FROM instances WHERE message IN (${ahead})`, [
    watermark,
    instancesMax,
  ]);
}

export function aheadFindings(watermark: number, instancesMax: number): InStatement {
  return asRows(findingColumns, `SELECT * FROM findings WHERE message IN (${ahead})`, [
    watermark,
    instancesMax,
  ]);
}

/** Of the first of them, the message. */
export function firstAhead(watermark: number): InStatement {
  return { sql: ahead, args: [watermark, 1] };
}

const ahead = `SELECT message FROM findings INDEXED BY findings_raised
  WHERE raised_at > ?1 AND retracted_at = 0
    AND message NOT IN (SELECT seq FROM set_aside WHERE kind = 'message') ORDER BY raised_at DESC LIMIT ?2`;

export interface ProjectionPosition {
  readonly step: number;
  readonly seq: number;
  readonly watermark: number;
  readonly findingSeq: number;
}

export const knownPosition: InStatement = "SELECT step, seq, watermark, finding_seq FROM projection";

/** @param row of `knownPosition` */
export function positionOf(row: Row | undefined): ProjectionPosition {
  return {
    step: Number(row?.step),
    seq: Number(row?.seq),
    watermark: Number(row?.watermark),
    findingSeq: Number(row?.finding_seq),
  };
}

/** Fails, and the transaction with it, unless this is the step behind the last one. */
export function movePosition({ step, seq, watermark, findingSeq }: ProjectionPosition): InStatement {
  return {
    sql: "UPDATE projection SET continues_from = ?1 - 1, step = ?1, seq = ?2, watermark = ?3, finding_seq = ?4",
    args: [step, seq, watermark, findingSeq],
  };
}

function upsert(table: string, key: string, columns: readonly string[], sets: string): string {
  const all = [...key.split(", "), ...columns];
  return `INSERT INTO ${table} (${all.join(", ")})
    SELECT ${all.map((_, index) => `value ->> ${index}`).join(", ")} FROM json_each(?1) WHERE true
    ON CONFLICT (${key}) DO UPDATE SET ${sets}`;
}

const replaced = (columns: readonly string[]) =>
  columns.map((name) => `${name} = excluded.${name}`).join(", ");
const added = (columns: readonly string[]) =>
  columns.map((name) => `${name} = ${name} + excluded.${name}`).join(", ");

const instanceChanges = [
  "state",
  "opened_at",
  "overdue_since",
  "next_at",
  "findings",
  "statuses",
  "times",
  "waits",
] as const;
export const upsertInstances = upsert(
  "instances",
  "message",
  ["app", "lifecycle", ...instanceChanges],
  replaced(instanceChanges),
);

export const addToLifecycleInstances = upsert(
  "lifecycle_instances",
  "lifecycle",
  ["instances"],
  added(["instances"]),
);

const findingChanges = ["started_at", "due_at", "raised_at", "retracted_at", "late_by", "seq"] as const;
export const upsertFindings = upsert(
  "findings",
  "message, kind, stage",
  ["id", "app", "lifecycle", "after", "version", ...findingChanges],
  replaced(findingChanges),
);

const appCounts = ["open", "overdue", "complete", "failed", "events"] as const;
export const addToApps = upsert("apps", "app_id", appCounts, added(appCounts));

/** After `addToApps`, which knows every app by then. */
export const addToRates = `INSERT INTO rates (app, minute, event, count)
  SELECT (SELECT id FROM apps WHERE app_id = value ->> 0), value ->> 1, value ->> 2, value ->> 3
  FROM json_each(?1) WHERE true
  ON CONFLICT (app, minute, event) DO UPDATE SET count = count + excluded.count`;

/** After less was added to some of them; of a minute that retention has taken there was nothing to take away from. */
export const forgetNoRates: InStatement = "DELETE FROM rates WHERE count <= 0";

const funnelCounts = ["reached", "waiting", "overdue", "never"] as const;
export const addToFunnel = upsert("funnel", "stage, span, start", funnelCounts, added(funnelCounts));

export const putLatencies = upsert("latencies", "stage, span, start", ["histogram"], replaced(["histogram"]));

/** @param keys JSON: `[stage, span, start]` each */
export function knownLatencies(keys: string): InStatement {
  return asRows(
    "stage, span, start, histogram",
    `SELECT l.* FROM json_each(?1) k
      CROSS JOIN latencies l ON l.stage = k.value ->> 0 AND l.span = k.value ->> 1 AND l.start = k.value ->> 2`,
    [keys],
  );
}
