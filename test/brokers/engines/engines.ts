/** The engines that can be tested, by name. */
import { startKafka } from "./kafka.ts";
import { startMosquitto } from "./mqtt.ts";
import { startNats } from "./nats.ts";
import { startRabbitmq } from "./rabbitmq.ts";
import { startRedis } from "./redis.ts";
import { startSqs } from "./sqs.ts";
import type { StartBroker } from "./test-broker.ts";

export const testEngines: Readonly<Record<string, StartBroker>> = {
  nats: startNats,
  "nats-tokens": (directory, options) => startNats(directory, options, true),
  redis: startRedis,
  rabbitmq: startRabbitmq,
  kafka: startKafka,
  mqtt: startMosquitto,
  sqs: startSqs,
  "sqs-fifo": (directory, options) =>
    startSqs(directory, options, { name: "events.fifo", attributes: { FifoQueue: "true" } }),
};

/** Run when they are named. */
export const slowEngines: readonly string[] = ["sqs", "sqs-fifo"];

/** The only checks of some: what differs from another engine. */
export const ownChecks: Readonly<Record<string, readonly string[]>> = { "nats-tokens": ["credentials"] };
