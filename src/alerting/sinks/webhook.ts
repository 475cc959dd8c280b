/** Standard Webhooks: JSON, signed, with an id that is the same for every attempt. */
import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";
import { notificationJson } from "../notification-json.ts";
import type { Post } from "./http-post.ts";

const secretPrefix = "whsec_";
/** Bytes of a secret: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const secretBytesMin = 24;
const secretBytesMax = 64;

export function makeSecret(): string {
  return secretPrefix + randomBytes(32).toString("base64");
}

/** The problem of a secret, which completes "secret …"; `undefined` for none. */
export function secretProblem(secret: string): string | undefined {
  const text = secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : undefined;
  const bytes = text === undefined ? undefined : Buffer.from(text, "base64");
  // Decoding is lenient; only base64 comes back the same.
  const valid =
    bytes !== undefined &&
    bytes.toString("base64") === text &&
    bytes.length >= secretBytesMin &&
    bytes.length <= secretBytesMax;
  return valid ? undefined : `must be whsec_ and the base64 of ${secretBytesMin} to ${secretBytesMax} bytes`;
}

/** An id for a notification to one sink. */
export function makeWebhookId(): string {
  return `msg_${randomBytes(18).toString("base64url")}`;
}

export interface WebhookOptions {
  readonly url: URL;
  /** It is signed by each of them. */
  readonly secrets: readonly string[];
  readonly webhookId: string;
  /** The time of this attempt: receivers refuse old ones. */
  readonly sentAt: Date;
  /** Absent where Mars does not know its address. */
  readonly links: Links | undefined;
  /** Instead of the notification as JSON. */
  readonly body?: { readonly type: string; readonly text: string };
}

export function webhookPost(notification: Notification, options: WebhookOptions): Post {
  const { url, secrets, webhookId, sentAt, links } = options;
  const body = options.body?.text ?? notificationJson(notification, links);
  return {
    url,
    headers: {
      "content-type": options.body?.type ?? "application/json",
      "webhook-id": webhookId,
      "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
      "webhook-signature": secrets
        .map((secret) => new Webhook(secret).sign(webhookId, sentAt, body))
        .join(" "),
    },
    body,
  };
}
