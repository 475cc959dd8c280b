/** Publishes to Kafka topics. */
import { ProduceAcks, Producer } from "@platformatic/kafka";
import type { BrokerPlace } from "../../core/broker-target.ts";
import type { OutgoingMessage } from "../engine.ts";
import type { Publisher } from "../publisher.ts";
import { type KafkaPlace, kafkaFailure, kafkaOptions } from "./kafka-options.ts";

/** Connects with the first message. */
export async function openKafkaPublisher({ id, url, members }: BrokerPlace): Promise<Publisher> {
  const { topic = "", ...source } = members;
  const publisher = new KafkaPublisher({ id, url, source });
  return {
    // The library connects again by itself.
    connected: true,
    publish: (message) => publisher.publish(topic, message),
    close: () => publisher.close(),
  };
}

/** Connects with the first message. */
export class KafkaPublisher {
  readonly #place: KafkaPlace;
  #producer: Producer<Buffer, Buffer, string, string> | undefined;

  constructor(place: KafkaPlace) {
    this.#place = place;
  }

  /** Resolves when all replicas that are in sync have it. Its id is the header `mars-id`, and the key where it has none. */
  async publish(topic: string, { id, body, headers, key = id }: OutgoingMessage): Promise<void> {
    const text = (value?: string) => Buffer.from(value ?? "");
    this.#producer ??= new Producer<Buffer, Buffer, string, string>({
      ...kafkaOptions(this.#place),
      serializers: { headerKey: text, headerValue: text },
    });
    try {
      await this.#producer.send({
        messages: [
          { topic, key: Buffer.from(key), value: Buffer.from(body), headers: { ...headers, "mars-id": id } },
        ],
        acks: ProduceAcks.ALL,
      });
    } catch (error) {
      throw kafkaFailure(error);
    }
  }

  async close(): Promise<void> {
    await this.#producer?.close();
    this.#producer = undefined;
  }
}
