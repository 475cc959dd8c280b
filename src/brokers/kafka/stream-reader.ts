/** Takes records from a consumer's stream, as many as the window has room for. The stream fetches no more while it is not read. */
import type { MessagesStream } from "@platformatic/kafka";
import type { Window } from "../engine.ts";
import type { Commits } from "./commits.ts";
import { KafkaMessage, type KafkaRecord } from "./kafka-message.ts";

/** Of one answer. */
const messagesMax = 2_048;

export interface StreamReaderOptions {
  readonly stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>;
  readonly commits: Commits;
  readonly window: Window;
  /** What the ids of a topic's messages begin with. */
  readonly nameOf: (topic: string) => string;
  /** Whether records without a value are passed over. */
  readonly ignoreTombstones: boolean;
}

export class StreamReader {
  readonly #options: StreamReaderOptions;
  #waiter: PromiseWithResolvers<void> | undefined;
  #failure: unknown;
  /** What was read and is not done. */
  #messages = 0;
  #bytes = 0;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    const { stream } = options;
    stream.on("readable", () => this.#wake());
    stream.on("error", (error) => this.fail(error));
    stream.on("close", () => this.fail(new Error("the stream was closed")));
  }

  /** See `BrokerConnection.read`. */
  async read(signal: AbortSignal): Promise<readonly KafkaMessage[]> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure;
        const messages = this.#take();
        if (messages.length > 0) return messages;
        this.#waiter ??= Promise.withResolvers();
        await this.#waiter.promise;
      }
      return [];
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  ack(messages: readonly KafkaMessage[]): void {
    for (const { body } of messages) this.#bytes -= body.length;
    this.#messages -= messages.length;
    this.#options.commits.done(messages);
    this.#wake();
  }

  /** Nothing can be read any more. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  #take(): KafkaMessage[] {
    const { stream, commits, window, nameOf, ignoreTombstones } = this.#options;
    const messages: KafkaMessage[] = [];
    const ignored: KafkaMessage[] = [];
    while (messages.length < messagesMax && this.#messages < window.messages && this.#bytes < window.bytes) {
      const record = stream.read() as KafkaRecord | null;
      if (record === null) break;
      const { topic, partition, offset } = record;
      const message = new KafkaMessage(record, nameOf(topic), commits.hasCome(topic, partition, offset));
      commits.add(message);
      if (message.refusal !== undefined && ignoreTombstones) {
        ignored.push(message);
        continue;
      }
      this.#messages += 1;
      this.#bytes += message.body.length;
      messages.push(message);
    }
    if (ignored.length > 0) commits.done(ignored);
    return messages;
  }

  #wake(): void {
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }
}
