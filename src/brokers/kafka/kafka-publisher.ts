/** Publishes to Kafka topics. */
import { ProduceAcks, Producer } from "@platformatic/kafka";
import type { OutgoingMessage } from "../engine.ts";
import { type KafkaPlace, kafkaFailure, kafkaOptions } from "./kafka-options.ts";

/** Connects with the first message. */
export class KafkaPublisher {
  readonly #place: KafkaPlace;
  #producer: Producer<Buffer, Buffer, string, string> | undefined;

  constructor(place: KafkaPlace) {
    this.#place = place;
  }

  /** Resolves when all replicas that are in sync have it. Its id is the key, and the header `mars-id`. */
  async publish(topic: string, { id, body, headers }: OutgoingMessage): Promise<void> {
    const text = (value?: string) => Buffer.from(value ?? "");
    this.#producer ??= new Producer<Buffer, Buffer, string, string>({
      ...kafkaOptions(this.#place),
      serializers: { headerKey: text, headerValue: text },
    });
    try {
      await this.#producer.send({
        messages: [
          { topic, key: Buffer.from(id), value: Buffer.from(body), headers: { ...headers, "mars-id": id } },
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
