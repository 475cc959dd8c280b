/** Standard Webhooks and Svix, which differ in the names of their headers; so Resend, Clerk, OpenAI, Replicate and others. */
import type { Preset } from "./preset.ts";

export const standardWebhooks: Preset = {
  title: "Standard Webhooks, Svix",
  documentation: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
  scheme: "standard-webhooks",
  rules: {
    // Resend calls it `email_id`.
    message_id: "body.data.?email_id.orValue(body.data.id)",
    event: "body.type",
    // The header has the time of the delivery, another for every attempt. Resend has `created_at`.
    created_at: "body.?timestamp.orValue(body.created_at)",
    event_id: 'headers[?"webhook-id"].orValue(headers["svix-id"])',
  },
};
