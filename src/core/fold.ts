/**
 * The fold: computes a message from the set of its events and nothing else.
 *
 * Two reports are the same event when their identities are equal: name and `event_id` where that is given, else all
 * of their contents. Of reports that share an identity and still differ, the least by `created_at`, external id,
 * attributes and parent counts, so that order of arrival never shows; `seq`, `received_at` and trace are those of the first to arrive, and it
 * has happened by the earliest time at which one of them counts (`ahead.ts`). So when it happened only ever moves back. The store
 * applies the same rule in SQL (`db/messages/apply-sql.ts`) where reports meet over several batches.
 */
import { hash } from "node:crypto";
import { happenedAt } from "./ahead.ts";
import type { MessageKey, Micros, SequencedEvent, StoredEvent } from "./event.ts";
import type { MessageSummary } from "./query.ts";

/** Distinct stage names that a summary lists. A message with more has lost its meaning, not its events. */
export const stagesMax = 256;
/** Distinct external ids that a summary lists. */
export const externalIdsMax = 256;

/** Whether two reports of one message are the same event. */
function isSameEvent(a: SequencedEvent, b: SequencedEvent): boolean {
  return (
    a.event === b.event &&
    a.eventId === b.eventId &&
    (a.eventId !== "" ||
      (a.createdAt === b.createdAt &&
        a.externalId === b.externalId &&
        a.attributes === b.attributes &&
        a.parentId === b.parentId))
  );
}

/** The identity of an event within its message; equal texts mean the same event. */
function identityOf(event: SequencedEvent): string {
  // The separator cannot occur in any of them: NUL is refused.
  return event.eventId === ""
    ? `${event.event}\0\0${event.createdAt}\0${event.externalId}\0${event.attributes}\0${event.parentId}`
    : `${event.event}\0${event.eventId}`;
}

/**
 * The difference between events with the same name and time and no id: a hash of the rest of their contents, which is
 * shorter; empty where there is no rest. 132 bits of SHA-256: two contents with equal hashes cannot be found.
 */
export function detailOf({ eventId, externalId, parentId, attributes }: SequencedEvent): string {
  if (eventId !== "" || (externalId === "" && attributes === "" && parentId === "")) return "";
  // Without a parent as it was before there were any: stored events keep their identity.
  const rest = parentId === "" ? `${externalId}\0${attributes}` : `${externalId}\0${attributes}\0${parentId}`;
  return hash("sha256", rest, "base64url").slice(0, detailChars);
}

const detailChars = 22;

/** Up to so many reports are compared with each other; the identities of more are looked up. */
const comparedMax = 16;

/** The set of events that these reports of one message make, each identity once. */
export function foldReports(reports: readonly SequencedEvent[]): StoredEvent[] {
  const events: StoredEvent[] = [];
  const known = reports.length > comparedMax ? new Map<string, number>() : undefined;
  for (const report of reports) {
    const identity = known === undefined ? "" : identityOf(report);
    const at =
      known === undefined
        ? events.findIndex((event) => isSameEvent(event, report))
        : (known.get(identity) ?? -1);
    const same = events[at];
    if (same === undefined) {
      known?.set(identity, events.length);
      events.push({ ...report, duplicates: 0 });
    } else {
      events[at] = merge(same, report);
    }
  }
  return events;
}

function merge(known: StoredEvent, report: SequencedEvent): StoredEvent {
  const first = known.seq < report.seq ? known : report;
  const { seq, receivedAt, traceparent } = first;
  const duplicates = known.duplicates + 1;
  // Without an `event_id` the reports are equal, and the first of them is marked or not.
  if (known.eventId === "") return { ...first, duplicates };
  const { aheadBy: _, traceparent: __, ...content } = compareReports(report, known) < 0 ? report : known;
  // One report from ahead proves that it had happened by its receipt, though the contents of another count.
  const aheadBy = content.createdAt - Math.min(happenedAt(known), happenedAt(report));
  const rare = { ...(aheadBy !== 0 && { aheadBy }), ...(traceparent !== undefined && { traceparent }) };
  return { ...content, seq, receivedAt, duplicates, ...rare };
}

