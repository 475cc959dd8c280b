/** A range of events as the projector reads it: those of each message, collected, and the counts of all. */
import type { Micros } from "../../core/event.ts";
import type { Database } from "../../db/database.ts";
import type { LifecycleCache, Version } from "../../db/lifecycles/lifecycle-cache.ts";
import { rowsOf } from "../../db/rows.ts";
import { projectionSql } from "../../gen/sql.ts";
import {
  type ChangedRow,
  type EventRow,
  instancesOf,
  type MessageRow,
  readFindings,
  type StoredFinding,
  type StoredInstance,
} from "../instances/projection-rows.ts";
import type { RollupDeltas } from "../rollups/rollup-deltas.ts";

/** A range of the sequence, `(from, to]`, and how many changes of events before it. */
export interface EventRange {
  readonly from: number;
  readonly to: number;
  readonly changes: number;
}

/** The events of one message. */
export interface CollectedEvents {
  readonly message: number;
  readonly appId: string;
  /** The message's earliest time by now. */
  readonly openedAt: Micros;
  /** The earliest time of each event. */
  readonly times: Map<string, Micros>;
  /** It begins before the range, and nothing of it was known when the projector was there. */
  late: boolean;
}

/** The events of messages that may go by a lifecycle, and what is known of these messages. */
export interface RangeEvents {
  readonly collected: readonly CollectedEvents[];
  readonly instances: ReadonlyMap<number, StoredInstance>;
  readonly findings: ReadonlyMap<number, readonly StoredFinding[]>;
  /** See `Lifecycles.versionsOf`. */
  readonly versions: ReadonlyMap<string, readonly Version[]>;
  /** How many changes of counted events are among it. */
  readonly changes: number;
}

/** Where a range ends that has `eventsMax` events at most. */
export async function endOfRange(
  database: Database,
  { from, to }: Pick<EventRange, "from" | "to">,
  eventsMax: number,
): Promise<number> {
  if (to - from <= eventsMax) return Math.max(from, to);
  const { rows } = await database.execute({
    sql: projectionSql.rangeEnd,
    args: [from, to, eventsMax - 1],
  });
  return Number(rows[0]?.seq ?? to);
}

/** Reads a range and what has changed of events before it, and counts all of that. */
export async function readRange(
  database: Database,
  lifecycles: LifecycleCache,
  range: EventRange,
  deltas: RollupDeltas,
): Promise<RangeEvents> {
  const anyFollowed = await lifecycles.any();
  const { from, to, changes } = range;
  const [events, changed, beginning] = await database.batch(
    [
      { sql: projectionSql.events, args: [from, to] },
      { sql: projectionSql.changedEvents, args: [changes] },
      { sql: projectionSql.beginning, args: [from, to] },
    ],
    "read",
  );
  const rows = { events: rowsOf<EventRow>(events), changed: rowsOf<ChangedRow>(changed) };
  const begun = rowsOf<MessageRow>(beginning);
  const { messages, instances } = await readKnown(database, knownOf(rows, range), anyFollowed);
  const all = [...begun, ...messages];
  const appIds = new Set(anyFollowed ? all.map(([, appId]) => appId) : []);
  const versions = await lifecycles.versionsOf(appIds, from);
  const followed = new Set([...appIds].filter((appId) => versions.get(appId)!.length > 0));
  return {
    collected: collect(all, rows, followed, deltas),
    instances: new Map(instances.map((instance) => [instance.message, instance])),
    findings: await readFindings(database, instances),
    versions,
    changes: rows.changed.length,
  };
}

interface RangeRows {
  readonly events: readonly EventRow[];
  /** Events that were counted before, and have happened earlier than they were counted; or that come late. */
  readonly changed: readonly ChangedRow[];
}

/** The messages that do not begin in the range. */
function knownOf({ events, changed }: RangeRows, { from, to }: EventRange): ReadonlySet<number> {
  const known = new Set<number>();
  for (const [, message] of events) if (message <= from) known.add(message);
  for (const [, message] of changed) if (message <= from || message > to) known.add(message);
  return known;
}

async function readKnown(
  database: Database,
  known: ReadonlySet<number>,
  anyFollowed: boolean,
): Promise<{ messages: readonly MessageRow[]; instances: readonly StoredInstance[] }> {
  if (known.size === 0) return { messages: [], instances: [] };
  const args = [JSON.stringify([...known])];
  const [messages, instances] = await database.batch(
    [{ sql: projectionSql.messages, args }, ...(anyFollowed ? [{ sql: projectionSql.instances, args }] : [])],
    "read",
  );
  return { messages: rowsOf<MessageRow>(messages), instances: instancesOf(instances) };
}

/**
 * Counts the events, and collects those of each message.
 *
 * @param followed the apps of which more is needed than the number of their messages
 */
function collect(
  rows: readonly MessageRow[],
  { events, changed }: RangeRows,
  followed: ReadonlySet<string>,
  deltas: RollupDeltas,
): CollectedEvents[] {
  const messages = new Map(
    rows.map(([message, appId, openedAt]): [number, CollectedEvents & { readonly followed: boolean }] => [
      message,
      { message, appId, openedAt, times: new Map(), late: false, followed: followed.has(appId) },
    ]),
  );
  const messageOf = (message: number, seq: number) => {
    const of = messages.get(message);
    // Retention never comes before the projector, so every event has its message.
    if (of === undefined) throw new Error(`event ${seq} belongs to message ${message}, which is not there`);
    return of;
  };
  const add = ({ times }: CollectedEvents, event: string, at: Micros) => {
    const known = times.get(event);
    if (known === undefined || at < known) times.set(event, at);
  };
  for (const [seq, message, event, at, ahead, was] of changed) {
    const of = messageOf(message, seq);
    if (was === null) deltas.addEvent(of.appId, event, at, { opens: seq === message, ahead: ahead !== 0 });
    else deltas.moveEvent(of.appId, event, was, at);
    if (!of.followed) continue;
    add(of, event, at);
    if (was === null && seq === message) of.late = true;
  }
  for (const [seq, message, event, at, ahead] of events) {
    const of = messageOf(message, seq);
    deltas.addEvent(of.appId, event, at, { opens: seq === message, ahead: ahead !== 0 });
    if (of.followed) add(of, event, at);
  }
  return [...messages.values()].filter(({ times }) => times.size > 0);
}
