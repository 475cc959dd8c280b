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
  const { from, to } = range;
  const args = [from, to, range.changes];
  const [events, changed, messages, known] = await database.batch(
    [
      { sql: projectionSql.events, args: [from, to] },
      { sql: projectionSql.changedEvents, args: [range.changes] },
      { sql: projectionSql.messages, args },
      ...(anyFollowed ? [{ sql: projectionSql.instances, args }] : []),
    ],
    "read",
  );
  const rows = {
    events: rowsOf<EventRow>(events),
    changed: rowsOf<ChangedRow>(changed),
    messages: rowsOf<MessageRow>(messages),
  };
  const appIds = new Set(anyFollowed ? rows.messages.map(([, appId]) => appId) : []);
  const versions = await lifecycles.versionsOf(appIds, from);
  const instances = instancesOf(known);
  return {
    collected: collect(rows, (appId) => (versions.get(appId)?.length ?? 0) > 0, deltas),
    instances: new Map(instances.map((instance) => [instance.message, instance])),
    findings: await readFindings(database, instances),
    versions,
    changes: rows.changed.length,
  };
}

type MessageOfRange = Pick<CollectedEvents, "message" | "appId" | "openedAt">;

interface RangeRows {
  readonly events: readonly EventRow[];
  /** Events that were counted before, and have happened earlier than they were counted; or that come late. */
  readonly changed: readonly ChangedRow[];
  readonly messages: readonly MessageRow[];
}

/**
 * Counts the events, and collects those of each message.
 *
 * @param followed whether more than the number of an app's messages is needed
 */
function collect(
  rows: RangeRows,
  followed: (appId: string) => boolean,
  deltas: RollupDeltas,
): CollectedEvents[] {
  const messages = new Map(
    rows.messages.map(([message, appId, openedAt]) => [message, { message, appId, openedAt }]),
  );
  const collected = new Map<number, CollectedEvents>();
  const add = (of: MessageOfRange, event: string, at: Micros) => {
    let one = collected.get(of.message);
    if (one === undefined) {
      one = { ...of, times: new Map(), late: false };
      collected.set(of.message, one);
    }
    const known = one.times.get(event);
    if (known === undefined || at < known) one.times.set(event, at);
  };
  const messageOf = (message: number, seq: number): MessageOfRange => {
    const of = messages.get(message);
    // Retention never comes before the projector, so every event has its message.
    if (of === undefined) throw new Error(`event ${seq} belongs to message ${message}, which is not there`);
    return of;
  };
  for (const [seq, message, event, at, ahead, was] of rows.changed) {
    const of = messageOf(message, seq);
    if (was === null) deltas.addEvent(of.appId, event, at, { opens: seq === message, ahead: ahead !== 0 });
    else deltas.moveEvent(of.appId, event, was, at);
    if (!followed(of.appId)) continue;
    add(of, event, at);
    if (was === null && seq === message) collected.get(message)!.late = true;
  }
  for (const [seq, message, event, at, ahead] of rows.events) {
    const of = messageOf(message, seq);
    deltas.addEvent(of.appId, event, at, { opens: seq === message, ahead: ahead !== 0 });
    if (followed(of.appId)) add(of, event, at);
  }
  return [...collected.values()];
}
