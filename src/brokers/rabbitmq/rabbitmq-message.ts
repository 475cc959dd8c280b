/** A message of a queue. The queue has no place for it: its id is that of its producer, else made of its content. */
import type { ConsumeMessage } from "amqplib";
import type { BrokerMessage } from "../engine.ts";
import { contentPlace, messageIdOf, placeWithContent } from "../message-id.ts";

/** Digits of a hash that people see. */
const shownDigits = 16;

export class RabbitmqMessage implements BrokerMessage {
  readonly body: Uint8Array;
  readonly redelivered: boolean;
  readonly brokerAt?: number;
  /** Of the delivery over this channel. */
  readonly tag: number;
  readonly #name: string;
  readonly #queue: string;
  /** Its producer's; empty for none. */
  readonly #messageId: string;
  readonly #headers: Readonly<Record<string, unknown>>;

  /** @param name of the queue with its virtual host */
  constructor(
    { content, fields, properties }: ConsumeMessage,
    { queue, name }: { queue: string; name: string },
  ) {
    const { messageId, timestamp, contentType, headers } = properties as {
      readonly contentType?: unknown;
      readonly messageId?: unknown;
      readonly timestamp?: unknown;
      readonly headers?: Readonly<Record<string, unknown>>;
    };
    this.body = content;
    this.tag = fields.deliveryTag;
    this.redelivered = fields.redelivered;
    this.#name = name;
    this.#messageId = typeof messageId === "string" ? messageId : "";
    this.#queue = queue;
    // Its producer's, in seconds.
    if (typeof timestamp === "number" && Number.isSafeInteger(timestamp * 1_000_000) && timestamp > 0)
      this.brokerAt = timestamp * 1_000_000;
    this.#headers = { ...headers, ...(typeof contentType === "string" && { "content-type": contentType }) };
  }

  get position(): string {
    const place = this.#messageId || `sha256:${contentPlace(this.body).slice(0, shownDigits)}`;
    return `${this.#queue}:${place}`;
  }

  /** Made when it is asked for: events with an id of their own need none. */
  get id(): string {
    const place =
      this.#messageId === ""
        ? `sha256:${contentPlace(this.body)}`
        : placeWithContent(this.#messageId, this.body);
    return messageIdOf("rabbitmq", this.#name, place);
  }

  headers(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(this.#headers).map(([name, value]) => [name.toLowerCase(), textOf(value)]),
    );
  }
}

/** The library has a time, which AMQP has in seconds, as an object; tables and lists are JSON. */
function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const { "!": kind, value: inner } = value as { readonly "!"?: unknown; readonly value?: unknown };
  if (kind === "timestamp" && typeof inner === "number" && Math.abs(inner) <= 8.64e12)
    return new Date(inner * 1_000).toISOString();
  return JSON.stringify(value);
}