/** The order in which a message's events are shown: by time, then name, the producer's id, and the rest of their contents. Total. */
export function compareEvents(a: SequencedEvent, b: SequencedEvent): number {
  return (
    a.createdAt - b.createdAt ||
    compareText(a.event, b.event) ||
    compareText(a.eventId, b.eventId) ||
    compareText(detailOf(a), detailOf(b))
  );
}

/**
 * The place of an event's name among those of its lifecycle, which decides where times are equal; -1 for one that has none.
 * So the last of several events of one second is the furthest stage.
 */
export type Rank = (event: string) => number;

const unranked: Rank = () => -1;

/** The order in which events are shown that go by a lifecycle. Total. */
export function compareRanked(rank: Rank = unranked): (a: SequencedEvent, b: SequencedEvent) => number {
  return (a, b) => a.createdAt - b.createdAt || rank(a.event) - rank(b.event) || compareEvents(a, b);
}

/** The events of one message that have the same name. */
export interface Stage {
  readonly event: string;
  /** When the first and the last of them happened: see `ahead.ts`. */
  readonly first: Micros;
  readonly last: Micros;
  /** Some of them are from ahead. */
  readonly skewed?: boolean;
}

export interface SummaryParts {
  /** At least one, each name once. */
  readonly stages: readonly Stage[];
  /** Each once. */
  readonly externalIds: readonly string[];
  /** The least by its bytes of those that its events name; empty where they name none. */
  readonly parentId: string;
  readonly eventCount: number;
  /** Stages and external ids are those of some of the events only. */
  readonly partial: boolean;
  /** By its lifecycle; absent without one. */
  readonly status: Pick<MessageSummary, "state" | "overdueSince"> | undefined;
  readonly rank: Rank | undefined;
}

/** A message in short. */
export function summarize(key: MessageKey, parts: SummaryParts): MessageSummary {
  const { stages, externalIds, eventCount, status = { state: "untracked" }, rank = unranked } = parts;
  const byName = (a: Stage, b: Stage) => rank(a.event) - rank(b.event) || compareText(a.event, b.event);
  const byFirst = stages.toSorted((a, b) => a.first - b.first || byName(a, b));
  const latest = stages.reduce((a, b) => ((b.last - a.last || byName(b, a)) > 0 ? b : a));
  const partial = parts.partial || stages.length > stagesMax || externalIds.length > externalIdsMax;
  return {
    appId: key.appId,
    messageId: key.messageId,
    createdAt: byFirst[0]!.first,
    updatedAt: latest.last,
    eventCount,
    stages: byFirst.slice(0, stagesMax).map((stage) => stage.event),
    lastEvent: latest.event,
    externalIds: externalIds.toSorted(compareText).slice(0, externalIdsMax),
    parentId: parts.parentId,
    ...status,
    ...(stages.some(({ skewed }) => skewed) && { skewed: true }),
    ...(partial && { partial }),
  };
}

function compareReports(a: SequencedEvent, b: SequencedEvent): number {
  return (
    a.createdAt - b.createdAt ||
    compareText(a.externalId, b.externalId) ||
    compareText(a.attributes, b.attributes) ||
    compareText(a.parentId, b.parentId)
  );
}

/**
 * Orders texts by their UTF-8 bytes, as SQLite does, so that both sides of the fold agree. JavaScript's own `<`
 * compares UTF-16 units and puts characters beyond the BMP before U+E000.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      const xSurrogate = x >= 0xd800 && x <= 0xdfff;
      const ySurrogate = y >= 0xd800 && y <= 0xdfff;
      if (xSurrogate !== ySurrogate) return xSurrogate ? 1 : -1;
      return x - y;
    }
  }
  return a.length - b.length;
}
