/** The port of what only publishes: a connection to one target at a message broker. */
import type { Engine } from "../core/broker-engine.ts";
import type { BrokerPlace } from "../core/broker-target.ts";
import type { OutgoingMessage } from "./engine.ts";

export interface Publisher {
  /** Whether its connection stands, as far as it is known. */
  readonly connected: boolean;
  /** Resolves when the broker has stored it. */
  publish(message: OutgoingMessage): Promise<void>;
  close(): Promise<void>;
}

/** Rejects where the broker cannot be reached. */
export type OpenPublisher = (place: BrokerPlace) => Promise<Publisher>;

const publishers: Readonly<Record<Engine, () => Promise<OpenPublisher>>> = {
  nats: async () => (await import("./nats/nats-publisher.ts")).openNatsPublisher,
  redis: async () => (await import("./redis/redis-publisher.ts")).openRedisPublisher,
  rabbitmq: async () => (await import("./rabbitmq/rabbitmq-publisher.ts")).openRabbitmqPublisher,
  mqtt: async () => (await import("./mqtt/mqtt-publisher.ts")).openMqttPublisher,
  sqs: async () => (await import("./sqs/sqs-publisher.ts")).openSqsPublisher,
  kafka: async () => (await import("./kafka/kafka-publisher.ts")).openKafkaPublisher,
};

/** An engine is loaded when something is first published to it: a Mars that publishes nothing pays nothing. */
export async function openPublisher(place: BrokerPlace): Promise<Publisher> {
  const open = await publishers[place.engine]();
  return open(place);
}
