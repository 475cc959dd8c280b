/** A range of events as the projector reads it: those of each message, collected, and the counts of all. */
import type { Micros } from "../core/event.ts";
import type { Database } from "../db/database.ts";
import type { Lifecycles, Version } from "../db/lifecycles/lifecycles.ts";
import { rowsOf } from "../db/rows.ts";
import {
  type ChangedRow,
  changedEvents,
  type EventRange,
  type EventRow,
  eventsOf,
  type FindingRow,
  type InstanceRow,
  type MessageRow,
  rangeEnd,
  touchedFindings,
  touchedInstances,
  touchedMessages,
} from "./projector-sql.ts";
import type { RollupDeltas } from "./rollup-deltas.ts";

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
  readonly instances: ReadonlyMap<number, InstanceRow>;
  readonly findings: ReadonlyMap<number, readonly FindingRow[]>;
  /** See `Lifecycles.versionsOf`. */
  readonly versions: ReadonlyMap<string, readonly Version[]>;
  /** How many changes of counted events are among it. */
  readonly changes: number;
}

/** Where a range ends that has `eventsMax` events at most. */
export async function endOfRange(
  database: Database,
  range: Pick<EventRange, "from" | "to">,
  eventsMax: number,
): Promise<number> {
  if (range.to - range.from <= eventsMax) return Math.max(range.from, range.to);
  const { rows } = await database.execute(rangeEnd(range, eventsMax));
  return Number(rows[0]?.seq ?? range.to);
}

/** Reads a range and what has changed of events before it, and counts all of that. */
export async function readRange(
  database: Database,
  lifecycles: Lifecycles,
  range: EventRange,
  deltas: RollupDeltas,
): Promise<RangeEvents> {
  const anyFollowed = await lifecycles.any();
  const [events, changed, messages, instances, findings] = await database.batch(
    [
      eventsOf(range),
      changedEvents(range),
      touchedMessages(range),
      ...(anyFollowed ? [touchedInstances(range), touchedFindings(range)] : []),
    ],
    "read",
  );
  const rows = {
    events: rowsOf<EventRow>(events),
    changed: rowsOf<ChangedRow>(changed),
    messages: rowsOf<MessageRow>(messages),
  };
  const appIds = new Set(anyFollowed ? rows.messages.map(([, appId]) => appId) : []);
  const versions = await lifecycles.versionsOf(appIds, range.from);
  return {
    collected: collect(rows, (appId) => (versions.get(appId)?.length ?? 0) > 0, deltas),
    instances: new Map(rowsOf<InstanceRow>(instances).map((row) => [row[0], row])),
    findings: Map.groupBy(rowsOf<FindingRow>(findings), ([message]) => message),
    versions,
    changes: rows.changed.length,
  };
}

interface RangeRows {
  readonly events: readonly EventRow[];
  /** Events that were counted before, and have happened earlier than they were counted; or that come late. */
  readonly changed: readonly ChangedRow[];
  readonly messages: readonly MessageRow[];
}

/**
 * Counts the events, and collects those of each message.
 *
 * @param followed whether anybody asks more of an app's messages than how many there are
 */
function collect(
  rows: RangeRows,
  followed: (appId: string) => boolean,
  deltas: RollupDeltas,
): CollectedEvents[] {
  const messages = new Map(rows.messages.map((row) => [row[0], row]));
  const collected = new Map<number, CollectedEvents>();
  const add = ([message, appId, openedAt]: MessageRow, event: string, at: Micros) => {
    let one = collected.get(message);
    if (one === undefined) {
      one = { message, appId, openedAt, times: new Map(), late: false };
      collected.set(message, one);
    }
    const known = one.times.get(event);
    if (known === undefined || at < known) one.times.set(event, at);
  };
  const messageOf = (message: number, seq: number): MessageRow => {
    const of = messages.get(message);
    // Retention never comes before the projector, so every event has its message.
    if (of === undefined) throw new Error(`event ${seq} belongs to message ${message}, which is not there`);
    return of;
  };
  for (const [seq, message, event, at, was] of rows.changed) {
    const of = messageOf(message, seq);
    if (was === null) deltas.addEvent(of[1], event, at, seq === message);
    else deltas.moveEvent(of[1], event, was, at);
    if (!followed(of[1])) continue;
    add(of, event, at);
    if (was === null && seq === message) collected.get(message)!.late = true;
  }
  for (const [message, event, at, seq] of rows.events) {
    const of = messageOf(message, seq);
    deltas.addEvent(of[1], event, at, seq === message);
    if (followed(of[1])) add(of, event, at);
  }
  return [...collected.values()];
}
