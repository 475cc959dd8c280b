/** The engines that can be tested, by name. */
import { startNats } from "./nats.ts";
import { startRabbitmq } from "./rabbitmq.ts";
import { startRedis } from "./redis.ts";
import type { TestBroker } from "./test-broker.ts";

export const testEngines: Readonly<Record<string, (directory: string) => Promise<TestBroker>>> = {
  nats: startNats,
  redis: startRedis,
  rabbitmq: startRabbitmq,
};
