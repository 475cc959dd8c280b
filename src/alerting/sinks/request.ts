/** The request that brings a notification to a sink that is called by HTTP, by the sink's type. Pure but for the time. */
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";
import type { AlertSink } from "../sink.ts";
import { incidentAlias } from "./details.ts";
import { discordPost } from "./discord.ts";
import type { Post } from "./http-post.ts";
import { opsgeniePost } from "./opsgenie.ts";
import { pagerdutyPost } from "./pagerduty.ts";
import { signingSecrets } from "./rotation.ts";
import { slackPost } from "./slack.ts";
import { parseTarget } from "./target.ts";
import { teamsPost } from "./teams.ts";
import { type ContentType, renderTemplate } from "./template.ts";
import { webhookPost } from "./webhook.ts";

export type HttpSink = Exclude<AlertSink, { readonly type: "email" | "topic" | "broker" }>;

export interface RequestOptions {
  readonly webhookId: string;
  /** See `incidentAlias`. */
  readonly origin: string;
  /** Absent where Mars does not know its address. */
  readonly links: Links | undefined;
}

/** @throws `TargetError` */
export function requestTo(sink: HttpSink, notification: Notification, options: RequestOptions): Post {
  const { webhookId, origin, links } = options;
  const url = parseTarget(sink.url);
  switch (sink.type) {
    case "slack":
      return slackPost(notification, url, links);
    case "teams":
      return teamsPost(notification, url, links);
    case "discord":
      return discordPost(notification, url, links);
    case "pagerduty":
    case "opsgenie": {
      const alias = incidentAlias(notification, origin, sink.id.replace(/#.*$/, ""));
      const post = sink.type === "pagerduty" ? pagerdutyPost : opsgeniePost;
      return post(notification, { url, key: sink.key ?? "", alias, links });
    }
    case "webhook": {
      const sentAt = new Date();
      const secrets = signingSecrets(sink, sentAt.getTime() * 1_000);
      const { template, contentType: type = "application/json" } = sink;
      const body =
        template === undefined
          ? undefined
          : { type: mediaTypes[type], text: renderTemplate(template, type, notification, links) };
      const head = { url, secrets, webhookId, sentAt, links };
      const post = webhookPost(notification, { ...head, ...(body && { body }) });
      return { ...post, headers: { ...sink.headers, ...post.headers } };
    }
  }
}

/** Text is ASCII or Latin-1 to receivers unless it says what it is; the others are UTF-8 by definition. */
const mediaTypes: Readonly<Record<ContentType, string>> = {
  "application/json": "application/json",
  "text/plain": "text/plain; charset=utf-8",
  "application/x-www-form-urlencoded": "application/x-www-form-urlencoded",
};

/** The receiver is gone for good. */
const gone = 410;

/**
 * Answers by which a vendor says that the same request will never be accepted. PagerDuty: 400 alone. Discord blocks addresses that
 * go on after 401, 403 and 404.
 */
const refusals: Readonly<Record<HttpSink["type"], readonly number[]>> = {
  webhook: [gone],
  slack: [gone],
  teams: [gone, 400, 401, 403, 404, 413],
  discord: [gone, 400, 401, 403, 404],
  pagerduty: [gone, 400],
  opsgenie: [gone, 400, 401, 403, 404, 422],
};

/** Whether no further attempt would succeed. */
export function isFinal(sink: AlertSink, status: number): boolean {
  return "url" in sink && sink.type !== "broker" && refusals[sink.type].includes(status);
}
