/** The apps of the demo: their stages, the times between them, and their failures. */
import { formatDuration } from "../core/duration.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** From one stage to the next. */
export interface Hop {
  /** One of these happens. */
  readonly events: readonly string[];
  /** Absent where the stage is optional. Counts from the last stage that is not. */
  readonly withinMs?: number;
  /** The median and the 99th percentile of its time. */
  readonly typicalMs: number;
  readonly highMs: number;
  /** How many make an optional hop. */
  readonly share?: number;
}

/** A failure. */
export interface Failure {
  readonly event: string;
  /** The event of a hop, which it comes instead of. */
  readonly insteadOf: string;
  readonly reason: string;
}

export interface DemoApp {
  readonly appId: string;
  /** The prefix of its messages' ids. */
  readonly idPrefix: string;
  readonly opens: string;
  readonly hops: readonly Hop[];
  readonly completeOn: readonly string[];
  readonly failures: readonly Failure[];
  /** How many messages fail. */
  readonly failureShare: number;
  readonly graceMs: number;
  /** How long a stage is waited for that is overdue. */
  readonly giveUpMs?: number;
  /** By which attributes its messages are found. */
  readonly indexed: readonly string[];
}

export const shopOrders: DemoApp = {
  appId: "shop-orders",
  idPrefix: "order",
  opens: "ORDER_PLACED",
  hops: [
    { events: ["PAID"], withinMs: 15 * second, typicalMs: 1_800, highMs: 7 * second },
    { events: ["STOCK_RESERVED"], withinMs: 5 * second, typicalMs: 250, highMs: 1_500 },
    { events: ["GIFT_WRAPPED"], typicalMs: 6 * minute, highMs: 15 * minute, share: 0.12 },
    { events: ["PACKED"], withinMs: 2 * hour, typicalMs: 24 * minute, highMs: 70 * minute },
    { events: ["HANDED_TO_CARRIER"], withinMs: 3 * hour, typicalMs: 40 * minute, highMs: 2 * hour },
  ],
  completeOn: ["HANDED_TO_CARRIER"],
  failures: [
    { event: "PAYMENT_DECLINED", insteadOf: "PAID", reason: "insufficient_funds" },
    { event: "ORDER_CANCELLED", insteadOf: "PACKED", reason: "out_of_stock" },
  ],
  failureShare: 0.03,
  graceMs: 1 * second,
  indexed: ["region", "customer_tier"],
};

export const payments: DemoApp = {
  appId: "payments",
  idPrefix: "pay",
  opens: "PAYMENT_REQUESTED",
  hops: [
    { events: ["RISK_CHECKED"], withinMs: 2 * second, typicalMs: 180, highMs: 900 },
    { events: ["AUTHORISED"], withinMs: 4 * second, typicalMs: 650, highMs: 2 * second },
    { events: ["CAPTURED"], withinMs: 2 * hour, typicalMs: 30 * minute, highMs: 80 * minute },
  ],
  completeOn: ["CAPTURED"],
  failures: [
    { event: "DECLINED", insteadOf: "AUTHORISED", reason: "insufficient_funds" },
    { event: "CAPTURE_REFUSED", insteadOf: "CAPTURED", reason: "authorisation_expired" },
  ],
  failureShare: 0.004,
  graceMs: 1 * second,
  indexed: ["method", "region"],
};

export const notifications: DemoApp = {
  appId: "notifications",
  idPrefix: "note",
  opens: "REQUESTED",
  hops: [
    { events: ["QUEUED"], withinMs: 2 * second, typicalMs: 60, highMs: 500 },
    { events: ["SENT_SMS", "SENT_PUSH"], withinMs: 20 * second, typicalMs: 1_200, highMs: 8 * second },
    { events: ["DELIVERED"], withinMs: 2 * minute, typicalMs: 2_500, highMs: 40 * second },
    { events: ["OPENED"], typicalMs: 9 * minute, highMs: 8 * hour, share: 0.4 },
  ],
  completeOn: ["DELIVERED"],
  failures: [{ event: "BOUNCED", insteadOf: "DELIVERED", reason: "number_unknown" }],
  failureShare: 0.012,
  graceMs: 1 * second,
  indexed: ["carrier", "channel", "region", "template"],
};

export const parcelTracking: DemoApp = {
  appId: "parcel-tracking",
  idPrefix: "parcel",
  opens: "LABEL_PRINTED",
  hops: [
    { events: ["PICKED_UP"], withinMs: 4 * hour, typicalMs: 50 * minute, highMs: 150 * minute },
    { events: ["AT_DEPOT"], withinMs: 4 * hour, typicalMs: 70 * minute, highMs: 3 * hour },
    { events: ["CUSTOMS_CLEARED"], typicalMs: 40 * minute, highMs: 90 * minute, share: 0.1 },
    { events: ["OUT_FOR_DELIVERY"], withinMs: 8 * hour, typicalMs: 150 * minute, highMs: 6 * hour },
    {
      events: ["DELIVERED", "LEFT_AT_PICKUP_POINT"],
      withinMs: 6 * hour,
      typicalMs: 100 * minute,
      highMs: 4 * hour,
    },
  ],
  completeOn: ["DELIVERED", "LEFT_AT_PICKUP_POINT"],
  failures: [{ event: "RETURNED_TO_SENDER", insteadOf: "OUT_FOR_DELIVERY", reason: "address_unknown" }],
  failureShare: 0.01,
  // The drivers' scanners report when they have a network again.
  graceMs: 1 * minute,
  giveUpMs: 36 * hour,
  indexed: ["carrier", "region"],
};

export const demoApps: readonly DemoApp[] = [shopOrders, payments, notifications, parcelTracking];

/** The app's lifecycle, as it is put. */
export function lifecycleOf(app: DemoApp): Record<string, unknown> {
  let after: readonly string[] = [app.opens];
  const stages = app.hops.map(({ events, withinMs }) => {
    const stage = {
      ...(events.length === 1 ? { event: events[0] } : { any_of: events }),
      after,
      ...(withinMs === undefined ? { optional: true } : { within: formatDuration(withinMs) }),
    };
    if (withinMs !== undefined) after = events;
    return stage;
  });
  return {
    stages: [{ event: app.opens }, ...stages],
    complete_on: app.completeOn,
    fail_on: app.failures.map(({ event }) => event),
    grace: formatDuration(app.graceMs),
    ...(app.giveUpMs !== undefined && { give_up: formatDuration(app.giveUpMs) }),
  };
}
