/**
 * The hub: sends every stored item to the subscriptions of its topics, in seq order.
 *
 * The pipeline publishes contiguous ranges of the sequence, one after each commit of the store. Nothing is kept here: a
 * subscription that starts in the past or falls behind reads the store's history (`subscription.ts`).
 */
import type { AlertItem } from "../core/alert-item.ts";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { SequencedEvent } from "../core/event.ts";
import { anonymous } from "../core/identity.ts";
import type { IncidentItem } from "../core/incident-item.ts";
import type { JourneyMembers } from "../core/journey.ts";
import type { Live, Log, StreamItem, StreamOptions, Subscriber, TopicItem } from "../core/ports.ts";
import type { HistoryPage, HistoryQuery } from "../core/query.ts";
import type { Topic } from "../core/topic.ts";
import type { Finding } from "../lifecycle/finding.ts";
import { FairQueue } from "../runtime/fair-queue.ts";
import { SendBudget } from "../runtime/send-budget.ts";
import { type Lease, Shares } from "../runtime/shares.ts";
import type { Loop } from "../runtime/supervisor.ts";
import { batchesOf, eventSize, findingSize } from "./batches.ts";
import { byAttributes } from "./by-attributes.ts";
import { openStream } from "./stream.ts";
import { Subscription, type SubscriptionHost } from "./subscription.ts";
import { TopicIndex } from "./topic-index.ts";

/** The items that were published before. */
export interface History<Item> {
  history(query: HistoryQuery): Promise<HistoryPage<Item>>;
}

export interface LiveOptions {
  /**
   * The last seq that was assigned. A client may resume after an event that was acknowledged but is not stored yet; a seq
   * beyond this one is from another database. Default: the last one that was published.
   */
  readonly lastSeq?: () => number;
  /** Whether a seq up to the last was never assigned here: the sequence has leapt over it at a start. Default: none. */
  readonly skipped?: (seq: number) => boolean;
  readonly log: Pick<Log, "error">;
  /** Counts reads of history that fail. */
  readonly reads?: Pick<Loop, "succeeded" | "failed">;
  /** Bounds the bytes that wait to be sent; default: one of its own. */
  readonly budget?: SendBudget;
  /** Shares out the subscriptions, of all protocols; without one left for a peer `subscribe` throws `overloaded`. */
  readonly subscriptions?: Shares;
  /** The same of streams. */
  readonly streams?: Shares;
  /**
   * Reads of history at one time; subscribers take turns, by peer and by connection. Other reads on the same thread, those of
   * alerts above all, wait for as many.
   */
  readonly historyReadsMax?: number;
  /** How long to wait after a read that failed: doubled each time up to `maxMs`. */
  readonly retry?: { readonly firstMs: number; readonly maxMs: number };
  /** How long the consumer of a stream may leave a full buffer untouched. */
  readonly stallTimeoutMs?: number;
}

interface HubOptions<Item> extends LiveOptions {
  /** The UTF-16 units of an item's texts. */
  readonly sizeOf: (item: Item) => number;
}

/** The hub as `app.ts` has it; the edge has only `Live`. */
export interface Hub<Item extends TopicItem> extends Live<Item> {
  /** Number of subscriptions, streams included. */
  readonly subscriptions: number;
  /**
   * Publishes stored items. Called in seq order with contiguous ranges. The first range is empty and ends at the store's
   * position at the start: subscribers wait for it. Costs next to nothing without subscribers.
   *
   * @param events the items of `(seq, upTo]`, in seq order; may be empty
   */
  publish(events: readonly Item[], upTo: number): void;
  /** Ends every subscription with `draining`, refuses new ones, and resolves when the last read has ended. */
  close(): Promise<void>;
}

/** Topics of events. */
export function createLive(history: History<SequencedEvent>, options: LiveOptions): Hub<SequencedEvent> {
  return new LiveHub(history, { ...options, sizeOf: eventSize });
}

/** Topics of findings. */
export function createLiveFindings(history: History<Finding>, options: LiveOptions): Hub<Finding> {
  return new LiveHub(history, { ...options, sizeOf: findingSize });
}

/** Topics of notifications of alerts. */
export function createLiveAlerts(history: History<AlertItem>, options: LiveOptions): Hub<AlertItem> {
  return new LiveHub(history, { ...options, sizeOf: ({ json }) => json.length });
}

/** Topics of incidents. */
export function createLiveIncidents(history: History<IncidentItem>, options: LiveOptions): Hub<IncidentItem> {
  return new LiveHub(history, { ...options, sizeOf: ({ json }) => json.length });
}

const subscriptionsMaxDefault = 100_000;
const historyReadsMaxDefault = 1;
const retryDefault = { firstMs: 50, maxMs: 5_000 };
/** Long: transports close a client that reads nothing much sooner, and a slow one may take long for an item. */
const stallTimeoutMsDefault = 600_000;

class LiveHub<Item extends TopicItem> implements Hub<Item>, SubscriptionHost<Item> {
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
  readonly sizeOf: (item: Item) => number;
  readonly #reader: History<Item>;
  readonly #options: HubOptions<Item>;
  readonly #shares: Shares;
  readonly #budget: SendBudget;
  readonly #index = new TopicIndex<Subscription<Item>, Item>();
  readonly #subscriptions = new Map<Subscription<Item>, Lease>();
  /** Each subscription waits with one read at most. */
  readonly #reads: FairQueue;
  readonly #reading = new Set<Promise<unknown>>();
  readonly #positioned = Promise.withResolvers<void>();
  #seq: number | undefined;
  #closed = false;

