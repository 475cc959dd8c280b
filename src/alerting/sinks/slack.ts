/** Notifications for Slack's incoming webhooks, and for services with the same interface (Mattermost, Discord's `/slack`). */
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";
import type { Post } from "./http-post.ts";

export function slackPost({ text, type, incident }: Notification, url: URL, links: Links | undefined): Post {
  const details = incident === undefined ? type : `${type} · rule ${incident.rule} · incident ${incident.id}`;
  return {
    url,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      text: escapeText(text),
      blocks: [
        { type: "section", text: { type: "plain_text", text, emoji: false } },
        { type: "context", elements: [{ type: "plain_text", text: details }] },
        ...(links === undefined
          ? []
          : [{ type: "section", text: { type: "mrkdwn", text: linksText(links) } }]),
      ],
    }),
  };
}

/** The addresses are percent-encoded: nothing in them can end a link. */
function linksText({ incident, group, messages }: Links): string {
  const pages = messages.map((message, index) => `<${escapeText(message)}|message ${index + 1}>`);
  return [`<${escapeText(incident)}|incident>`, `<${escapeText(group)}|findings>`, ...pages].join(" · ");
}

/** Escaped: an id must not mention the whole channel. https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
