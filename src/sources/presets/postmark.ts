/** Postmark. The mail's message is its metadata `mars_message_id`, or its id. */
import type { Preset } from "./preset.ts";

const at = "body.?DeliveredAt.or(body.?BouncedAt).or(body.?ReceivedAt).or(body.?ChangedAt)";

export const postmark: Preset = {
  title: "Postmark",
  documentation: "https://postmarkapp.com/developer/webhooks/webhooks-overview",
  // Postmark signs nothing; the address of its webhook has a name and a password.
  scheme: "basic",
  rules: {
    when: "has(body.RecordType)",
    message_id: "body.?Metadata.?mars_message_id.orValue(body.MessageID)",
    event: "body.RecordType",
    created_at: at,
    // Only a bounce has an id of its own.
    event_id: `has(body.ID) ? string(body.ID) : body.MessageID + ":" + ${at}.orValue("")`,
    attributes: {
      postmark_message_id: "body.MessageID",
      tag: "body.Tag",
      stream: "body.MessageStream",
      type: "body.Type",
      details: "body.Details",
      description: "body.Description",
      suppressed: "body.SuppressSending",
      reason: "body.SuppressionReason",
    },
  },
};