  constructor(reader: History<Item>, options: HubOptions<Item>) {
    this.#reader = reader;
    this.#options = options;
    this.sizeOf = options.sizeOf;
    this.#budget = options.budget ?? new SendBudget();
    this.#shares = options.subscriptions ?? new Shares({ max: subscriptionsMaxDefault });
    this.#reads = new FairQueue({
      what: "reads of history",
      activeMax: options.historyReadsMax ?? historyReadsMaxDefault,
      waitingMax: this.#shares.max,
    });
    this.retry = options.retry ?? retryDefault;
  }

  get seq(): number {
    return this.#seq ?? 0;
  }

  get positioned(): Promise<void> | undefined {
    return this.#seq === undefined ? this.#positioned.promise : undefined;
  }

  get lastSeq(): number {
    return Math.max(this.seq, this.#options.lastSeq?.() ?? 0);
  }

  skipped(seq: number): boolean {
    return this.#options.skipped?.(seq) ?? false;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  publish(events: readonly Item[], upTo: number): void {
    if (this.#seq === undefined) this.#positioned.resolve();
    const before = this.#seq ?? 0;
    const first = events[0]?.seq ?? upTo;
    const last = events[events.length - 1]?.seq ?? upTo;
    if (upTo < before || last > upTo || (events.length > 0 && first <= before)) {
      throw new Error(`published [${first}, ${last}] up to ${upTo} after ${before}`);
    }
    // First of all: a subscription that starts within a callback starts after these items.
    this.#seq = upTo;
    if (this.#subscriptions.size === 0) return;
    for (const { subscriptions, items } of this.#index.split(events)) {
      const batches = batchesOf(items, this.sizeOf);
      for (const subscription of subscriptions) subscription.publish(batches, before);
    }
  }

  announce(event: Item): void {
    for (const { subscriptions, items } of this.#index.split([event])) {
      for (const subscription of subscriptions) subscription.announce(items);
    }
  }

  subscribe(topic: Topic, after: number | undefined, subscriber: Subscriber<Item>): () => void {
    if (this.#closed) throw draining();
    const { identity, peer } = subscriber.caller ?? noCaller;
    identity.assertMayWatch(topic);
    const lease = this.#shares.take(peer);
    if (lease === undefined) throw this.#shares.full("subscriptions", peer);
    const { attributes } = topic;
    const wanted = attributes === undefined ? subscriber : byAttributes(subscriber, attributes);
    const subscription = new Subscription(this, topic, wanted);
    this.#subscriptions.set(subscription, lease);
    subscription.whenEnded(identity.onEnd((reason) => subscription.fail(reason)));
    subscription.start(after);
    return () => subscription.cancel();
  }

  stream(topic: Topic, options: StreamOptions): AsyncIterable<StreamItem<Item>> {
    const stallTimeoutMs = this.#options.stallTimeoutMs ?? stallTimeoutMsDefault;
    const { streams } = this.#options;
    const { peer } = options.caller ?? noCaller;
    const lease = streams?.take(peer);
    if (streams !== undefined && lease === undefined) throw streams.full("streams", peer);
    const ended = () => lease?.release();
    const bounds = { stallTimeoutMs, budget: this.#budget, sizeOf: this.sizeOf };
    return openStream(this, topic, { ...options, ...bounds, ended });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const subscription of [...this.#subscriptions.keys()]) subscription.fail(draining());
    await Promise.allSettled(this.#reading);
  }

  read(query: () => HistoryQuery | undefined, caller = noCaller): Promise<HistoryPage<Item> | undefined> {
    return this.#reads.run(caller, async () => {
      const wanted = query();
      if (wanted === undefined) return undefined;
      const reading = this.#reader.history(wanted);
      this.#reading.add(reading);
      try {
        const page = await reading;
        this.#options.reads?.succeeded();
        return page;
      } catch (thrown) {
        this.#options.reads?.failed(thrown);
        throw thrown;
      } finally {
        this.#reading.delete(reading);
      }
    });
  }

  /** Pending while too much waits to be sent to the caller: history that cannot be sent is not read. */
  room({ peer } = noCaller): Promise<void> | undefined {
    return this.#budget.hasRoom(peer) ? undefined : this.#budget.freed();
  }

  attach(topic: Topic, subscription: Subscription<Item>, members?: JourneyMembers): void {
    this.#index.add(topic, subscription, members);
  }

  detach(topic: Topic, subscription: Subscription<Item>): void {
    this.#index.remove(topic, subscription);
  }

  ended(subscription: Subscription<Item>): void {
    this.#subscriptions.get(subscription)?.release();
    this.#subscriptions.delete(subscription);
  }

  readonly fault = (thrown: unknown): void => {
    this.#options.log.error("live subscriber failed", { event: "subscriber_failed", error: thrown });
  };
}

/** The caller of subscribers that name none. */
const noCaller: Caller = {
  peer: { name: "unknown", connection: "unknown" },
  identity: anonymous,
  address: "unknown",
  protocol: "inside",
};

function draining(): MarsError {
  return new MarsError("draining", "Mars is stopping; connect again and resume", { retryAfterMs: 1000 });
}
