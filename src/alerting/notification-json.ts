/** A notification as JSON. Apart from `webhook.ts`, which signs it: what only shows or checks one loads no signer. */
import { formatTime } from "../core/time.ts";
import { figuresToJson } from "./figures-json.ts";
import type { IncidentEnding } from "./incident.ts";
import type { Links } from "./links.ts";
import type { Notification } from "./notification.ts";

/** A notification as JSON: what webhooks are sent, and what topics carry. */
export function notificationJson(notification: Notification, links: Links | undefined): string {
  return JSON.stringify(webhookBody(notification, links));
}

function formerType(type: Notification["type"], ending: IncidentEnding | undefined) {
  if (type === "incident.resolved") return { former_type: "incident.over" };
  return ending === "messages_deleted" ? { former_type: "incident.expired" } : {};
}

function webhookBody(
  { type, at, text, incident }: Notification,
  links: Links | undefined,
): Record<string, unknown> {
  return {
    type,
    ...formerType(type, incident?.ending),
    timestamp: formatTime(at),
    data: {
      text,
      ...(incident !== undefined && {
        incident: {
          id: incident.id,
          change: incident.change,
          rule: incident.rule,
          app_id: incident.appId,
          kind: incident.kind,
          stage: incident.stage,
          after: incident.after === "" ? null : incident.after,
          opened_at: formatTime(incident.openedAt),
          reopened_at: incident.reopenedAt === undefined ? null : formatTime(incident.reopenedAt),
          reason: type === "incident.closed" ? (incident.ending ?? null) : null,
          acknowledged_by: incident.acknowledgedBy ?? null,
          assigned_to: incident.assignedTo ?? null,
          snoozed_until: incident.snoozedUntil === undefined ? null : formatTime(incident.snoozedUntil),
          ...figuresToJson(incident.figures, incident.kind),
          links: links ?? null,
        },
      }),
    },
  };
}
