/** A message of a JetStream stream, and where it stands there: its reply subject says so. */
import type { Msg } from "@nats-io/transport-node";
import type { BrokerMessage } from "../engine.ts";
import { messageIdOf } from "../message-id.ts";

/** `$JS.ACK.stream.consumer.deliveries.seq.…` has so many tokens; later servers have domain and account before the stream. */
const oldTokens = 9;

export class NatsMessage implements BrokerMessage {
  readonly id: string;
  readonly body: Uint8Array;
  readonly brokerAt: number;
  readonly redelivered: boolean;
  /** Where its acknowledgement is published to. */
  readonly reply: string;
  readonly #message: Msg;
  readonly #stream: string;
  readonly #seq: string;

  /** @param name of the stream, and what is another for another one of the same name */
  constructor(message: Msg, name: string) {
    this.#message = message;
    this.body = message.data;
    this.reply = message.reply ?? "";
    const tokens = this.reply.split(".");
    const at = tokens.length === oldTokens ? 2 : 4;
    const [stream = "", , deliveries = "", seq = "", , nanos = ""] = tokens.slice(at);
    this.#stream = stream;
    this.#seq = seq;
    this.id = messageIdOf("nats", name, seq);
    this.redelivered = deliveries !== "1";
    this.brokerAt = microsOf(nanos);
  }

  get position(): string {
    return `${this.#stream}:${this.#seq}`;
  }

  headers(): Readonly<Record<string, string>> {
    const { headers } = this.#message;
    if (headers === undefined) return {};
    return Object.fromEntries(headers.keys().map((name) => [name.toLowerCase(), headers.get(name)]));
  }
}

/** Nanoseconds have more digits than a number. */
function microsOf(nanos: string): number {
  return Number(nanos.slice(0, -3));
}
