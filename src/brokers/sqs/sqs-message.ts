/** A message of an SQS queue. */
import type { BrokerMessage } from "../engine.ts";
import { messageIdOf } from "../message-id.ts";

const microsOfMs = 1_000;

/** As the service sends it. */
export interface ReceivedMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

export class SqsMessage implements BrokerMessage {
  readonly position: string;
  readonly id: string;
  readonly body: Uint8Array;
  readonly brokerAt?: number;
  readonly redelivered: boolean;
  readonly receipt: string;
  /** On the monotonic clock in milliseconds: the queue gives it to another from then on. */
  hiddenUntil: number;
  readonly #attributes: ReceivedMessage["MessageAttributes"];

  constructor(
    { MessageId, ReceiptHandle, Body, Attributes = {}, MessageAttributes }: ReceivedMessage,
    queue: { readonly path: string; readonly name: string },
    hiddenUntil: number,
  ) {
    this.position = `${queue.name}:${MessageId}`;
    this.id = messageIdOf("sqs", queue.path, MessageId);
    this.body = Buffer.from(Body);
    const sentMs = Number(Attributes.SentTimestamp);
    if (sentMs > 0) this.brokerAt = sentMs * microsOfMs;
    this.redelivered = Number(Attributes.ApproximateReceiveCount) > 1;
    this.receipt = ReceiptHandle;
    this.hiddenUntil = hiddenUntil;
    this.#attributes = MessageAttributes;
  }

  headers(): Readonly<Record<string, string>> {
    const entries = Object.entries(this.#attributes ?? {});
    return Object.fromEntries(
      entries.flatMap(([name, { StringValue: value }]) =>
        value === undefined ? [] : [[name.toLowerCase(), value]],
      ),
    );
  }
}
