/** Shopify. What is of an order belongs to the order. Headers come with `X-` and, in the newer form, without. */
import type { Preset } from "./preset.ts";

const header = (name: string) => `headers[?"x-shopify-${name}"].or(headers[?"shopify-${name}"])`;

export const shopify: Preset = {
  title: "Shopify",
  documentation: "https://shopify.dev/docs/api/webhooks",
  scheme: "shopify",
  rules: {
    message_id: "body.?order_id.orValue(null) != null ? string(body.order_id) : string(body.id)",
    event: `${header("topic")}.value().split("/").join(".")`,
    created_at: `${header("triggered-at")}.or(body.?updated_at)`,
    // Of the event; each subscription has a delivery of its own.
    event_id: `${header("event-id")}.or(${header("webhook-id")})`,
    attributes: {
      shop: `${header("shop-domain")}.orValue(null)`,
      id: "body.id",
      name: "body.name",
      financial_status: "body.financial_status",
      fulfillment_status: "body.fulfillment_status",
      status: "body.status",
      total_price: "body.total_price",
      currency: "body.currency",
    },
  },
};
