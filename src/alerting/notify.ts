/** A notification of an incident, and its deliveries: pure but for the ids. */
import type { Micros } from "../core/event.ts";
import { restsAfterEnd } from "./conditions/measured-decision.ts";
import { type Figures, heldOf, sizeOf } from "./figures.ts";
import type { Incident, IncidentEnding } from "./incident.ts";
import type { IncidentCare, IncidentChange, Notification } from "./notification.ts";
import { careText, notificationText } from "./notification-text.ts";
import type { IncidentDelivery } from "./ports.ts";
import type { AlertRule } from "./rule.ts";
import { makeWebhookId } from "./sinks/webhook.ts";

/** An incident after a notification, with a delivery for each sink. */
export interface Notified {
  readonly incident: Incident;
  readonly deliveries: readonly IncidentDelivery[];
}

export interface Notice {
  readonly type: "incident.opened" | "incident.grown" | "incident.reminder";
  readonly silenced: boolean;
  readonly clock: Micros;
  readonly figures: Figures;
  readonly sinks: readonly string[];
}

export function notify(incident: Incident, rule: AlertRule, notice: Notice): Notified {
  const { type, silenced, clock, figures, sinks } = notice;
  const text = notificationText(type, incident, { figures, clock, ...rule });
  const change = incident.changes + 1;
  // A sink that is notified of the beginning later changes nothing for the others.
  const later = type === "incident.opened" && incident.notifiedAt > 0;
  return {
    incident: {
      ...incident,
      changes: change,
      ...(!later && { text }),
      silenced: silenced || (incident.silenced && type !== "incident.opened"),
      ...(!silenced && { notifiedSinks: [...new Set([...incident.notifiedSinks, ...sinks])] }),
      ...(!silenced && !later && { notifiedAt: clock, notifiedCount: sizeOf(figures) }),
      ...(!silenced && !later && type !== "incident.reminder" && { burstFrom: 0 }),
    },
    deliveries: deliveriesOf(incident, { type, silenced, clock, figures, sinks, text }),
  };
}

export interface Ending {
  readonly ending: IncidentEnding;
  readonly clock: Micros;
  readonly figures: Figures;
  /** Absent where it was deleted. */
  readonly rule: AlertRule | undefined;
}

/** Notifies those that were notified of the beginning, a silence or not: else it would stay open for them. */
export function end(incident: Incident, { ending, clock, figures, rule }: Ending): Notified {
  // With messages left that are missing, or for a while after it was measured, it may reopen.
  const rests =
    rule !== undefined &&
    !isOfRule(ending) &&
    ((incident.kind === "missing" && heldOf(figures) > 0) || restsAfterEnd(incident));
  const ended = {
    ...incident,
    ...(rests
      ? { resolvedAt: clock }
      : { closedAt: incident.resolvedAt === 0 ? clock : incident.resolvedAt }),
    ending: incident.ending === "" ? ending : incident.ending,
    notifiedSinks: [],
  };
  if (incident.notifiedSinks.length === 0) return { incident: ended, deliveries: [] };
  const type = ending === "resolved" ? "incident.resolved" : "incident.closed";
  const { windowMs = 0, atLeast = 1 } = rule ?? {};
  const text = notificationText(type, incident, { figures, clock, windowMs, atLeast, ending });
  const notice = {
    type,
    silenced: false,
    clock,
    figures,
    sinks: incident.notifiedSinks,
    text,
    ending,
  } as const;
  return {
    incident: { ...ended, changes: incident.changes + 1, text, notifiedAt: clock },
    deliveries: deliveriesOf(incident, notice),
  };
}

function isOfRule(ending: IncidentEnding): boolean {
  return ending === "rule_deleted" || ending === "rule_changed";
}

export interface CareNotice {
  readonly type: IncidentCare;
  readonly clock: Micros;
  readonly figures: Figures;
  readonly sinks: readonly string[];
  /** Who did it, for people. */
  readonly by: string;
}

/** @param incident as it is after the change */
export function notifyOfCare(incident: Incident, { by, ...notice }: CareNotice): Notified {
  if (notice.sinks.length === 0) return { incident, deliveries: [] };
  const text = careText(notice.type, incident, by);
  return {
    incident: { ...incident, changes: incident.changes + 1 },
    deliveries: deliveriesOf(incident, { ...notice, silenced: false, text }),
  };
}

interface Sent extends Omit<Notice, "type"> {
  readonly type: IncidentChange | IncidentCare;
  readonly text: string;
  readonly ending?: IncidentEnding;
}

function deliveriesOf(incident: Incident, sent: Sent): IncidentDelivery[] {
  const { type, silenced, clock, figures, sinks, text, ending } = sent;
  const { id, rule, appId, kind, stage, after, openedAt, reopenedAt } = incident;
  const { acknowledgedBy, assignedTo, snoozedUntil } = incident;
  const change = incident.changes + 1;
  const notification: Notification = {
    type,
    at: clock,
    text,
    incident: {
      ...{ id, change, rule, appId, kind, stage, after, openedAt, figures },
      ...(reopenedAt > 0 && { reopenedAt }),
      ...(ending !== undefined && { ending }),
      ...(acknowledgedBy !== "" && { acknowledgedBy }),
      ...(assignedTo !== "" && { assignedTo }),
      ...(snoozedUntil > clock && { snoozedUntil }),
    },
  };
  return sinks.map((sink) => ({
    incident: id,
    change,
    sink,
    state: silenced ? "silenced" : "pending",
    webhookId: makeWebhookId(),
    notification,
    createdAt: clock,
  }));
}
