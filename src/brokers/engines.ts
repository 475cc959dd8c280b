/** The engines by their names. Each is loaded when the first collector needs it: a Mars without any pays nothing. */
import type { AwsEnvironment } from "../core/aws-environment.ts";
import type { Engine } from "../core/broker-engine.ts";
import type { BrokerEngine } from "./engine.ts";

export type LoadEngine = (engine: Engine) => Promise<BrokerEngine>;

/** @param aws where those of AWS find credentials that a collector does not have */
export function createEngineLoader(aws: AwsEnvironment): LoadEngine {
  const engines: Readonly<Record<Engine, () => Promise<BrokerEngine>>> = {
    nats: async () => (await import("./nats/nats-engine.ts")).natsEngine,
    redis: async () => (await import("./redis/redis-engine.ts")).redisEngine,
    rabbitmq: async () => (await import("./rabbitmq/rabbitmq-engine.ts")).rabbitmqEngine,
    kafka: async () => (await import("./kafka/kafka-engine.ts")).kafkaEngine,
    mqtt: async () => (await import("./mqtt/mqtt-engine.ts")).mqttEngine,
    sqs: async () => (await import("./sqs/sqs-engine.ts")).createSqsEngine(aws),
  };
  return (engine) => engines[engine]();
}
