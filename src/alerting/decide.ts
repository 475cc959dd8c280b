/** What is to be done about an incident at one moment: pure. */
import type { Micros } from "../core/event.ts";
import type { AlertRule, Figures, Incident } from "./alert.ts";

/** What was raised together, as after downtime, has one notification: sent when no more came for so long. */
const quietFor: Micros = 500_000;
/** But no later than this. */
const quietForMax: Micros = 10_000_000;
/** Messages that retention takes away leave no word in the findings' changes: how often it is looked whether any is left. */
const lookEvery: Micros = 10_000_000;

export interface Moment {
  readonly clock: Micros;
  /** When something of the incident was last heard of, by the same clock. */
  readonly heardAt: Micros;
  /** The end of the silence that keeps it back; absent where none does. */
  readonly silentUntil?: Micros;
  /** Asked for by `ask`. */
  readonly figures?: Figures;
}

export type Decision =
  /** Nothing before then, unless it is heard of. */
  | { readonly what: "wait"; readonly until: Micros }
  /** To be decided with its figures. */
  | { readonly what: "ask" }
  | {
      readonly what: "notify";
      readonly type: "incident.opened" | "incident.reminder" | "incident.resolved" | "incident.expired";
      /** To be recorded and not to be sent. */
      readonly silenced: boolean;
    }
  /** It ends without a notification: there was none of its beginning. */
  | { readonly what: "drop" };

export function decide(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  return incident.notifiedAt === 0
    ? decideNew(incident, rule, moment)
    : decideNotified(incident, rule, moment);
}

function decideNew(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  const { clock, heardAt, silentUntil, figures } = moment;
  const together = incident.firstRaisedAt === incident.lastRaisedAt;
  const settledAt = together
    ? Math.min(heardAt + quietFor, incident.openedAt + quietForMax)
    : incident.openedAt;
  if (clock < settledAt) return { what: "wait", until: settledAt };
  if (figures === undefined) return { what: "ask" };
  const calmAt = incident.lastRaisedAt + rule.windowMs * 1_000;
  if (figures.count === 0) {
    // The stages came after all, before any notification.
    return clock > calmAt ? { what: "drop" } : { what: "wait", until: calmAt + 1 };
  }
  if (silentUntil === undefined) return { what: "notify", type: "incident.opened", silenced: false };
  if (!incident.silenced) return { what: "notify", type: "incident.opened", silenced: true };
  const lasts = incident.kind === "missing" || clock <= calmAt;
  return lasts ? { what: "wait", until: Math.min(silentUntil, clock + lookEvery) } : { what: "drop" };
}

function decideNotified(incident: Incident, rule: AlertRule, moment: Moment): Decision {
  const { clock, silentUntil, figures } = moment;
  const calmAt = incident.lastRaisedAt + rule.windowMs * 1_000;
  const remindAt =
    rule.repeatMs === 0 ? Number.POSITIVE_INFINITY : incident.notifiedAt + rule.repeatMs * 1_000;
  const calm = clock > calmAt;
  const remind = clock >= remindAt && silentUntil === undefined;
  if (!calm && !remind) {
    return { what: "wait", until: Math.min(calmAt + 1, Math.max(remindAt, silentUntil ?? 0)) };
  }
  if (figures === undefined) return { what: "ask" };
  if (calm && (incident.kind !== "missing" || figures.count === 0)) {
    const type = (figures.expired ?? 0) > 0 ? "incident.expired" : "incident.resolved";
    return { what: "notify", type, silenced: silentUntil !== undefined };
  }
  if (remind && figures.count > 0) return { what: "notify", type: "incident.reminder", silenced: false };
  return { what: "wait", until: clock + lookEvery };
}
