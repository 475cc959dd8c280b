/**
 * How far the partitions are done. A partition's offset is committed when all that came before it is done, in any order. Offsets have
 * gaps where records were compacted or belong to a transaction: what counts is the order of arrival.
 */
import type { CommitOptionsPartition, Consumer } from "@platformatic/kafka";
import type { KafkaMessage } from "./kafka-message.ts";

/** What is done is committed so often at most: each commit is a record of the broker's own. */
const everyMs = 100;

interface Partition {
  /** Those that are not done, and those done behind them; in their order of arrival, from `head` on. */
  queue: KafkaMessage[];
  head: number;
  /** The offset behind the last one that has come; less comes again after partitions have moved. */
  next: bigint;
  /** The offset behind the last one before which all is done. */
  done: bigint;
  /** Of that one. */
  leaderEpoch: number;
  committed: bigint;
}

type CommittingConsumer = Pick<
  Consumer<Buffer, Buffer, Buffer, Buffer>,
  "commit" | "isActive" | "assignments"
>;

export class Commits {
  readonly #consumer: CommittingConsumer;
  readonly #fail: (error: unknown) => void;
  /** By topic and number. */
  readonly #topics = new Map<string, Map<number, Partition>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #committing: Promise<void> | undefined;

  /** @param fail is called when a commit has failed: nothing more is committed by this consumer then */
  constructor(consumer: CommittingConsumer, fail: (error: unknown) => void) {
    this.#consumer = consumer;
    this.#fail = fail;
  }

  /** Whether it came before. */
  hasCome(topic: string, partition: number, offset: bigint): boolean {
    return offset < (this.#topics.get(topic)?.get(partition)?.next ?? 0n);
  }

  /** In the order of each partition. */
  add(message: KafkaMessage): void {
    const partition = this.#partitionOf(message);
    partition.queue.push(message);
    if (partition.next <= message.offset) partition.next = message.offset + 1n;
  }

  /** In any order. */
  done(messages: readonly KafkaMessage[]): void {
    for (const message of messages) message.done = true;
    for (const message of messages) advance(this.#partitionOf(message));
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#committing ??= this.#commit().catch(this.#fail);
    }, everyMs);
  }

  /** Resolves when all that is done is committed. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#committing;
    await this.#commit();
  }

  async #commit(): Promise<void> {
    try {
      // While partitions move nothing can be committed; what is left is asked for by the next ones.
      const offsets = this.#consumer.isActive() ? this.#offsets() : [];
      if (offsets.length === 0) return;
      await this.#consumer.commit({ offsets });
      for (const { topic, partition, offset } of offsets) {
        const known = this.#topics.get(topic)?.get(partition);
        if (known !== undefined && known.committed < offset) known.committed = offset;
      }
    } finally {
      this.#committing = undefined;
    }
  }

  /** Of partitions that are this consumer's: another's may be further. */
  #offsets(): CommitOptionsPartition[] {
    const offsets: CommitOptionsPartition[] = [];
    for (const { topic, partitions } of this.#consumer.assignments ?? [])
      for (const partition of partitions) {
        const known = this.#topics.get(topic)?.get(partition);
        if (known === undefined || known.done <= known.committed) continue;
        offsets.push({ topic, partition, offset: known.done, leaderEpoch: known.leaderEpoch });
      }
    return offsets;
  }

  #partitionOf({ topic, partition }: KafkaMessage): Partition {
    let ofTopic = this.#topics.get(topic);
    if (ofTopic === undefined) {
      ofTopic = new Map();
      this.#topics.set(topic, ofTopic);
    }
    let known = ofTopic.get(partition);
    if (known === undefined) {
      known = { queue: [], head: 0, next: 0n, done: 0n, leaderEpoch: -1, committed: 0n };
      ofTopic.set(partition, known);
    }
    return known;
  }
}

function advance(partition: Partition): void {
  const { queue } = partition;
  for (let message = queue[partition.head]; message?.done; message = queue[partition.head]) {
    partition.head += 1;
    if (message.offset < partition.done) continue;
    partition.done = message.offset + 1n;
    partition.leaderEpoch = message.leaderEpoch;
  }
  if (partition.head < 1_024 && partition.head < queue.length) return;
  partition.queue = queue.slice(partition.head);
  partition.head = 0;
}
