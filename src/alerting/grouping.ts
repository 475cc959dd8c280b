/** Findings by what they have in common: pure. */
import type { Micros } from "../core/event.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { AlertRule, Incident, IncidentKey } from "./alert.ts";

/** Versions of a lifecycle that one incident knows of, the latest. */
const versionsMax = 100;

/** What some changes of findings say of one app, kind and hop. */
export interface HopChanges extends Omit<IncidentKey, "rule"> {
  readonly versions: readonly number[];
  /** Of those that hold; absent where all of the changes are retractions. */
  readonly raised?: { readonly first: Micros; readonly last: Micros };
}

export function changesByHop(findings: readonly Finding[]): HopChanges[] {
  const groups = Map.groupBy(findings, ({ appId, kind, stage, after }) =>
    hopKey({ appId, kind, stage, after }),
  );
  return [...groups.values()].map((group): HopChanges => {
    const { appId, kind, stage, after } = group[0]!;
    const times = group
      .filter(({ retractedAt }) => retractedAt === undefined)
      .map(({ raisedAt }) => raisedAt);
    return {
      appId,
      kind,
      stage,
      after,
      versions: [...new Set(group.map(({ version }) => version))],
      // At most one page of findings, so the spread is short.
      ...(times.length > 0 && { raised: { first: Math.min(...times), last: Math.max(...times) } }),
    };
  });
}

export function ruleMatches(rule: AlertRule, hop: Omit<IncidentKey, "rule">): boolean {
  return (
    (rule.appId === undefined || rule.appId === hop.appId) &&
    rule.kinds.includes(hop.kind) &&
    (rule.stage === undefined || rule.stage === hop.stage) &&
    (rule.after === undefined || rule.after === hop.after)
  );
}

/** The same text for the same incident, and another one for any other. */
export function incidentKey(key: IncidentKey): string {
  return JSON.stringify([key.rule, key.appId, key.kind, key.stage, key.after]);
}

function hopKey(hop: Omit<IncidentKey, "rule">): string {
  return JSON.stringify([hop.appId, hop.kind, hop.stage, hop.after]);
}

/** An incident that begins with these changes. */
export function openIncident(
  rule: AlertRule,
  hop: HopChanges,
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
    closedAt: 0,
    text: "",
  };
}

/** The incident with what has been raised since; itself where nothing has. */
export function extendIncident(incident: Incident, hop: HopChanges): Incident {
  if (hop.raised === undefined) return incident;
  return {
    ...incident,
    lastRaisedAt: Math.max(incident.lastRaisedAt, hop.raised.last),
    versions: latest([...incident.versions, ...hop.versions]),
  };
}

/**
 * The incident with no time ahead of the clock: one that was ahead when it wrote them has been put right, and nothing is to
 * wait until it gets there again. Itself where there is none.
 */
export function notAhead(incident: Incident, clock: Micros): Incident {
  const { openedAt, firstRaisedAt, lastRaisedAt, notifiedAt } = incident;
  if (Math.max(openedAt, firstRaisedAt, lastRaisedAt, notifiedAt) <= clock) return incident;
  return {
    ...incident,
    openedAt: Math.min(openedAt, clock),
    firstRaisedAt: Math.min(firstRaisedAt, clock),
    lastRaisedAt: Math.min(lastRaisedAt, clock),
    notifiedAt: Math.min(notifiedAt, clock),
  };
}

/** What is overdue counts whenever it was raised; what is late stays late for ever, and counts when it is news. */
function countedFrom(rule: AlertRule, hop: HopChanges): Micros {
  if (hop.kind === "missing" || hop.raised === undefined) return 0;
  return Math.min(hop.raised.first, hop.raised.last - rule.windowMs * 1_000);
}

function latest(versions: readonly number[]): number[] {
  return [...new Set(versions)].sort((a, b) => a - b).slice(-versionsMax);
}
