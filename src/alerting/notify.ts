/** A notification of an incident, and its deliveries: pure but for the ids. */
import type { Micros } from "../core/event.ts";
import type { Figures } from "./figures.ts";
import type { Incident } from "./incident.ts";
import type { IncidentChange, Notification } from "./notification.ts";
import { notificationText } from "./notification-text.ts";
import type { IncidentDelivery } from "./ports.ts";
import type { AlertRule } from "./rule.ts";
import { makeWebhookId } from "./sinks/webhook.ts";

export interface Notice {
  readonly type: IncidentChange;
  readonly silenced: boolean;
  readonly clock: Micros;
  readonly figures: Figures;
}

/** @returns the incident after the notification, and one delivery for each sink of the rule */
export function notify(
  incident: Incident,
  rule: AlertRule,
  { type, silenced, clock, figures }: Notice,
): { incident: Incident; deliveries: IncidentDelivery[] } {
  const text = notificationText(type, incident, { figures, clock, windowMs: rule.windowMs });
  const change = incident.changes + 1;
  const { id, appId, kind, stage, after, openedAt } = incident;
  const notification: Notification = {
    type,
    at: clock,
    text,
    incident: { id, change, rule: rule.id, appId, kind, stage, after, openedAt, figures },
  };
  return {
    incident: {
      ...incident,
      changes: change,
      text,
      silenced: silenced || (incident.silenced && type !== "incident.opened"),
      notifiedAt: silenced ? incident.notifiedAt : clock,
      closedAt: type === "incident.resolved" || type === "incident.expired" ? clock : 0,
    },
    deliveries: rule.sinks.map((sink) => ({
      incident: id,
      change,
      sink,
      state: silenced ? "silenced" : "pending",
      webhookId: makeWebhookId(),
      notification,
      createdAt: clock,
    })),
  };
}
