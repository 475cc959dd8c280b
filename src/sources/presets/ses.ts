/** Amazon SES over SNS, both event publishing and feedback notifications. The mail's message is its tag `mars_message_id`, or its id. */
import type { Preset } from "./preset.ts";

const times = ["bounce", "complaint", "delivery", "open", "click", "deliveryDelay", "subscription"]
  .map((name) => `item.?${name}.?timestamp`)
  .reduceRight((rest, one) => `${one}.orValue(${rest})`, "item.mail.timestamp");

export const ses: Preset = {
  title: "Amazon SES over SNS",
  documentation: "https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html",
  scheme: "sns",
  rules: {
    // The envelope has it as a text. Other messages of the topic are no JSON, or have no mail.
    each: 'body.Type == "Notification" && body.Message.startsWith("{") ? parse_json(body.Message) : {}',
    when: "has(item.mail)",
    message_id:
      "item.mail.?tags.?mars_message_id.hasValue() ? item.mail.tags.mars_message_id[0] : item.mail.messageId",
    event: "item.?eventType.orValue(item.notificationType)",
    created_at: times,
    // New for each notification, the same when SNS sends it again.
    event_id: "body.MessageId",
    attributes: {
      ses_message_id: "item.mail.messageId",
      bounce_type: "item.bounce.bounceType",
      bounce_sub_type: "item.bounce.bounceSubType",
      diagnostic: 'item.bounce.bouncedRecipients.map(one, one.?diagnosticCode.orValue("")).join("; ")',
      complaint: "item.complaint.complaintFeedbackType",
      delay_type: "item.deliveryDelay.delayType",
      smtp_response: "item.delivery.smtpResponse",
      reject_reason: "item.reject.reason",
      error: "item.failure.errorMessage",
    },
  },
};
