/**
 * SendGrid's event webhook. Its messages are the mails; `sg_message_id` up to its first dot is the same for all receivers of one mail,
 * so a mail to many names its message by the custom argument `mars_message_id`.
 */
import type { Preset } from "./preset.ts";

export const sendgrid: Preset = {
  title: "SendGrid",
  documentation: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event",
  scheme: "sendgrid",
  rules: {
    each: "body",
    message_id: 'item.?mars_message_id.orValue(item.sg_message_id.split(".")[0])',
    event: "item.event",
    created_at: "item.timestamp",
    event_id: "item.sg_event_id",
    attributes: {
      smtp_id: 'item["smtp-id"]',
      reason: "item.reason",
      status: "item.status",
      response: "item.response",
      type: "item.type",
      bounce_classification: "item.bounce_classification",
      attempt: "item.attempt",
      category: "item.category",
    },
  },
};
