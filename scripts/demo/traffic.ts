/**
 * The traffic of a shop, in the order in which it reaches Mars: customers order, and every order makes messages in the
 * other apps, which carry its number. One generator serves the past day and, from the start on, the present.
 */
import { type DemoApp, notifications, parcelTracking, payments, shopOrders } from "./apps.ts";
import { type Incident, leavesAt, liveIncident, pastIncident } from "./incident.ts";
import {
  type Delivery,
  type DemoEvent,
  type DemoMessage,
  drawTrouble,
  playMessage,
  type Trouble,
} from "./message.ts";
import { createRandom, type Random } from "./random.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The grain of what is to come. */
const tickMs = 250;
const batchEventsMax = 5_000;

export interface TrafficOptions {
  readonly seed: number;
  /** A part of every id of this run, so that another run is not mixed up with it. */
  readonly run: string;
  /** The day before this is past. */
  readonly startMs: number;
  /** Of the past day; an order makes six or seven messages. */
  readonly ordersPerDay: number;
  /** From the start on, in orders a second. */
  readonly liveRate: number;
}

type Attributes = Readonly<Record<string, unknown>>;

export class Traffic {
  readonly incident: Incident;
  readonly #options: TrafficOptions;
  readonly #random: Random;
  /** What is to come, by tick. It is bounded by the rate and by how long a message goes on, about a day. */
  readonly #coming = new Map<number, DemoEvent[]>();
  /** Up to this tick nothing is to come any more. */
  #tick: number;
  #nextOrderAtMs: number;
  #orders = 0;
  #messages = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
    this.#nextOrderAtMs = options.startMs - dayMs;
    this.#tick = Math.floor(this.#nextOrderAtMs / tickMs);
    this.incident = pastIncident(options.startMs, busyness);
  }

  /** How many there were so far; they are numbered `run-1` and so on. */
  get orders(): number {
    return this.#orders;
  }

  get messages(): number {
    return this.#messages;
  }

  /**
   * What has reached Mars by `nowMs` and was not taken before, some 5,000 events at most; empty when that is nothing.
   * What a message of the past has had is in one batch, so that no stage seems to be missing in between.
   */
  take(nowMs: number): DemoEvent[] {
    const batch = this.#due(nowMs);
    while (this.#nextOrderAtMs <= nowMs && batch.length < batchEventsMax) {
      for (const { deliveries } of this.#order(this.#nextOrderAtMs)) {
        this.#messages++;
        for (const delivery of deliveries) {
          if (delivery.atMs <= nowMs) batch.push(delivery.event);
          else this.#later(delivery);
        }
      }
      this.#nextOrderAtMs += this.#random.gap(this.#meanGapMs(this.#nextOrderAtMs));
    }
    return batch;
  }

  #due(nowMs: number): DemoEvent[] {
    const due: DemoEvent[] = [];
    const last = Math.floor(nowMs / tickMs) - 1;
    while (this.#tick < last && due.length < batchEventsMax) {
      this.#tick++;
      for (const event of this.#coming.get(this.#tick) ?? []) due.push(event);
      this.#coming.delete(this.#tick);
    }
    return due;
  }

  #later({ atMs, event }: Delivery): void {
    const tick = Math.max(Math.floor(atMs / tickMs), this.#tick + 1);
    const events = this.#coming.get(tick);
    if (events === undefined) this.#coming.set(tick, [event]);
    else events.push(event);
  }

  #meanGapMs(atMs: number): number {
    const { startMs, ordersPerDay, liveRate } = this.#options;
    return atMs >= startMs ? 1_000 / liveRate : dayMs / ordersPerDay / busyness(atMs);
  }

  /** An order and the messages it makes in the other apps. */
  #order(placedAtMs: number): DemoMessage[] {
    const random = this.#random;
    const number = `${this.#options.run}-${++this.#orders}`;
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
      const delayed = (event: string, atMs: number) => this.#delayed(event, atMs);
      const seed = { messageId, externalId: number, openedAtMs, attributes, trouble, alternative, delayed };
      const message = playMessage(app, seed, random);
      messages.push(message);
      return message;
    };
    const notify = (template: string, atMs: number | undefined) => {
      if (atMs === undefined) return;
      const attributes = { template, channel: channel === 1 ? "push" : "sms", region };
      play(notifications, atMs + 300, attributes, { suffix: `-${template}`, alternative: channel });
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
    play(
      payments,
      placedAtMs + 120,
      { method: random.pick(["card", "card", "wallet", "transfer"]), amount_eur: totalEur, region },
      { trouble: paymentTrouble(declinedAtMs !== undefined, random) },
    );
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

  #delayed(event: string, atMs: number): number {
    if (!event.startsWith("SENT_")) return atMs;
    const { startMs } = this.#options;
    return leavesAt(atMs, atMs < startMs ? this.incident : liveIncident(startMs, atMs));
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
function busyness(atMs: number): number {
  const date = new Date(atMs);
  const hour = date.getHours() + date.getMinutes() / 60;
  return 1 + 0.8 * Math.cos(((hour - 15) / 24) * 2 * Math.PI);
}
