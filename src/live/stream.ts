/** A subscription as an async iterable: a subscriber with a small buffer, which the consumer reads at its pace. */
import type { Caller, Peer } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Live, StreamItem, StreamOptions, Subscriber, TopicItem } from "../core/ports.ts";
import type { Topic } from "../core/topic.ts";
import type { Holding, SendBudget } from "../runtime/send-budget.ts";

export interface OpenStreamOptions<Item extends TopicItem> extends StreamOptions {
  /** Bounds the bytes that wait in all streams. */
  readonly budget: SendBudget;
  /** The UTF-16 units of an item's texts. */
  readonly sizeOf: (item: Item) => number;
  /** How long a full buffer may stay unread before the stream fails. */
  readonly stallTimeoutMs: number;
  /** Called when it has ended, and where it cannot begin. */
  readonly ended: () => void;
}

/** Batches (`batches.ts`) in the buffer; later ones stay in history until the consumer has made room. */
const bufferBatchesMax = 4;

/**
 * Subscribes at once, so that the stream begins now and not at the first read.
 *
 * @throws what `Live.subscribe` throws
 */
export function openStream<Item extends TopicItem>(
  live: Pick<Live<Item>, "subscribe">,
  topic: Topic,
  options: OpenStreamOptions<Item>,
): AsyncIterable<StreamItem<Item>> {
  const stream = new SubscriberStream<Item>(options);
  if (options.signal.aborted) {
    stream.end();
    options.ended();
    return stream;
  }
  const unsubscribe = subscribed(() => live.subscribe(topic, options.after, stream), options.ended);
  const abort = () => stream.end();
  options.signal.addEventListener("abort", abort, { once: true });
  stream.onEnd(() => {
    options.signal.removeEventListener("abort", abort);
    unsubscribe();
    options.ended();
  });
  return stream;
}

function subscribed(subscribe: () => () => void, failed: () => void): () => void {
  try {
    return subscribe();
  } catch (thrown) {
    failed();
    throw thrown;
  }
}

/** Memory of an item beside its texts. */
const itemBytes = 300;

/** The peer of subscribers that name none. */
const unknownPeer: Peer = { name: "unknown", connection: "unknown" };

type Next<Item extends TopicItem> = IteratorResult<StreamItem<Item>, undefined>;

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The stream of one consumer; it is its own iterator. */
class SubscriberStream<Item extends TopicItem>
  implements Subscriber<Item>, AsyncIterable<StreamItem<Item>>, AsyncIterator<StreamItem<Item>, undefined>
{
  readonly caller?: Caller;
  readonly #stallTimeoutMs: number;
  readonly #items: StreamItem<Item>[] = [];
  readonly #budget: SendBudget;
  readonly #peer: Peer;
  readonly #sizeOf: (item: Item) => number;
  readonly #holding: Holding;
  /** Memory of the buffer and of the item that was read last, which the consumer is working on. */
  #bytes = 0;
  #readBytes = 0;
  #reader: PromiseWithResolvers<Next<Item>> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #error: MarsError | undefined;
  #release: (() => void) | undefined;

  constructor({ stallTimeoutMs, caller, budget, sizeOf }: OpenStreamOptions<Item>) {
    this.#budget = budget;
    this.#peer = caller?.peer ?? unknownPeer;
    this.#sizeOf = sizeOf;
    this.#holding = budget.open(this.#peer, {
      pending: () => this.#bytes,
      stalled: () => this.#stalled(),
      stallMs: () => stallTimeoutMs,
    });
    this.#stallTimeoutMs = stallTimeoutMs;
    if (caller !== undefined) {
      const { signal: _, ...rest } = caller;
      this.caller = rest;
    }
  }

  subscribed(seq: number, recovered: boolean): void {
    this.#put({ seq, recovered });
  }

  events(events: readonly Item[]): Promise<void> | undefined {
    if (this.#ended) return undefined;
    if (!this.#budget.hasRoom(this.#peer)) return this.#budget.freed();
    if (this.#items.length < bufferBatchesMax) {
      this.#put({ events });
      return undefined;
    }
    if (this.#room === undefined) {
      this.#room = Promise.withResolvers();
      this.#watchStall();
    }
    return this.#room.promise;
  }

  /** The buffer can still be read; then the error comes. Who has no rights any more gets nothing of it. */
  failed(error: MarsError): void {
    if (error.code === "unauthenticated") this.#items.length = 0;
    this.#finish(error);
  }

  /** Ends without an error, and drops the buffer. */
  end(): void {
    this.#items.length = 0;
    this.#finish(undefined);
  }

  onEnd(release: () => void): void {
    if (this.#ended) release();
    else this.#release = release;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Next<Item>> {
    // A consumer that reads the next item is done with the one before.
    this.#account(-this.#readBytes);
    this.#readBytes = 0;
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#readBytes = this.#bytesOf(item);
      if (this.#items.length === 0) this.#makeRoom();
      else if (this.#room !== undefined) this.#watchStall();
      return { done: false, value: item };
    }
    if (this.#ended) {
      const error = this.#error;
      this.#error = undefined;
      if (error !== undefined) throw error;
      return done;
    }
    if (this.#reader !== undefined)
      throw new Error("a stream has one consumer, which asks for one item at a time");
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  async return(): Promise<Next<Item>> {
    this.end();
    return done;
  }

  #put(item: StreamItem<Item>): void {
    if (this.#ended) return;
    const bytes = this.#bytesOf(item);
    this.#account(bytes);
    const reader = this.#reader;
    if (reader === undefined) {
      this.#items.push(item);
    } else {
      this.#reader = undefined;
      this.#readBytes = bytes;
      reader.resolve({ done: false, value: item });
    }
  }

  #bytesOf(item: StreamItem<Item>): number {
    if (!("events" in item)) return 0;
    let bytes = 0;
    for (const event of item.events) bytes += itemBytes + this.#sizeOf(event);
    return bytes;
  }

  #account(bytes: number): void {
    this.#bytes += bytes;
    this.#holding.look();
  }

  /** Starts the consumer's time again; called for every item that it reads from a full buffer. */
  #watchStall(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => {
      this.#holding.gaveUp();
      this.#stalled();
    }, this.#stallTimeoutMs);
  }

  #makeRoom(): void {
    clearTimeout(this.#stallTimer);
    this.#room?.resolve();
    this.#room = undefined;
  }

  #stalled(): void {
    this.#items.length = 0;
    this.#finish(
      new MarsError(
        "subscriber_too_slow",
        `too slow: nothing was read for ${this.#stallTimeoutMs} ms; resume after the last seq`,
      ),
    );
  }

  #finish(error: MarsError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#holding.end();
    this.#makeRoom();
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) this.#error = error;
    else if (error === undefined) reader.resolve(done);
    else reader.reject(error);
    this.#release?.();
    this.#release = undefined;
  }
}
