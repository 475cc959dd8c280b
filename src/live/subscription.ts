/**
 * One subscriber's way through a topic. It is at any time in one of two places:
 *
 *     history ── nothing was published that it does not have ──▶ live
 *     history ◀── the subscriber cannot take more now ────────── live
 *
 * History is read page by page, at the subscriber's pace. The check that nothing is left to read and the step to live
 * happen in one tick, in which nothing can be published; so there is no gap, no repeat, and never a need to hold live
 * events back: what a subscriber cannot take at once it reads from history later. A slow one costs reads, not memory.
 */
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Subscriber, TopicItem } from "../core/ports.ts";
import type { HistoryPage, HistoryQuery } from "../core/query.ts";
import type { Topic } from "../core/topic.ts";
import { slicesOf } from "./slices.ts";

/** What a subscription needs of the hub. */
export interface SubscriptionHost<Item extends TopicItem> {
  /** Everything up to here has been published. */
  readonly seq: number;
  /** Pending as long as it is not known where the store stands; then `seq` means nothing yet. */
  readonly positioned: Promise<void> | undefined;
  /** The last seq that was given out: at least `seq`. */
  readonly lastSeq: number;
  /** Whether a seq up to that one was never given out here. */
  skipped(seq: number): boolean;
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
  /** Reads history when it is this subscription's turn; `wanted` is asked again then. */
  read(
    query: () => HistoryQuery | undefined,
    caller: Caller | undefined,
  ): Promise<HistoryPage<Item> | undefined>;
  /** Pending while too much waits to be sent to the caller. */
  room(caller: Caller | undefined): Promise<void> | undefined;
  attach(topic: Topic, subscription: Subscription<Item>): void;
  detach(topic: Topic, subscription: Subscription<Item>): void;
  /** The subscription is over and holds nothing any more. */
  ended(subscription: Subscription<Item>): void;
  /** The UTF-16 units of an item's texts. */
  readonly sizeOf: (item: Item) => number;
  /** Something threw that must not. */
  fault(thrown: unknown): void;
}

export class Subscription<Item extends TopicItem> {
  readonly #host: SubscriptionHost<Item>;
  readonly #topic: Topic;
  readonly #subscriber: Subscriber<Item>;
  #state: "history" | "live" | "ended" = "history";
  /** Everything of the topic up to here was delivered, or is none of this subscription's business. */
  #cursor = 0;
  #wake: (() => void) | undefined;

  constructor(host: SubscriptionHost<Item>, topic: Topic, subscriber: Subscriber<Item>) {
    this.#host = host;
    this.#topic = topic;
    this.#subscriber = subscriber;
  }

  /** Calls `subscribed` at once if nothing has to be read for it. */
  start(after: number | undefined): void {
    if (this.#state === "ended") return;
    const { seq, lastSeq, positioned } = this.#host;
    if (positioned !== undefined) void positioned.then(() => this.start(after));
    else if (after === undefined) this.#follow(seq, true);
    // A seq that Mars has not given out: it comes from another database, or from these data before an older copy of them
    // was put back, and so says nothing about what is here.
    else if (after > lastSeq || this.#host.skipped(after)) this.#follow(seq, false);
    // Given out, perhaps not published yet: what comes is compared with it.
    else if (after >= seq) this.#follow(after, true);
    else void this.#read(after, false);
  }

  /**
   * Takes what was published.
   *
   * @param slices the topic's events of one publication
   * @param before everything up to here was published before them
   */
  deliver(slices: readonly (readonly Item[])[], before: number): void {
    if (this.#state !== "live") return;
    if (this.#cursor < before) this.#cursor = before;
    for (const slice of slices) {
      const events = this.#unseen(slice);
      if (events.length === 0) continue;
      const later = this.#offer(events);
      if (this.#state !== "live") return;
      if (later !== undefined) {
        this.#state = "history";
        this.#host.detach(this.#topic, this);
        void this.#read(this.#cursor, true, later);
        return;
      }
      this.#cursor = lastSeqOf(events);
    }
  }

  /** Hands over an event that is not part of history; a subscriber that cannot take it now goes without. */
  announce(events: readonly Item[]): void {
    if (this.#state === "live") this.#offer(events)?.catch(this.#host.fault);
  }

  /** Ends without a word to the subscriber. */
  cancel(): void {
    if (this.#state === "ended") return;
    if (this.#state === "live") this.#host.detach(this.#topic, this);
    this.#state = "ended";
    this.#wake?.();
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

  /** Reads from `after` on until nothing is left, then goes live. `told`: whether `subscribed` was called. */
  async #read(after: number, told: boolean, later?: Promise<void>): Promise<void> {
    this.#cursor = after;
    try {
      await later;
      while (this.#state === "history") {
        // From here to `#attach` is one tick.
        if (told && this.#cursor >= this.#host.seq) {
          this.#attach();
          return;
        }
        let page = await this.#page();
        if (page === undefined) return;
        if (this.#cursor < page.prunedTo) {
          if (told) throw new MarsError("subscriber_too_slow", "too slow: what comes next is no longer kept");
          this.#follow(this.#host.seq, false);
          return;
        }
        if (!told) {
          told = true;
          this.#subscriber.subscribed(this.#cursor, true);
        }
        // A page is not kept while its subscriber is slow: it is read again.
        const later = this.#hand(page);
        page = undefined;
        await later;
      }
    } catch (thrown) {
      if (!(thrown instanceof MarsError)) this.#host.fault(thrown);
      this.fail(MarsError.from(thrown));
    }
  }

  /** The next page, however long the database is away; `undefined` when the subscription ended meanwhile. */
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
        // A page that leads nowhere comes from a database that lags behind what it has acknowledged.
        if (page !== undefined && Math.max(page.to, page.prunedTo) > this.#cursor) return page;
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

  /** Hands over what the subscriber takes of the page; a promise where it takes no more now. */
  #hand(page: HistoryPage<Item>): Promise<void> | undefined {
    for (const slice of slicesOf(page.events, this.#host.sizeOf)) {
      if (this.#state !== "history") return undefined;
      const later = this.#subscriber.events(slice);
      if (later !== undefined) return later;
      this.#cursor = lastSeqOf(slice);
    }
    if (this.#state === "history") this.#cursor = page.to;
    return undefined;
  }

  #follow(seq: number, recovered: boolean): void {
    this.#cursor = seq;
    try {
      this.#subscriber.subscribed(seq, recovered);
    } catch (thrown) {
      this.#host.fault(thrown);
      this.fail(MarsError.from(thrown));
      return;
    }
    this.#attach();
  }

  #attach(): void {
    if (this.#state === "ended") return;
    this.#state = "live";
    this.#host.attach(this.#topic, this);
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

  /** The slice itself nearly always: its identity lets subscribers share what they make of it. */
  #unseen(slice: readonly Item[]): readonly Item[] {
    const first = slice[0];
    if (first === undefined || first.seq > this.#cursor) return slice;
    return slice.filter((event) => event.seq > this.#cursor);
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

/** Whether the same question may be answered later. */
function passing(thrown: unknown): boolean {
  return thrown instanceof MarsError && thrown.transient;
}

function lastSeqOf(events: readonly TopicItem[]): number {
  return events[events.length - 1]?.seq ?? 0;
}
