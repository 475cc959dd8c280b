/** Acknowledges together what is on disk at the same moment: the chunks that waited for one fsync are one command to the broker. */
import type { BrokerConnection, BrokerMessage } from "./engine.ts";

/** Of one command. */
const messagesMax = 1_024;

export class Acknowledgements {
  readonly #connection: Pick<BrokerConnection, "ack">;
  /** Bounded by the window of the connection. */
  #messages: BrokerMessage[] = [];
  #sending: Promise<void> | undefined;

  constructor(connection: Pick<BrokerConnection, "ack">) {
    this.#connection = connection;
  }

  /** As `BrokerConnection.ack`, together with all others of this turn. */
  ack(messages: readonly BrokerMessage[]): Promise<void> {
    for (const message of messages) this.#messages.push(message);
    // Those who wait for the same fsync go on in one turn of the microtask queue, before this does.
    this.#sending ??= Promise.resolve().then(() => this.#send());
    return this.#sending;
  }

  async #send(): Promise<void> {
    const messages = this.#messages;
    this.#messages = [];
    this.#sending = undefined;
    const sent: Promise<void>[] = [];
    for (let at = 0; at < messages.length; at += messagesMax)
      sent.push(this.#connection.ack(messages.slice(at, at + messagesMax)));
    await Promise.all(sent);
  }
}
