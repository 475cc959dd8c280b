/**
 * One subscriber's position in a topic. A subscription is in one of two states:
 *
 *     history ── it has everything that was published ──▶ live
 *     history ◀── the subscriber accepts no more now ──── live
 *
 * History is read in pages, at the subscriber's pace. The check that nothing is left to read and the step to live happen in
 * one tick, in which nothing can be published. So there is no gap and no repeat, and no live item is ever buffered: what a
 * subscriber does not accept at once is read from history later. A slow subscriber costs reads, not memory.
 */
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { JourneyMembers } from "../core/journey.ts";
import type { Subscriber, TopicItem } from "../core/ports.ts";
import type { HistoryPage, HistoryQuery } from "../core/query.ts";
import type { Topic } from "../core/topic.ts";
import { batchesOf } from "./batches.ts";

/** The hub, as a subscription uses it. */
export interface SubscriptionHost<Item extends TopicItem> {
  /** Everything up to here has been published. */
  readonly seq: number;
  /** Pending until the position of the store is known; before that `seq` has no meaning. */
  readonly positioned: Promise<void> | undefined;
  /** The last seq that was assigned: at least `seq`. */
  readonly lastSeq: number;
  /** Whether a seq up to the last was never assigned here. */
  skipped(seq: number): boolean;
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
  /** Reads history when it is this subscription's turn; `query` is called then. */
  read(
    query: () => HistoryQuery | undefined,
    caller: Caller | undefined,
  ): Promise<HistoryPage<Item> | undefined>;
  /** Pending while too much waits to be sent to the caller. */
  room(caller: Caller | undefined): Promise<void> | undefined;
  /** @param members of a journey's topic: who belongs to it now */
  attach(topic: Topic, subscription: Subscription<Item>, members?: JourneyMembers): void;
  detach(topic: Topic, subscription: Subscription<Item>): void;
  /** The subscription has ended and holds nothing any more. */
  ended(subscription: Subscription<Item>): void;
  /** The UTF-16 units of an item's texts. */
  readonly sizeOf: (item: Item) => number;
  /** A subscriber threw, which it must not. */
  fault(thrown: unknown): void;
}

export class Subscription<Item extends TopicItem> {
  readonly #host: SubscriptionHost<Item>;
  readonly #topic: Topic;
  readonly #subscriber: Subscriber<Item>;
  #state: "history" | "live" | "ended" = "history";
  /** Every item of the topic up to here was sent, or comes before the subscription's start. */
  #cursor = 0;
  /** Of a journey's topic: who belonged to it at a seq. */
  #members: { readonly at: number; readonly who: JourneyMembers } | undefined;
  #wake: (() => void) | undefined;
  #release: (() => void) | undefined;

  constructor(host: SubscriptionHost<Item>, topic: Topic, subscriber: Subscriber<Item>) {
    this.#host = host;
    this.#topic = topic;
    this.#subscriber = subscriber;
  }

