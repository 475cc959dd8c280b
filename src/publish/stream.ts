/** Following a topic as an async iterable: a subscriber whose small buffer is emptied at the consumer's pace. */
import type { Caller } from "../event/caller.ts";
import { MarsError } from "../event/error.ts";
import type { Live, StreamItem, StreamOptions, Subscriber, TopicItem } from "../event/ports.ts";
import type { Topic } from "../event/topic.ts";

export interface OpenStreamOptions extends StreamOptions {
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
  options: OpenStreamOptions,
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

type Taken<Item extends TopicItem> = IteratorResult<StreamItem<Item>, undefined>;

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** One consumer: its iterator is the stream itself. */
class SubscriberStream<Item extends TopicItem>
  implements Subscriber<Item>, AsyncIterable<StreamItem<Item>>, AsyncIterator<StreamItem<Item>, undefined>
{
  readonly caller?: Caller;
  readonly #stallTimeoutMs: number;
  readonly #items: StreamItem<Item>[] = [];
  #taker: PromiseWithResolvers<Taken<Item>> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #error: MarsError | undefined;
  #release: (() => void) | undefined;

  constructor({ stallTimeoutMs, peer }: OpenStreamOptions) {
    this.#stallTimeoutMs = stallTimeoutMs;
    if (peer !== undefined) this.caller = { peer };
  }

  subscribed(seq: number, recovered: boolean): void {
    this.#put({ seq, recovered });
  }

  events(events: readonly Item[]): Promise<void> | undefined {
    if (this.#over) return undefined;
    if (this.#items.length < bufferSlicesMax) {
      this.#put({ events });
      return undefined;
    }
    if (this.#room === undefined) {
      this.#room = Promise.withResolvers();
      this.#stallTimer = setTimeout(() => this.#stalled(), this.#stallTimeoutMs);
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
    const item = this.#items.shift();
    if (item !== undefined) {
      if (this.#items.length === 0) this.#makeRoom();
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
    const taker = this.#taker;
    if (taker === undefined) {
      this.#items.push(item);
    } else {
      this.#taker = undefined;
      taker.resolve({ done: false, value: item });
    }
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
