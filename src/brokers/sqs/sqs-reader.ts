/** Polls a queue. One request asks for ten messages, so several go at the same time while there are many; one waits while there are none. */
import type { Window } from "../engine.ts";
import { type ReceivedMessage, SqsMessage } from "./sqs-message.ts";
import type { SqsQueue } from "./sqs-queue.ts";

/** The service's own bounds. */
export const batchMax = 10;
/** Short enough to be waited for at the end: the service hides what an abandoned request has received. */
const waitSeconds = 4;
const pollersMax = 10;
/** The network's, beyond the wait. */
const answerMs = 10_000;

export class SqsReader {
  readonly #queue: SqsQueue;
  readonly #window: Window;
  readonly #visibilitySeconds: number;
  readonly #pollers = new Set<Promise<void>>();
  #received: SqsMessage[] = [];
  /** What was received and is not deleted. */
  #messages = 0;
  #bytes = 0;
  #waiter: PromiseWithResolvers<void> | undefined;
  #failure: unknown;

  constructor(queue: SqsQueue, window: Window, visibilitySeconds: number) {
    this.#queue = queue;
    this.#window = window;
    this.#visibilitySeconds = visibilitySeconds;
  }

  /** See `BrokerConnection.read`. */
  async read(signal: AbortSignal): Promise<readonly SqsMessage[]> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    try {
      while (this.#received.length === 0 && !signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#pollers.size === 0) this.#poll();
        this.#waiter ??= Promise.withResolvers();
        await this.#waiter.promise;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
    const messages = this.#received;
    this.#received = [];
    return messages;
  }

  /** What was received and is not read. */
  get waiting(): readonly SqsMessage[] {
    return this.#received;
  }

  /** They are deleted. */
  done(messages: readonly SqsMessage[]): void {
    this.#messages -= messages.length;
    for (const { body } of messages) this.#bytes -= body.length;
    this.#wake();
  }

  /**
   * Resolves when no request is on its way.
   *
   * @returns what was received and not read
   */
  async close(): Promise<readonly SqsMessage[]> {
    this.#failure ??= new Error("closed");
    this.#wake();
    await Promise.all(this.#pollers);
    return this.#received;
  }

  #poll(): void {
    const { messages, bytes } = this.#window;
    const asked = (this.#pollers.size + 1) * batchMax;
    if (this.#failure !== undefined || this.#pollers.size >= pollersMax) return;
    if (this.#messages > 0 && (this.#messages + asked > messages || this.#bytes > bytes)) return;
    const poller = this.#receive()
      .catch((error: unknown) => {
        this.#failure ??= error;
        return false;
      })
      .then((more) => {
        this.#pollers.delete(poller);
        this.#wake();
        // While there are some, ever more ask; the last one is followed by that of `read`.
        if (!more) return;
        this.#poll();
        this.#poll();
      });
    this.#pollers.add(poller);
  }

  /** @returns whether there were any */
  async #receive(): Promise<boolean> {
    const visibleAt = performance.now() + this.#visibilitySeconds * 1_000;
    const { Messages: messages = [] } = await this.#queue.call<{ Messages?: ReceivedMessage[] }>(
      "ReceiveMessage",
      {
        MaxNumberOfMessages: batchMax,
        // Only the first one waits for messages to come.
        WaitTimeSeconds: this.#pollers.size === 0 ? waitSeconds : 0,
        VisibilityTimeout: this.#visibilitySeconds,
        MessageSystemAttributeNames: ["SentTimestamp", "ApproximateReceiveCount"],
        MessageAttributeNames: ["All"],
      },
      waitSeconds * 1_000 + answerMs,
    );
    for (const message of messages) {
      const received = new SqsMessage(message, this.#queue, visibleAt);
      this.#received.push(received);
      this.#messages += 1;
      this.#bytes += received.body.length;
    }
    return messages.length > 0;
  }

  #wake(): void {
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }
}
