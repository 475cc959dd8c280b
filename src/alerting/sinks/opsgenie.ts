/**
 * Notifications for Opsgenie's alerts API, which Jira Service Management has too: one alert for each incident, by `alias`.
 * https://docs.opsgenie.com/docs/alert-api
 */
import { formatTime } from "../../core/time.ts";
import { figuresToJson } from "../figures-json.ts";
import type { Links } from "../links.ts";
import type { Notification, NotificationType } from "../notification.ts";
import { clip } from "./clip.ts";
import { namedLinks, type Severity, severityOf } from "./details.ts";
import type { Post } from "./http-post.ts";
import type { PagerOptions } from "./pagerduty.ts";

const messageCharsMax = 130;
const descriptionCharsMax = 15_000;
const entityCharsMax = 512;
const tagCharsMax = 50;
const noteCharsMax = 25_000;
/** Of all names and values of `details`. */
const detailCharsMax = 1_000;

const priorities: Readonly<Record<Severity, string>> = {
  error: "P2",
  warning: "P3",
  info: "P5",
  ended: "P5",
};

/** What is done to the incident's alert; absent: it is created. */
const actions: Readonly<Partial<Record<NotificationType, string>>> = {
  "incident.acknowledged": "acknowledge",
  "incident.resolved": "close",
  "incident.closed": "close",
};

export function opsgeniePost(notification: Notification, { url, key, alias, links }: PagerOptions): Post {
  const { type, text } = notification;
  const action = actions[type];
  const alerts = `${url.origin}${url.pathname.replace(/\/$/, "")}/v2/alerts`;
  const note = clip(text, noteCharsMax);
  return {
    url: new URL(
      action === undefined ? alerts : `${alerts}/${encodeURIComponent(alias)}/${action}?identifierType=alias`,
    ),
    headers: { "content-type": "application/json", authorization: `GenieKey ${key}` },
    body: JSON.stringify(
      action === undefined ? alertOf(notification, alias, links) : { source: "Mars", user: "Mars", note },
    ),
  };
}

/** An open alert with this alias counts one more, and gets the note. */
function alertOf(notification: Notification, alias: string, links: Links | undefined) {
  const { text, incident } = notification;
  return {
    message: clip(text, messageCharsMax),
    alias,
    description: clip(descriptionOf(text, links), descriptionCharsMax),
    source: "Mars",
    user: "Mars",
    note: clip(text, noteCharsMax),
    priority: priorities[severityOf(notification)],
    tags: [
      "mars",
      ...(incident === undefined ? ["test"] : [incident.kind, clip(incident.rule, tagCharsMax)]),
    ],
    ...(incident !== undefined && {
      entity: clip(incident.appId, entityCharsMax),
      details: detailsOf(incident),
    }),
  };
}

function descriptionOf(text: string, links: Links | undefined): string {
  const lines = namedLinks(links).map(({ name, url }) => `${name}: ${url}`);
  return [text, ...(lines.length > 0 ? ["", ...lines] : [])].join("\n");
}

/** Texts by name. */
function detailsOf(incident: NonNullable<Notification["incident"]>): Record<string, string> {
  const { samples, measured, ...figures } = figuresToJson(incident.figures, incident.kind);
  const all = {
    incident: incident.id,
    rule: incident.rule,
    stage: incident.stage,
    after: incident.after,
    opened_at: formatTime(incident.openedAt),
    ...figures,
    ...(measured !== null && { value: measured.value, bound: measured.bound, unit: measured.unit }),
    samples: samples.join(", "),
  };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) => [name, clip(String(value), detailCharsMax)]),
  );
}