  /** Has a function called at the end. */
  whenEnded(release: () => void): void {
    if (this.#state === "ended") release();
    else this.#release = release;
  }

  /** Calls `subscribed` at once if that needs no read. */
  start(after: number | undefined): void {
    if (this.#state === "ended") return;
    const { seq, lastSeq, positioned } = this.#host;
    if (positioned !== undefined) void positioned.then(() => this.start(after));
    else if (after === undefined) this.#begin(seq, true);
    // Mars has not assigned this seq: it comes from another database, or from this one before an older copy was restored.
    // It is no position in the sequence of this one.
    else if (after > lastSeq || this.#host.skipped(after)) this.#begin(seq, false);
    // Assigned, perhaps not published yet: later items are compared with it.
    else if (after >= seq) this.#begin(after, true);
    else void this.#readHistory(after, false);
  }

  /**
   * Sends published items to the subscriber.
   *
   * @param batches the topic's items of one publication
   * @param before seq of the last item that was published before them
   */
  publish(batches: readonly (readonly Item[])[], before: number): void {
    if (this.#state !== "live") return;
    if (this.#cursor < before) this.#cursor = before;
    for (const batch of batches) {
      const events = this.#visible(this.#unseen(batch));
      if (events.length === 0) continue;
      const later = this.#offer(events);
      if (this.#state !== "live") return;
      if (later !== undefined) {
        this.#state = "history";
        this.#host.detach(this.#topic, this);
        void this.#readHistory(this.#cursor, true, later);
        return;
      }
      this.#cursor = lastSeqOf(events);
    }
  }

  /** Sends an event that is not part of history; a subscriber that accepts none now never gets it. */
  announce(events: readonly Item[]): void {
    const visible = this.#visible(events);
    if (this.#state === "live" && visible.length > 0) this.#offer(visible)?.catch(this.#host.fault);
  }

  /** Ends without calling the subscriber. */
  cancel(): void {
    if (this.#state === "ended") return;
    if (this.#state === "live") this.#host.detach(this.#topic, this);
    this.#state = "ended";
    this.#wake?.();
    this.#release?.();
    this.#host.ended(this);
  }

  fail(error: MarsError): void {
    if (this.#state === "ended") return;
    this.cancel();
    try {
      this.#subscriber.failed(error);
    } catch (thrown) {
      this.#host.fault(thrown);
    }
  }

  /** Reads from `after` on until nothing is left, then goes live. @param subscribed whether `subscribed` was called */
  async #readHistory(after: number, subscribed: boolean, later?: Promise<void>): Promise<void> {
    this.#cursor = after;
    try {
      await later;
      while (this.#state === "history") {
        // From here to `#attach` is one tick.
        if (subscribed && this.#cursor >= this.#host.seq && this.#knowsMembers()) {
          this.#attach();
          return;
        }
        let page = await this.#page();
        if (page === undefined) return;
        if (this.#cursor < page.prunedTo) {
          if (subscribed)
            throw new MarsError("subscriber_too_slow", "too slow: the next events are no longer kept");
          this.#begin(this.#host.seq, false);
          return;
        }
        if (!subscribed) {
          subscribed = true;
          this.#subscriber.subscribed(this.#cursor, true);
        }
        // A page is not kept while its subscriber is slow. It is read again.
        const later = this.#send(page);
        page = undefined;
        await later;
      }
    } catch (thrown) {
      if (!(thrown instanceof MarsError)) this.#host.fault(thrown);
      this.fail(MarsError.from(thrown));
    }
  }

  /** Reads the next page, however long the database is away. @returns `undefined` when the subscription has ended */
  async #page(): Promise<HistoryPage<Item> | undefined> {
    const { firstMs, maxMs } = this.#host.retry;
    const query = () =>
      this.#state === "history"
        ? { topic: this.#topic, after: this.#cursor, upTo: this.#host.seq }
        : undefined;
    for (let waitMs = firstMs; ; waitMs = Math.min(waitMs * 2, maxMs)) {
      for (let full = this.#room(); full !== undefined; full = this.#room()) await full;
      if (this.#state !== "history") return undefined;
      try {
        const page = await this.#host.read(query, this.#subscriber.caller);
        if (this.#state !== "history") return undefined;
        // A page that does not advance comes from a database that lags behind its own commits, unless it was read for who belongs
        // to a journey.
        if (page !== undefined && Math.max(page.to, page.prunedTo) > this.#cursor) return page;
        if (page?.journey !== undefined && page.to >= this.#host.seq) return page;
      } catch (thrown) {
        if (!passing(thrown)) throw thrown;
      }
      if (this.#state !== "history") return undefined;
      await this.#sleep(waitMs);
    }
  }

  #room(): Promise<void> | undefined {
    return this.#state === "history" ? this.#host.room(this.#subscriber.caller) : undefined;
  }

  /** Sends the page in batches. @returns a promise where the subscriber accepts no more now */
  #send(page: HistoryPage<Item>): Promise<void> | undefined {
    for (const batch of batchesOf(this.#visible(page.events), this.#host.sizeOf)) {
      if (this.#state !== "history") return undefined;
      const later = this.#subscriber.events(batch);
      if (later !== undefined) return later;
      this.#cursor = lastSeqOf(batch);
    }
    if (this.#state === "history") {
      this.#cursor = Math.max(this.#cursor, page.to);
      this.#members = page.journey && { at: page.to, who: page.journey };
    }
    return undefined;
  }

  /** Goes live at once; in the topic of a journey when it is known who belongs to that. */
  #begin(seq: number, recovered: boolean): void {
    this.#cursor = seq;
    try {
      this.#subscriber.subscribed(seq, recovered);
    } catch (thrown) {
      this.#host.fault(thrown);
      this.fail(MarsError.from(thrown));
      return;
    }
    if (this.#knowsMembers()) this.#attach();
    else void this.#readHistory(seq, true);
  }

  /** Whether it is known who belongs to the journey, by all that was published; of other topics there is nothing to know. */
  #knowsMembers(): boolean {
    return this.#topic.externalId === undefined || this.#members?.at === this.#host.seq;
  }

  #attach(): void {
    if (this.#state === "ended") return;
    this.#state = "live";
    this.#host.attach(this.#topic, this, this.#members?.who);
  }

  #offer(events: readonly Item[]): Promise<void> | undefined {
    try {
      return this.#subscriber.events(events);
    } catch (thrown) {
      this.#host.fault(thrown);
      this.fail(MarsError.from(thrown));
      return undefined;
    }
  }

  /** Nearly always the batch itself: subscribers share by its identity what they encode of it. */
  #unseen(batch: readonly Item[]): readonly Item[] {
    const first = batch[0];
    if (first === undefined || first.seq > this.#cursor) return batch;
    return batch.filter((event) => event.seq > this.#cursor);
  }

  /** The items of apps that the subscriber may see: the array itself where it may see all. */
  #visible(items: readonly Item[]): readonly Item[] {
    const identity = this.#subscriber.caller?.identity;
    if (identity === undefined || identity.allApps || this.#topic.appId !== undefined) return items;
    return items.filter(({ appId }) => identity.mayApp(appId));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

/** Whether the same read may succeed later. */
function passing(thrown: unknown): boolean {
  return thrown instanceof MarsError && thrown.transient;
}

function lastSeqOf(events: readonly TopicItem[]): number {
  return events[events.length - 1]?.seq ?? 0;
}
