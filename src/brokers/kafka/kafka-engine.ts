/** Apache Kafka, and what speaks its protocol: a member of a consumer group that commits what is on Mars' disk. */
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes } from "@platformatic/kafka";
import type { BrokerCollector } from "../../core/broker-collector.ts";
import type { BrokerConnection, BrokerEngine, OpenOptions } from "../engine.ts";
import { Commits } from "./commits.ts";
import type { KafkaMessage } from "./kafka-message.ts";
import { kafkaFailure, kafkaOptions } from "./kafka-options.ts";
import { KafkaPublisher } from "./kafka-publisher.ts";
import { StreamReader } from "./stream-reader.ts";

/** A member that is gone without a word keeps its partitions for so long; so does one that was killed. */
const sessionMs = 10_000;
const heartbeatMs = 3_000;
const rebalanceMs = 30_000;
/** Of one fetch from one broker, and of a partition in it; a single larger record comes nevertheless. */
const fetchBytes = 8 * 1024 * 1024;
const partitionBytes = 1024 * 1024;
const fetchWaitMs = 1_000;
/** Records that the library has decoded, beyond which it fetches no more. */
const decodedMax = 4_096;

type BytesConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;

export const kafkaEngine: BrokerEngine = {
  async open(collector, options) {
    const { source } = collector;
    const consumer: BytesConsumer = new Consumer({
      ...kafkaOptions(collector),
      groupId: source.group ?? "",
      ...(source.instance !== undefined && { groupInstanceId: source.instance }),
      autocommit: false,
      sessionTimeout: sessionMs,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: rebalanceMs,
      minBytes: 1,
      maxBytes: fetchBytes,
      maxBytesPerPartition: partitionBytes,
      maxWaitTime: fetchWaitMs,
      highWaterMark: decodedMax,
    });
    try {
      return await read(consumer, collector, options);
    } catch (error) {
      await consumer.close(true).catch(() => undefined);
      throw kafkaFailure(error);
    }
  },
};

async function read(
  consumer: BytesConsumer,
  collector: BrokerCollector,
  { window }: OpenOptions,
): Promise<BrokerConnection> {
  const { topic = "", tombstones } = collector.source;
  const topics = topic.split(",");
  const metadata = await consumer.metadata({ topics });
  // A topic that was deleted and made again has the same offsets for other records. Old brokers give topics no id.
  const names = new Map(
    topics.map((name) => [name, `${metadata.id}:${name}:${metadata.topics.get(name)?.id}`]),
  );
  let leads = false;
  consumer.on("consumer:group:join", ({ isLeader }) => {
    leads = isLeader === true;
  });
  const stream = await consumer.consume({
    topics,
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: MessagesStreamFallbackModes.EARLIEST,
  });
  const fail = (error: unknown) => reader.fail(kafkaFailure(error));
  const commits = new Commits(consumer, fail);
  const reader = new StreamReader({
    stream,
    commits,
    window,
    nameOf: (name) => names.get(name) ?? name,
    ignoreTombstones: tombstones === "ignore",
  });
  const publisher = new KafkaPublisher(collector);
  const partitions = new PartitionCounts(metadata.topics);
  return {
    read: (signal) => reader.read(signal),
    ack: async (messages) => reader.ack(messages as readonly KafkaMessage[]),
    publish: (target, message) => publisher.publish(target, message),
    async lag() {
      const lags = await consumer.getLag({ topics });
      // Partitions that were added are nobody's until the group's leader joins again.
      if (partitions.grown(lags) && leads) await consumer.joinGroup({});
      let sum = 0n;
      for (const ofTopic of lags.values()) for (const lag of ofTopic) if (lag > 0n) sum += lag;
      return Number(sum);
    },
    async close() {
      await commits.flush().catch(() => undefined);
      await publisher.close();
      await consumer.close(true);
    },
  };
}

/** How many partitions the topics have, as far as it is known. */
class PartitionCounts {
  readonly #counts = new Map<string, number>();

  constructor(topics: ReadonlyMap<string, { readonly partitionsCount: number }>) {
    for (const [topic, { partitionsCount }] of topics) this.#counts.set(topic, partitionsCount);
  }

  /** Whether there are more than the last time. */
  grown(partitions: ReadonlyMap<string, readonly unknown[]>): boolean {
    let grown = false;
    for (const [topic, { length }] of partitions) {
      if (length > (this.#counts.get(topic) ?? 0)) grown = true;
      this.#counts.set(topic, length);
    }
    return grown;
  }
}
