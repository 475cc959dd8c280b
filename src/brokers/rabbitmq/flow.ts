/**
 * Consumes a queue while there is room. AMQP bounds what is not acknowledged by the number of messages only, once for a consumer: this one is cancelled
 * where there are too many bytes, and made again, with a number that fits the messages as they have been.
 */
import type { Channel, ConsumeMessage } from "amqplib";
import type { Window } from "../engine.ts";

/** Before it is known how long messages are. */
const prefetchFirst = 64;
const prefetchMost = 2_000;
/** How far back the average looks, in messages. */
const averageOf = 32;

export interface FlowOptions {
  readonly channel: Pick<Channel, "prefetch" | "consume" | "cancel">;
  readonly queue: string;
  readonly window: Window;
  /** `null`: the queue is gone. */
  readonly receive: (message: ConsumeMessage | null) => void;
  readonly fail: (error: Error) => void;
}

export class Flow {
  readonly #options: FlowOptions;
  #prefetch = prefetchFirst;
  /** Of the consumer; `undefined` while there is none. */
  #tag: string | undefined;
  /** Received and not acknowledged. */
  #bytes = 0;
  #average: number | undefined;
  #changing = false;
  #failed = false;

  constructor(options: FlowOptions) {
    this.#options = options;
  }

  /** Resolves when the broker sends. */
  start(): Promise<void> {
    return this.#consume();
  }

  /** They are acknowledged, and had so many bytes. */
  done(bytes: number): void {
    this.#bytes -= bytes;
    this.#look();
  }

  #receive(message: ConsumeMessage | null): void {
    const { length } = message?.content ?? "";
    this.#bytes += length;
    const average = this.#average ?? length;
    this.#average = average + (length - average) / averageOf;
    this.#options.receive(message);
    this.#look();
  }

  #look(): void {
    if (this.#changing || this.#failed) return;
    const { bytes } = this.#options.window;
    const full = this.#bytes >= bytes;
    const due =
      this.#tag === undefined ? this.#bytes <= bytes / 2 : full || this.#fitting() >= 2 * this.#prefetch;
    if (!due) return;
    this.#changing = true;
    void this.#change(full)
      .catch((error: Error) => {
        this.#failed = true;
        this.#options.fail(error);
      })
      .finally(() => {
        this.#changing = false;
        // There may be room by now, and nothing else that would be looked at.
        this.#look();
      });
  }

  async #change(full: boolean): Promise<void> {
    const tag = this.#tag;
    this.#tag = undefined;
    // All that the broker has sent by then comes before its answer, and stays to be acknowledged.
    if (tag !== undefined) await this.#options.channel.cancel(tag);
    if (!full) await this.#consume();
  }

  async #consume(): Promise<void> {
    const { channel, queue } = this.#options;
    this.#prefetch = this.#fitting();
    await channel.prefetch(this.#prefetch);
    const { consumerTag } = await channel.consume(queue, (message) => this.#receive(message), {
      noAck: false,
    });
    this.#tag = consumerTag;
  }

  #fitting(): number {
    const { messages, bytes } = this.#options.window;
    const most = Math.min(prefetchMost, messages);
    if (this.#average === undefined) return Math.min(prefetchFirst, most);
    return Math.max(1, Math.min(most, Math.floor(bytes / Math.max(1, this.#average))));
  }
}
