/** Notifications for a webhook of Discord: an embed. https://discord.com/developers/docs/resources/webhook#execute-webhook */
import { formatTime } from "../../core/time.ts";
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";
import { clip } from "./clip.ts";
import { factsOf, namedLinks, type Severity, severityOf, titleOf } from "./details.ts";
import type { Post } from "./http-post.ts";

/** https://discord.com/developers/docs/resources/message#embed-object-embed-limits; all texts together 6,000 */
const titleCharsMax = 256;
const descriptionCharsMax = 2_048;
const fieldCharsMax = 512;
const linksCharsMax = 1_024;

const colors: Readonly<Record<Severity, number>> = {
  error: 0xd93025,
  warning: 0xf9ab00,
  info: 0x1a73e8,
  ended: 0x188038,
};

export function discordPost(notification: Notification, url: URL, links: Links | undefined): Post {
  const facts = factsOf(notification).map(([name, value]) => ({
    name,
    value: clip(escapeText(value), fieldCharsMax),
    inline: true,
  }));
  const linked = linksText(links);
  const embed = {
    title: clip(escapeText(titleOf(notification)), titleCharsMax),
    description: clip(escapeText(notification.text), descriptionCharsMax),
    color: colors[severityOf(notification)],
    timestamp: formatTime(notification.at),
    fields: linked === "" ? facts : [...facts, { name: "Links", value: linked }],
    ...(links !== undefined && { url: links.incident }),
  };
  return {
    url,
    headers: { "content-type": "application/json" },
    // No id mentions anyone.
    body: JSON.stringify({ username: "Mars", embeds: [embed], allowed_mentions: { parse: [] } }),
  };
}

/** As many as fit, whole: half an address leads nowhere. */
function linksText(links: Links | undefined): string {
  let text = "";
  for (const { name, url } of namedLinks(links)) {
    const more = `${text}${text === "" ? "" : " · "}[${name}](${url})`;
    if (more.length <= linksCharsMax) text = more;
  }
  return text;
}

/** Discord reads Markdown in all of these texts. */
function escapeText(text: string): string {
  return text.replace(/[\\*_~`|<>[\]()#]/g, "\\$&");
}
