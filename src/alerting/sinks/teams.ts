/**
 * Notifications for a workflow of Microsoft Teams ("Post to a channel when a webhook request is received"): an Adaptive Card.
 * https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
 */
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";
import { clip } from "./clip.ts";
import { factsOf, namedLinks, type Severity, severityOf, titleOf } from "./details.ts";
import type { Post } from "./http-post.ts";

/** Teams refuses messages beyond 28 KB. Texts are cut long before. */
const textCharsMax = 4_000;
const titleCharsMax = 300;

const colors: Readonly<Record<Severity, string>> = {
  error: "Attention",
  warning: "Warning",
  info: "Accent",
  ended: "Good",
};

export function teamsPost(notification: Notification, url: URL, links: Links | undefined): Post {
  const card = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    // The latest that all of Teams' clients show.
    version: "1.4",
    fallbackText: clip(notification.text, textCharsMax),
    body: [
      line(clip(titleOf(notification), titleCharsMax), {
        weight: "Bolder",
        size: "Medium",
        color: colors[severityOf(notification)],
      }),
      line(clip(notification.text, textCharsMax)),
      ...factsOf(notification).map(([name, value]) => line(`${name}: ${value}`, { isSubtle: true })),
    ],
    actions: namedLinks(links).map(({ name, url }) => ({ type: "Action.OpenUrl", title: name, url })),
  };
  const attachment = {
    contentType: "application/vnd.microsoft.card.adaptive",
    contentUrl: null,
    content: card,
  };
  return {
    url,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "message", attachments: [attachment] }),
  };
}

/** Not a `TextBlock`, which reads Markdown: an id could be a link. */
function line(text: string, style: Readonly<Record<string, unknown>> = {}) {
  return { type: "RichTextBlock", inlines: [{ type: "TextRun", text, ...style }] };
}
