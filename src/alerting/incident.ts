/**
 * An incident: findings of one rule, app, kind and hop (`after` → `stage`), from the first to the last. Pure.
 *
 * It is active while a `missing` finding of it is active, and until none was raised for the rule's window. The second
 * condition keeps findings that come and go from causing a notification at every turn. It is resolved before where there have
 * been fewer findings than the rule asks for, for its window; where there are as many again it reopens.
 */
import type { Micros } from "../core/event.ts";
import type { FindingKind } from "../lifecycle/finding.ts";
import { type ConditionKind, isConditionKind } from "./conditions/condition.ts";
import type { HopChanges, Raised } from "./hop-changes.ts";
import type { AlertRule } from "./rule.ts";

/** Active incidents; beyond it none opens, and the log has an error. */
export const incidentsMax = 10_000;
/** Versions of a lifecycle that one incident keeps, the latest. */
const versionsMax = 100;

/** The kind of the findings that it counts, or of the condition that holds. */
export type IncidentKind = FindingKind | ConditionKind;

/** The fields by which findings belong to one incident. */
export interface IncidentKey {
  readonly rule: string;
  readonly appId: string;
  readonly kind: IncidentKind;
  readonly stage: string;
  readonly after: string;
}

/**
 * How an incident ended. `resolved`: what it counted came after all, or no more was raised. The others are no good news:
 * `messages_deleted` by retention or by people, unfinished; `abandoned` by their lifecycle; `closed_by_people`, who resolved or ignored them; the rule was deleted, or is about something else now.
 */
export type IncidentEnding =
  | "resolved"
  | "messages_deleted"
  | "closed_by_people"
  | "abandoned"
  | "rule_deleted"
  | "rule_changed";

export interface Incident extends IncidentKey {
  readonly id: number;
  readonly openedAt: Micros;
  /** Versions of the lifecycle that its findings go by; the latest 100. */
  readonly versions: readonly number[];
  /** Findings that were raised from here on count; 0 for `missing`, of which all active ones do. */
  readonly countedFrom: Micros;
  readonly firstRaisedAt: Micros;
  readonly lastRaisedAt: Micros;
  /** Time of the last notification that was not silenced; 0 before the first. */
  readonly notifiedAt: Micros;
  /** A silence matched a notification. */
  readonly silenced: boolean;
  /** Number of its notifications. */
  readonly changes: number;
  /** Ids of the sinks that were notified of its beginning, and not yet of its end. */
  readonly notifiedSinks: readonly string[];
  /** The count of the last notification; the lowest since, where it has fallen. */
  readonly notifiedCount: number;
  /**
   * When the first finding was raised that came after a quiet time, one of the rule's `growAfterMs` without any; 0 where none has since
   * the last notification of growth.
   */
  readonly burstFrom: Micros;
  /** Since when there have been fewer findings than the rule asks for; 0 where there are enough. */
  readonly belowSince: Micros;
  /** When it was resolved with findings left, so that it may reopen; 0 otherwise. */
  readonly resolvedAt: Micros;
  /** When it last reopened; 0 where it has not. */
  readonly reopenedAt: Micros;
  /** 0 while it is active, or may reopen. */
  readonly closedAt: Micros;
  /** Empty while it is active. */
  readonly ending: IncidentEnding | "";
  /** Text of the last notification; empty before the first. */
  readonly text: string;
  /** When it was acknowledged, so that it has no reminders, and by whom; 0 and empty where it is not. */
  readonly acknowledgedAt: Micros;
  readonly acknowledgedBy: string;
  /** Who takes care of it; empty for nobody. */
  readonly assignedTo: string;
  /** As by a silence it has no notification before, but for that of its end; 0, or passed, where it is not snoozed. */
  readonly snoozedUntil: Micros;
}

/** An incident as it is read. */
export interface StoredIncident extends Incident {
  /** The place of its last change in one sequence of all incidents' changes, which rises and never repeats. */
  readonly seq: number;
  readonly noteCount: number;
  /** Until when silences hold its notifications back; 0 where none does. */
  readonly silencedUntil: Micros;
}

/** What an incident opens with. */
export type OpeningHop = Omit<IncidentKey, "rule"> & Pick<HopChanges, "versions" | "raised">;

/** `closed`: it ended, and was not resolved. */
export type IncidentState = "active" | "resolved" | "closed";

export interface IncidentQuery {
  readonly appId?: string;
  /** Of apps that one of these patterns names: see `AppRights`. */
  readonly apps?: readonly string[];
  readonly rule?: string;
  readonly state: IncidentState | "any";
  readonly acknowledged?: boolean;
  readonly assignedTo?: string;
  readonly limit: number;
  readonly cursor?: string;
  /** How far to count them all; absent: not at all. */
  readonly countMax?: number;
}

