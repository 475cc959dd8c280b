/** Twilio's status callbacks of messages and calls. There is no time in them, and they come in any order. */
import type { Preset } from "./preset.ts";

export const twilio: Preset = {
  title: "Twilio",
  documentation: "https://www.twilio.com/docs/messaging/guides/track-outbound-message-status",
  scheme: "twilio",
  rules: {
    message_id: "body.?MessageSid.or(body.?SmsSid).orValue(body.CallSid)",
    event: "body.?MessageStatus.or(body.?SmsStatus).orValue(body.CallStatus)",
    // So a callback that is sent again is the same event.
    event_id:
      'body.?MessageSid.or(body.?SmsSid).orValue(body.CallSid) + ":" + body.?MessageStatus.or(body.?SmsStatus).orValue(body.CallStatus)',
    attributes: {
      account: "body.AccountSid",
      error_code: "body.ErrorCode",
      error: "body.ErrorMessage",
      // Of minutes, and without a zone: no time of the event.
      raw_dlr_done_date: "body.RawDlrDoneDate",
      channel_status: "body.ChannelStatusMessage",
    },
  },
};
