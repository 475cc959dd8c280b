/** Customers order, and every order makes messages in the other apps, which carry its number. */
import { type DemoApp, notifications, parcelTracking, payments, shopOrders } from "./apps.ts";
import { playInvoice } from "./invoices.ts";
import { type DemoMessage, drawTrouble, playMessage, type Trouble } from "./message.ts";
import { holds, liveOutage, type Outage } from "./outage.ts";
import { createRandom, type Random } from "./random.ts";
import { nextAfter, type Source } from "./source.ts";
import type { TrafficOptions } from "./traffic.ts";

const dayMs = 24 * 3_600_000;
/** Of text messages. */
const carriers = ["northtel", "telefleet", "swiftsms"];

type Attributes = Readonly<Record<string, unknown>>;

export class Orders implements Source {
  nextAtMs: number;
  readonly #options: TrafficOptions;
  readonly #random: Random;
  /** Of what has been added beside the orders, so that they stay as they are. */
  readonly #aside: Random;
  readonly #pastOutages: readonly Outage[];
  #count = 0;

  constructor(options: TrafficOptions, pastOutages: readonly Outage[]) {
    this.#options = options;
    this.#random = createRandom(options.seed);
    this.#aside = createRandom(options.seed + 0x5eed);
    this.#pastOutages = pastOutages;
    this.nextAtMs = options.startMs - options.days * dayMs;
  }

  /** How many there were so far; they are numbered `run-1` and so on. */
  get count(): number {
    return this.#count;
  }

  play(): DemoMessage[] {
    const messages = this.#order(this.nextAtMs);
    const { startMs, ordersPerDay, liveRate } = this.#options;
    const meanGapMs = { past: dayMs / ordersPerDay / busyness(this.nextAtMs), live: 1_000 / liveRate };
    this.nextAtMs = nextAfter(this.nextAtMs, startMs, meanGapMs, this.#random);
    return messages;
  }

  /** An order and the messages it makes in the other apps. */
  #order(placedAtMs: number): DemoMessage[] {
    const random = this.#random;
    const number = `${this.#options.run}-${++this.#count}`;
    const region = random.pick(["north", "south", "east", "west", "abroad"]);
    const totalEur = Math.round(random.spread(45, 600) * 100) / 100;
    const channel = random.chance(0.55) ? 1 : 0;
    const messages: DemoMessage[] = [];
    const play = (
      app: DemoApp,
      openedAtMs: number,
      attributes: Attributes,
      { trouble = drawTrouble(app, random), suffix = "", alternative = 0 } = {},
    ): DemoMessage => {
      const messageId = `${app.idPrefix}-${number}${suffix}`;
      const outageAt = (event: string, atMs: number) => this.#outageAt(app.appId, event, atMs, attributes);
      const seed = { messageId, externalId: number, openedAtMs, attributes, trouble, alternative, outageAt };
      const message = playMessage(app, seed, random);
      messages.push(message);
      return message;
    };
    const carrier = carriers[this.#count % carriers.length];
    const notify = (template: string, atMs: number | undefined) => {
      if (atMs === undefined) return;
      const via = channel === 1 ? { channel: "push" } : { channel: "sms", carrier };
      play(
        notifications,
        atMs + 300,
        { template, ...via, region },
        {
          trouble: this.#noticeTrouble(atMs),
          suffix: `-${template}`,
          alternative: channel,
        },
      );
    };

    const tier = random.pick(["new", "basic", "basic", "gold"]);
    const ordered = {
      customer_tier: tier,
      region,
      items: 1 + Math.floor(random.gap(2)),
      total_eur: totalEur,
    };
    const order = play(shopOrders, placedAtMs, ordered);
    const declinedAtMs = order.reachedAtMs.get("PAYMENT_DECLINED");
    const payment = play(
      payments,
      placedAtMs + 120,
      { method: random.pick(["card", "card", "wallet", "transfer"]), amount_eur: totalEur, region },
      { trouble: paymentTrouble(declinedAtMs !== undefined, random) },
    );
    const capturedAtMs = payment.reachedAtMs.get("CAPTURED");
    if (declinedAtMs === undefined) messages.push(playInvoice(number, placedAtMs, capturedAtMs, this.#aside));
    notify("payment_declined", declinedAtMs);
    notify("order_confirmed", order.reachedAtMs.get("PAID"));
    notify("shipped", order.reachedAtMs.get("HANDED_TO_CARRIER"));

    const packedAtMs = order.reachedAtMs.get("PACKED");
    if (packedAtMs === undefined) return messages;
    const pickup = random.chance(0.2) ? 1 : 0;
    const packed = { carrier: random.pick(["swift", "postal", "cargo"]), region };
    const parcel = play(parcelTracking, packedAtMs + 90_000, packed, { alternative: pickup });
    notify("out_for_delivery", parcel.reachedAtMs.get("OUT_FOR_DELIVERY"));
    notify("delivered", parcel.reachedAtMs.get("DELIVERED"));
    return messages;
  }

  /** In the present what is not sent waits for its carrier, so that the outage's end is the end of its incident, too. */
  #noticeTrouble(atMs: number): Trouble {
    const trouble = drawTrouble(notifications, this.#random);
    const notSent = trouble.kind === "lost" && notifications.hops[trouble.hop]?.events.includes("SENT_SMS");
    return notSent && atMs >= this.#options.startMs ? { kind: "none" } : trouble;
  }

  #outageAt(appId: string, event: string, atMs: number, attributes: Attributes): Outage | undefined {
    const { startMs } = this.#options;
    const outages = atMs < startMs ? this.#pastOutages : [liveOutage(startMs, atMs)];
    return outages.find((one) => one.appId === appId && holds(one, event, atMs, attributes));
  }
}

/** A payment is declined when its order is, and only then. */
function paymentTrouble(declined: boolean, random: Random): Trouble {
  const [decline] = payments.failures;
  if (declined && decline !== undefined) return { kind: "failed", failure: decline };
  const trouble = drawTrouble(payments, random);
  return trouble.kind === "failed" && trouble.failure === decline ? { kind: "none" } : trouble;
}

/** Orders at this time of the day, against the day's mean: most at three in the afternoon, fewest at three at night. */
export function busyness(atMs: number): number {
  const date = new Date(atMs);
  const hour = date.getHours() + date.getMinutes() / 60;
  return 1 + 0.8 * Math.cos(((hour - 15) / 24) * 2 * Math.PI);
}
