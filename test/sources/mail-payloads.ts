/** What senders of mails and texts document as their payloads: see `payloads.ts`. */
import type { Example } from "./example.ts";

const ses = (message: object, id = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324") => ({
  Type: "Notification",
  MessageId: id,
  TopicArn: "arn:aws:sns:us-east-1:123456789012:mail",
  Message: JSON.stringify(message),
  Timestamp: "2026-11-02T10:00:00.000Z",
  SignatureVersion: "2",
});

const mail = {
  timestamp: "2017-08-05T00:40:02.012Z",
  source: "Sender Name <sender@example.com>",
  messageId: "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
  destination: ["recipient@example.com"],
};

export const mailExamples: readonly Example[] = [
  {
    preset: "sendgrid",
    name: "several events at once",
    body: [
      {
        email: "example@test.com",
        timestamp: 1513299569,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        event: "processed",
        category: ["cat facts"],
        sg_event_id: "sg_event_id",
        sg_message_id: "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
      },
      {
        email: "example@test.com",
        timestamp: 1513299569,
        event: "bounce",
        sg_event_id: "Ym91bmNl",
        sg_message_id: "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        reason: "500 unknown recipient",
        status: "5.0.0",
        mars_message_id: "welcome-7",
      },
      { event: "open", timestamp: 1513299569, sg_event_id: "x" },
    ],
    events: [
      {
        messageId: "14c5d75ce93",
        event: "processed",
        eventId: "sg_event_id",
        createdAt: "2017-12-15T00:59:29Z",
        attributes: { smtp_id: "<14c5d75ce93.dfd.64b469@ismtpd-555>", category: ["cat facts"] },
      },
      {
        messageId: "welcome-7",
        event: "bounce",
        attributes: { reason: "500 unknown recipient", status: "5.0.0" },
      },
    ],
  },
  {
    preset: "ses",
    name: "a bounce",
    headers: { "content-type": "text/plain; charset=UTF-8" },
    body: ses({
      eventType: "Bounce",
      bounce: {
        bounceType: "Permanent",
        bounceSubType: "General",
        bouncedRecipients: [
          {
            emailAddress: "recipient@example.com",
            action: "failed",
            status: "5.1.1",
            diagnosticCode: "smtp; 550 5.1.1 user unknown",
          },
        ],
        timestamp: "2017-08-05T00:41:02.669Z",
      },
      mail: { ...mail, tags: { "ses:configuration-set": ["ConfigSet"], mars_message_id: ["order-7"] } },
    }),
    events: [
      {
        messageId: "order-7",
        event: "Bounce",
        eventId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        createdAt: "2017-08-05T00:41:02.669Z",
        attributes: {
          ses_message_id: mail.messageId,
          bounce_type: "Permanent",
          bounce_sub_type: "General",
          diagnostic: "smtp; 550 5.1.1 user unknown",
        },
      },
    ],
  },
  {
    preset: "ses",
    name: "a send, which has no time but the mail's, and a notification of feedback",
    body: ses({ eventType: "Send", mail, send: {} }),
    events: [{ messageId: mail.messageId, event: "Send", createdAt: "2017-08-05T00:40:02.012Z" }],
  },
  {
    preset: "ses",
    name: "a notification of feedback, without tags",
    body: ses({
      notificationType: "Delivery",
      mail,
      delivery: { timestamp: "2026-01-27T14:59:38.237Z", smtpResponse: "250 ok" },
    }),
    events: [{ messageId: mail.messageId, event: "Delivery", createdAt: "2026-01-27T14:59:38.237Z" }],
  },
  {
    preset: "ses",
    name: "the text by which SES says that it may publish",
    body: { ...ses({}), Message: "Successfully validated SNS topic for Amazon SES event publishing." },
    events: [],
  },
  {
    preset: "twilio",
    name: "a status callback",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" },
    body: "SmsSid=SM2xxxxxx&SmsStatus=sent&MessageStatus=sent&To=%2B1512zzzyyyy&MessageSid=SM2xxxxxx&AccountSid=ACxxxxxxx&From=%2B1512xxxyyyy&ApiVersion=2010-04-01",
    events: [
      {
        messageId: "SM2xxxxxx",
        event: "sent",
        eventId: "SM2xxxxxx:sent",
        createdAt: undefined,
        attributes: { account: "ACxxxxxxx" },
      },
    ],
  },
  {
    preset: "postmark",
    name: "a delivery",
    body: {
      MessageID: "883953f4-6105-42a2-a16a-77a8eac79483",
      Recipient: "john@example.com",
      DeliveredAt: "2019-11-05T16:33:54.9070259Z",
      Details: "Test delivery webhook details",
      Tag: "welcome-email",
      ServerID: 23,
      Metadata: { a_key: "a_value" },
      RecordType: "Delivery",
      MessageStream: "outbound",
    },
    events: [
      {
        messageId: "883953f4-6105-42a2-a16a-77a8eac79483",
        event: "Delivery",
        eventId: "883953f4-6105-42a2-a16a-77a8eac79483:2019-11-05T16:33:54.9070259Z",
        createdAt: "2019-11-05T16:33:54.907025Z",
      },
    ],
  },
  {
    preset: "postmark",
    name: "a bounce, which has an id",
    body: {
      ID: 42,
      Type: "HardBounce",
      MessageID: "883953f4-6105-42a2-a16a-77a8eac79483",
      BouncedAt: "2019-11-05T16:33:54.9070259Z",
      Description: "The server was unable to deliver your message",
      Metadata: { mars_message_id: "welcome-7" },
      RecordType: "Bounce",
    },
    events: [{ messageId: "welcome-7", event: "Bounce", attributes: undefined }],
  },
];
