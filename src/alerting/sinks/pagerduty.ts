/**
 * Notifications for PagerDuty's Events API v2: one alert for each incident, by `dedup_key`.
 * https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
import { formatTime } from "../../core/time.ts";
import { figuresToJson } from "../figures-json.ts";
import type { Links } from "../links.ts";
import type { Notification, NotificationType } from "../notification.ts";
import { clip } from "./clip.ts";
import { namedLinks, severityOf } from "./details.ts";
import type { Post } from "./http-post.ts";

const summaryCharsMax = 1_024;
const nameCharsMax = 255;

/** A test has to be resolved by hand. */
const actions: Readonly<Partial<Record<NotificationType, string>>> = {
  "incident.acknowledged": "acknowledge",
  "incident.resolved": "resolve",
  "incident.closed": "resolve",
};

export interface PagerOptions {
  readonly url: URL;
  readonly key: string;
  /** See `incidentAlias`. */
  readonly alias: string;
  readonly links: Links | undefined;
}

export function pagerdutyPost(notification: Notification, { url, key, alias, links }: PagerOptions): Post {
  const action = actions[notification.type] ?? "trigger";
  const event = {
    routing_key: key,
    event_action: action,
    dedup_key: alias,
    // The other actions take no more.
    ...(action === "trigger" && {
      payload: payloadOf(notification),
      client: "Mars",
      ...(links !== undefined && { client_url: links.incident }),
      links: namedLinks(links).map(({ name, url }) => ({ href: url, text: name })),
    }),
  };
  return { url, headers: { "content-type": "application/json" }, body: JSON.stringify(event) };
}

function payloadOf(notification: Notification) {
  const { at, text, incident } = notification;
  const severity = severityOf(notification);
  return {
    summary: clip(text, summaryCharsMax),
    source: clip(incident?.appId ?? "mars", nameCharsMax),
    severity: severity === "ended" ? "info" : severity,
    timestamp: formatTime(at),
    class: clip(incident?.kind ?? "test", nameCharsMax),
    ...(incident !== undefined && {
      component: clip(incident.stage, nameCharsMax),
      group: clip(incident.rule, nameCharsMax),
      custom_details: {
        incident: incident.id,
        opened_at: formatTime(incident.openedAt),
        after: incident.after === "" ? null : incident.after,
        ...figuresToJson(incident.figures, incident.kind),
      },
    }),
  };
}
