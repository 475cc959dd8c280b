/** The engines by their names. Each is loaded when the first collector needs it: a Mars without any pays nothing. */
import type { Engine } from "../core/broker-engine.ts";
import type { BrokerEngine } from "./engine.ts";

export type LoadEngine = (engine: Engine) => Promise<BrokerEngine>;

const engines: Readonly<Record<Engine, () => Promise<BrokerEngine>>> = {
  nats: async () => (await import("./nats/nats-engine.ts")).natsEngine,
  redis: async () => (await import("./redis/redis-engine.ts")).redisEngine,
  rabbitmq: async () => (await import("./rabbitmq/rabbitmq-engine.ts")).rabbitmqEngine,
};

export const loadEngine: LoadEngine = (engine) => engines[engine]();
