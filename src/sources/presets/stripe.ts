/** Stripe. Charges, refunds and disputes belong to the payment that they are of; any object to the message that its metadata names. */
import type { Preset } from "./preset.ts";

const own = "body.data.object.?metadata.?mars_message_id";
/** Only of these: an invoice has none at first, and would become another message when it is paid. */
const ofPayment =
  'body.data.object.?object.orValue("") in ["charge", "refund", "dispute"] && type(body.data.object.?payment_intent.orValue(null)) == string';

export const stripe: Preset = {
  title: "Stripe",
  documentation: "https://docs.stripe.com/api/events/object",
  scheme: "stripe",
  rules: {
    message_id: `${own}.hasValue() ? ${own}.value() : ${ofPayment} ? body.data.object.payment_intent : body.data.object.id`,
    event: "body.type",
    // Of seconds: two events of one second differ in their id only.
    created_at: "body.created",
    event_id: "body.id",
    attributes: {
      object: "body.data.object.object",
      object_id: "body.data.object.id",
      status: "body.data.object.status",
      amount: "body.data.object.amount",
      currency: "body.data.object.currency",
      failure_code: "body.data.object.failure_code",
      livemode: "body.livemode",
    },
  },
};
