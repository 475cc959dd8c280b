/** The evaluator's decision about one incident at one moment. Pure. */
import type { Micros } from "../core/event.ts";
import type { Figures } from "./figures.ts";
import type { Incident } from "./incident.ts";
import type { IncidentChange } from "./notification.ts";
import type { AlertRule } from "./rule.ts";

/** Findings that are raised together, as after downtime, have one notification. It waits until none was added for so long. */
const quietFor: Micros = 500_000;
/** The notification waits no longer than this. */
const quietForMax: Micros = 10_000_000;
/** Messages that retention deletes leave no trace in the findings' changes: the interval at which figures are read again. */
const lookEvery: Micros = 10_000_000;

export interface Moment {
  readonly clock: Micros;
  /** When a finding was last added to the incident, by the same clock. */
  readonly extendedAt: Micros;
  /** The end of the silence that matches; absent where none does. */
  readonly silentUntil?: Micros;
  /** Read after `read_figures`. */
  readonly figures?: Figures;
}

export type Decision =
  /** Nothing before then, unless findings change. */
  | { readonly action: "wait"; readonly until: Micros }
  /** The decision needs the incident's figures. */
  | { readonly action: "read_figures" }
  | {
      readonly action: "notify";
      readonly type: IncidentChange;
      /** Recorded and not sent. */
      readonly silenced: boolean;
    }
  /** It ends without a notification: there was none of its beginning. */
  | { readonly action: "drop" };

export function decide(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  return incident.notifiedAt === 0
    ? decideNew(incident, rule, moment)
    : decideNotified(incident, rule, moment);
}

function decideNew(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  const { clock, extendedAt, silentUntil, figures } = moment;
  const together = incident.firstRaisedAt === incident.lastRaisedAt;
  const groupedAt = together
    ? Math.min(extendedAt + quietFor, incident.openedAt + quietForMax)
    : incident.openedAt;
  if (clock < groupedAt) return { action: "wait", until: groupedAt };
  if (figures === undefined) return { action: "read_figures" };
  const windowEndsAt = incident.lastRaisedAt + rule.windowMs * 1_000;
  if (figures.count === 0) {
    // The stages came after all, before any notification.
    return clock > windowEndsAt ? { action: "drop" } : { action: "wait", until: windowEndsAt + 1 };
  }
  if (silentUntil === undefined) return { action: "notify", type: "incident.opened", silenced: false };
  if (!incident.silenced) return { action: "notify", type: "incident.opened", silenced: true };
  const active = incident.kind === "missing" || clock <= windowEndsAt;
  return active ? { action: "wait", until: Math.min(silentUntil, clock + lookEvery) } : { action: "drop" };
}

function decideNotified(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  const { clock, silentUntil, figures } = moment;
  const windowEndsAt = incident.lastRaisedAt + rule.windowMs * 1_000;
  const remindAt =
    rule.repeatMs === 0 ? Number.POSITIVE_INFINITY : incident.notifiedAt + rule.repeatMs * 1_000;
  const quiet = clock > windowEndsAt;
  const remind = clock >= remindAt && silentUntil === undefined;
  if (!quiet && !remind) {
    return { action: "wait", until: Math.min(windowEndsAt + 1, Math.max(remindAt, silentUntil ?? 0)) };
  }
  if (figures === undefined) return { action: "read_figures" };
  if (quiet && (incident.kind !== "missing" || figures.count === 0)) {
    const type = (figures.expired ?? 0) > 0 ? "incident.expired" : "incident.resolved";
    return { action: "notify", type, silenced: silentUntil !== undefined };
  }
  if (remind && figures.count > 0) return { action: "notify", type: "incident.reminder", silenced: false };
  return { action: "wait", until: clock + lookEvery };
}
