import { expect, test } from "bun:test";
import type { CommitOptions } from "@platformatic/kafka";
import { Commits } from "../../src/brokers/kafka/commits.ts";
import { KafkaMessage, type KafkaRecord } from "../../src/brokers/kafka/kafka-message.ts";

/** The group, as far as commits need it. */
function group(partitions: number[]) {
  const committed: string[] = [];
  return {
    committed,
    assignments: [{ topic: "orders", partitions }],
    isActive: () => true,
    async commit({ offsets }: CommitOptions) {
      for (const { partition, offset } of offsets) committed.push(`${partition}:${offset}`);
    },
  };
}

function record(partition: number, offset: bigint): KafkaMessage {
  const fields = { topic: "orders", partition, offset, leaderEpoch: 0, timestamp: 1n, headerEntries: [] };
  return new KafkaMessage({ ...fields, value: Buffer.from("{}") } as unknown as KafkaRecord, "orders", false);
}

function committing(partitions: number[]) {
  const consumer = group(partitions);
  const commits = new Commits(consumer as never, (error) => {
    throw error;
  });
  const come = (partition: number, ...offsets: bigint[]) =>
    offsets.map((offset) => {
      const message = record(partition, offset);
      commits.add(message);
      return message;
    });
  return { consumer, commits, come };
}

test("an offset is committed when all that came before it is done, with gaps between offsets", async () => {
  const { consumer, commits, come } = committing([0, 1]);
  const [a, b, c] = come(0, 3n, 7n, 9n) as [KafkaMessage, KafkaMessage, KafkaMessage];
  const [other] = come(1, 5n) as [KafkaMessage];
  commits.done([c, b]);
  await commits.flush();
  expect(consumer.committed).toEqual([]);
  commits.done([other, a]);
  await commits.flush();
  expect(consumer.committed).toEqual(["0:10", "1:6"]);
  await commits.flush();
  expect(consumer.committed).toHaveLength(2);
});

test("of partitions that are another's nothing is committed, and nothing goes back", async () => {
  const { consumer, commits, come } = committing([0, 1]);
  const first = come(0, 0n, 1n);
  const moved = come(1, 0n);
  consumer.assignments = [{ topic: "orders", partitions: [0] }];
  commits.done([...first, ...moved]);
  await commits.flush();
  expect(consumer.committed).toEqual(["0:2"]);
  // They come again, as after a move of partitions.
  expect(commits.hasCome("orders", 0, 1n)).toBe(true);
  expect(commits.hasCome("orders", 0, 2n)).toBe(false);
  commits.done(come(0, 0n, 1n));
  await commits.flush();
  expect(consumer.committed).toEqual(["0:2"]);
  commits.done(come(0, 2n));
  await commits.flush();
  expect(consumer.committed).toEqual(["0:2", "0:3"]);
});
