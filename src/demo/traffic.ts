/**
 * The traffic of a shop, in the order in which it reaches Mars. One generator serves the past days and, from the start on, the
 * present.
 */
import { sideApps } from "./catalogue.ts";
import type { Delivery, DemoEvent } from "./message.ts";
import { busyness, Orders } from "./orders.ts";
import { type Outage, pastOutages } from "./outage.ts";
import { createRandom } from "./random.ts";
import { nextAfter, type Source } from "./source.ts";

const dayMs = 24 * 3_600_000;
/** The grain of what is to come. */
const tickMs = 250;
const batchEventsMax = 5_000;

export interface TrafficOptions {
  readonly seed: number;
  /** A part of every id of this run, so that another run is not mixed up with it. */
  readonly run: string;
  /** Of the names of its apps. */
  readonly prefix: string;
  /** The days before this are past. */
  readonly startMs: number;
  readonly days: number;
  /** Of each past day; an order makes seven or eight messages. */
  readonly ordersPerDay: number;
  /** From the start on, in orders a second. */
  readonly liveRate: number;
}

export class Traffic {
  readonly outages: readonly Outage[];
  readonly #prefix: string;
  readonly #orders: Orders;
  readonly #sources: readonly Source[];
  /** What is to come, by tick. It is bounded by the rate and by how long a message goes on, about a day. */
  readonly #coming = new Map<number, DemoEvent[]>();
  /** Up to this tick nothing is to come any more. */
  #tick: number;
  #messages = 0;

  constructor(options: TrafficOptions) {
    this.#prefix = options.prefix;
    this.outages = pastOutages(options, busyness);
    this.#orders = new Orders(options, this.outages);
    this.#sources = [this.#orders, ...sideApps.map((app, index) => besides(app, options, index + 1))];
    this.#tick = Math.floor((options.startMs - options.days * dayMs) / tickMs);
  }

  /** How many there were so far; they are numbered `run-1` and so on. */
  get orders(): number {
    return this.#orders.count;
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
    while (batch.length < batchEventsMax) {
      const next = this.#sources.reduce((a, b) => (b.nextAtMs < a.nextAtMs ? b : a));
      if (next.nextAtMs > nowMs) break;
      for (const { deliveries } of next.play()) {
        this.#messages++;
        for (const delivery of deliveries) {
          const { atMs, event } = this.#named(delivery);
          if (atMs <= nowMs) batch.push(event);
          else this.#later({ atMs, event });
        }
      }
    }
    return batch;
  }

  #named({ atMs, event }: Delivery): Delivery {
    return { atMs, event: { ...event, app_id: this.#prefix + event.app_id } };
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
}

/** A source of an app of its own, with chance of its own. */
function besides(
  { meanGapMs, play }: (typeof sideApps)[number],
  { seed, run, startMs, days }: TrafficOptions,
  index: number,
): Source {
  const random = createRandom(seed + index * 0x9e37);
  let count = 0;
  let nextAtMs = startMs - days * dayMs;
  const advance = () => {
    nextAtMs = nextAfter(nextAtMs, startMs, meanGapMs, random);
  };
  advance();
  return {
    get nextAtMs() {
      return nextAtMs;
    },
    play() {
      const messages = play(`${run}-${++count}`, nextAtMs, random);
      advance();
      return messages;
    },
  };
}
