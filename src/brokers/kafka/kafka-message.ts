/** A record of a Kafka topic. */
import type { Message } from "@platformatic/kafka";
import type { BrokerMessage } from "../engine.ts";
import { messageIdOf } from "../message-id.ts";

const microsOfMs = 1_000;
/** In a compacted topic it deletes its key. */
const tombstone = "is a tombstone: it has no value";
const empty = new Uint8Array(0);

export type KafkaRecord = Message<Buffer, Buffer, Buffer, Buffer>;

export class KafkaMessage implements BrokerMessage {
  readonly body: Uint8Array;
  readonly brokerAt?: number;
  readonly redelivered: boolean;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly refusal?: string;
  /** Mars has it on its disk, or has nothing to keep of it. */
  done = false;
  readonly #name: string;
  readonly #headers: KafkaRecord["headerEntries"];

  /** @param name of the topic, and what is different in another of the same name */
  constructor(record: KafkaRecord, name: string, redelivered: boolean) {
    const { topic, partition, offset, leaderEpoch, timestamp, value, headerEntries } = record;
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.leaderEpoch = leaderEpoch;
    this.#name = name;
    // The library's type has a value always.
    const given = value as Buffer | undefined;
    if (given === undefined) this.refusal = tombstone;
    this.body = given ?? empty;
    if (timestamp > 0n) this.brokerAt = Number(timestamp) * microsOfMs;
    this.redelivered = redelivered;
    this.#headers = headerEntries;
  }

  get position(): string {
    return `${this.topic}:${this.partition}:${this.offset}`;
  }

  get id(): string {
    return messageIdOf("kafka", this.#name, `${this.partition}:${this.offset}`);
  }

  headers(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#headers.map(([name, value]) => [text(name).toLowerCase(), text(value)] as const),
    );
  }
}

/** Both may be null in the protocol. */
function text(bytes: Buffer | undefined): string {
  return bytes?.toString("utf8") ?? "";
}