export interface IncidentPage {
  /** The active first, then the latest closed. */
  readonly incidents: readonly StoredIncident[];
  readonly nextCursor?: string;
  /** All of them, on other pages too, up to `countMax`. */
  readonly count?: number;
  /** Every change of a finding up to here has been evaluated. */
  readonly asOfSeq: number;
  /** The last change of any incident: topics of incidents go on behind it. */
  readonly incidentSeq: number;
}

/** Whether it counts findings, and is not of a condition. */
export function countsFindings(incident: Incident): incident is Incident & { readonly kind: FindingKind } {
  return !isConditionKind(incident.kind);
}

/** The same text for the same incident, and another one for any other. */
export function incidentKey(key: IncidentKey): string {
  return JSON.stringify([key.rule, key.appId, key.kind, key.stage, key.after]);
}

/** A new incident, opened by these changes, or by a condition that holds. */
export function openIncident(
  rule: AlertRule,
  hop: OpeningHop,
  { id, clock }: { readonly id: number; readonly clock: Micros },
): Incident {
  const { first, last } = hop.raised ?? { first: clock, last: clock };
  return {
    id,
    rule: rule.id,
    appId: hop.appId,
    kind: hop.kind,
    stage: hop.stage,
    after: hop.after,
    openedAt: clock,
    versions: latest(hop.versions),
    countedFrom: countedFrom(rule, hop),
    firstRaisedAt: first,
    lastRaisedAt: last,
    notifiedAt: 0,
    silenced: false,
    changes: 0,
    notifiedSinks: [],
    notifiedCount: 0,
    burstFrom: 0,
    belowSince: 0,
    resolvedAt: 0,
    reopenedAt: 0,
    closedAt: 0,
    ending: "",
    text: "",
    acknowledgedAt: 0,
    acknowledgedBy: "",
    assignedTo: "",
    snoozedUntil: 0,
  };
}

/** The incident with these changes added; itself where they raise nothing. */
export function extendIncident(
  incident: Incident,
  hop: HopChanges,
  { growAfterMs }: Pick<AlertRule, "growAfterMs">,
): Incident {
  if (hop.raised === undefined) return incident;
  return {
    ...incident,
    burstFrom: incident.burstFrom || burstFrom(incident, hop.raised, growAfterMs),
    lastRaisedAt: Math.max(incident.lastRaisedAt, hop.raised.last),
    versions: latest([...incident.versions, ...hop.versions]),
  };
}

/** The incident as a new one: nobody has been notified since it was resolved. */
export function reopenIncident(incident: Incident, clock: Micros): Incident {
  return {
    ...incident,
    firstRaisedAt: incident.lastRaisedAt,
    reopenedAt: clock,
    resolvedAt: 0,
    ending: "",
    notifiedAt: 0,
    notifiedCount: 0,
    burstFrom: 0,
    belowSince: 0,
    silenced: false,
    acknowledgedAt: 0,
    acknowledgedBy: "",
  };
}

export function incidentState({ closedAt, resolvedAt, ending }: Incident): IncidentState {
  if (closedAt === 0 && resolvedAt === 0) return "active";
  return ending === "resolved" ? "resolved" : "closed";
}

/**
 * The incident with no time later than the clock. Times are later where a clock that was ahead has been put right: nothing
 * may wait until the clock gets there again. Itself where no time is later.
 */
export function notAhead(incident: Incident, clock: Micros): Incident {
  const { openedAt, firstRaisedAt, lastRaisedAt, notifiedAt, burstFrom, belowSince } = incident;
  if (Math.max(openedAt, firstRaisedAt, lastRaisedAt, notifiedAt, burstFrom, belowSince) <= clock)
    return incident;
  return {
    ...incident,
    openedAt: Math.min(openedAt, clock),
    firstRaisedAt: Math.min(firstRaisedAt, clock),
    lastRaisedAt: Math.min(lastRaisedAt, clock),
    notifiedAt: Math.min(notifiedAt, clock),
    burstFrom: Math.min(burstFrom, clock),
    belowSince: Math.min(belowSince, clock),
  };
}

/** The first time that comes so long after the one before; 0 where none does. */
function burstFrom({ lastRaisedAt }: Incident, { times }: Raised, growAfterMs: number): Micros {
  if (growAfterMs === 0) return 0;
  let last = lastRaisedAt;
  for (const at of times) {
    if (at - last >= growAfterMs * 1_000) return at;
    last = Math.max(last, at);
  }
  return 0;
}

/** `missing` counts whenever it was raised. A `late` finding stays late for ever, and counts only as news. */
function countedFrom(rule: AlertRule, hop: OpeningHop): Micros {
  if (hop.kind === "missing" || hop.raised === undefined) return 0;
  return Math.min(hop.raised.first, hop.raised.last - rule.windowMs * 1_000);
}

function latest(versions: readonly number[]): number[] {
  return [...new Set(versions)].sort((a, b) => a - b).slice(-versionsMax);
}
