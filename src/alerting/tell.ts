/** What follows from telling something of an incident: pure but for the ids. */
import type { Micros } from "../core/event.ts";
import type { AlertRule, Figures, Incident, Notification, NotificationType } from "./alert.ts";
import type { AlertStep } from "./alert-ports.ts";
import { makeWebhookId } from "./sinks/webhook.ts";
import { notificationText } from "./text.ts";

export type NewNotification = AlertStep["deliveries"][number];

export interface Telling {
  readonly type: Exclude<NotificationType, "test">;
  readonly silenced: boolean;
  readonly clock: Micros;
  readonly figures: Figures;
}

/** The incident as it is from then on, and one delivery to each of the rule's sinks. */
export function tell(
  incident: Incident,
  rule: AlertRule,
  { type, silenced, clock, figures }: Telling,
): { incident: Incident; deliveries: NewNotification[] } {
  const text = notificationText(type, incident, { figures, clock, overMs: rule.overMs });
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
      toldAt: silenced ? incident.toldAt : clock,
      closedAt: type === "incident.over" || type === "incident.expired" ? clock : 0,
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
