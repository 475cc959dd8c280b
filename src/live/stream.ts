/** Following a topic as an async iterable: a subscriber whose small buffer is emptied at the consumer's pace. */
import type { Caller, Peer } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Live, StreamItem, StreamOptions, Subscriber, TopicItem } from "../core/ports.ts";
import type { Topic } from "../core/topic.ts";
import type { Holding, SendBudget } from "../runtime/send-budget.ts";

export interface OpenStreamOptions<Item extends TopicItem> extends StreamOptions {
  /** Bounds what waits in all streams. */
  readonly budget: SendBudget;
  /** The UTF-16 units of an item's texts. */
  readonly sizeOf: (item: Item) => number;
  /** How long a full buffer may stay untouched before the stream is given up. */
  readonly stallTimeoutMs: number;
}

/** Slices (`slices.ts`) in the buffer; what comes beyond stays in history until the consumer has made room. */
const bufferSlicesMax = 4;

/**
 * Subscribes at once, so that the stream begins now and not when it is first asked.
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
    return stream;
  }
  const unsubscribe = live.subscribe(topic, options.after, stream);
  const abort = () => stream.end();
  options.signal.addEventListener("abort", abort, { once: true });
  stream.onEnd(() => {
    options.signal.removeEventListener("abort", abort);
    unsubscribe();
  });
  return stream;
}

/** What an item takes beside its texts. */
const itemBytes = 300;

/** Who follows without saying who it is. */
const nobody: Peer = { name: "unknown", connection: "unknown" };

type Taken<Item extends TopicItem> = IteratorResult<StreamItem<Item>, undefined>;

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** One consumer: its iterator is the stream itself. */
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
  /** What the buffer takes in memory, and the item that was taken last: its consumer is at it. */
  #bytes = 0;
  #takenBytes = 0;
  #taker: PromiseWithResolvers<Taken<Item>> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #error: MarsError | undefined;
  #release: (() => void) | undefined;

  constructor({ stallTimeoutMs, peer, budget, sizeOf }: OpenStreamOptions<Item>) {
    this.#budget = budget;
    this.#peer = peer ?? nobody;
    this.#sizeOf = sizeOf;
    this.#holding = budget.open(this.#peer, {
      pending: () => this.#bytes,
      stalled: () => this.#stalled(),
      stallMs: () => stallTimeoutMs,
    });
    this.#stallTimeoutMs = stallTimeoutMs;
    if (peer !== undefined) this.caller = { peer };
  }

  subscribed(seq: number, recovered: boolean): void {
    this.#put({ seq, recovered });
  }

  events(events: readonly Item[]): Promise<void> | undefined {
    if (this.#over) return undefined;
    if (!this.#budget.hasRoom(this.#peer)) return this.#budget.freed();
    if (this.#items.length < bufferSlicesMax) {
      this.#put({ events });
      return undefined;
    }
    if (this.#room === undefined) {
      this.#room = Promise.withResolvers();
      this.#watchStall();
    }
    return this.#room.promise;
  }

  /** What is in the buffer can still be taken; then the error comes. */
  failed(error: MarsError): void {
    this.#finish(error);
  }

  /** Ends without an error, and forgets what was not taken. */
  end(): void {
    this.#items.length = 0;
    this.#finish(undefined);
  }

  onEnd(release: () => void): void {
    if (this.#over) release();
    else this.#release = release;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Taken<Item>> {
    // Whoever asks for the next is done with the one before.
    this.#account(-this.#takenBytes);
    this.#takenBytes = 0;
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#takenBytes = this.#bytesOf(item);
      if (this.#items.length === 0) this.#makeRoom();
      else if (this.#room !== undefined) this.#watchStall();
      return { done: false, value: item };
    }
    if (this.#over) {
      const error = this.#error;
      this.#error = undefined;
      if (error !== undefined) throw error;
      return done;
    }
    if (this.#taker !== undefined)
      throw new Error("a stream has one consumer, which asks for one item at a time");
    this.#taker = Promise.withResolvers();
    return this.#taker.promise;
  }

  async return(): Promise<Taken<Item>> {
    this.end();
    return done;
  }

  #put(item: StreamItem<Item>): void {
    if (this.#over) return;
    const bytes = this.#bytesOf(item);
    this.#account(bytes);
    const taker = this.#taker;
    if (taker === undefined) {
      this.#items.push(item);
    } else {
      this.#taker = undefined;
      this.#takenBytes = bytes;
      taker.resolve({ done: false, value: item });
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

  /** From here on: every item that is taken gives the consumer its time anew. */
  #watchStall(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => this.#stalled(), this.#stallTimeoutMs);
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
        `too slow: nothing was taken for ${this.#stallTimeoutMs} ms; resume after the last seq seen`,
      ),
    );
  }

  #finish(error: MarsError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#holding.end();
    this.#makeRoom();
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker === undefined) this.#error = error;
    else if (error === undefined) taker.resolve(done);
    else taker.reject(error);
    this.#release?.();
    this.#release = undefined;
  }
}
