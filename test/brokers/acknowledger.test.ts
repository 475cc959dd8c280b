import { expect, test } from "bun:test";
import type { ConsumeMessage } from "amqplib";
import { Acknowledger } from "../../src/brokers/rabbitmq/acknowledger.ts";
import { RabbitmqMessage } from "../../src/brokers/rabbitmq/rabbitmq-message.ts";
import { RedisEntry } from "../../src/brokers/redis/redis-entry.ts";

test("what is done is acknowledged up to the first message that is not, each once", () => {
  const acked: number[] = [];
  const acknowledger = new Acknowledger((tag) => acked.push(tag));
  for (let tag = 1; tag <= 6; tag++) acknowledger.received(tag);
  acknowledger.done([2, 3]);
  expect(acked).toEqual([]);
  acknowledger.done([1]);
  expect(acked).toEqual([3]);
  acknowledger.done([5, 6]);
  expect(acked).toEqual([3]);
  acknowledger.done([4]);
  expect(acked).toEqual([3, 6]);
});

test("an entry of a stream has its event in a field, or is the event", () => {
  const of = (id: string, ...pairs: string[]) =>
    new RedisEntry(id, pairs, { stream: "orders", field: "data", redelivered: false });
  expect(of("1-1", "data", "{}", "more", "x").body).toBe("{}");
  // Of two fields of the name the last one counts.
  expect(of("1-1", "data", "1", "data", "2").body).toBe("2");
  expect(of("1-1", "message_id", "m", "attributes", '{"a":1}').body).toBe(
    '{"message_id":"m","attributes":{"a":1}}',
  );
  expect(of("1-1", "message_id", "m", "attributes", "no JSON").body).toBe(
    '{"message_id":"m","attributes":"no JSON"}',
  );
  const now = Date.now();
  expect(of(`${now}-7`)).toMatchObject({ position: `orders:${now}-7`, brokerAt: now * 1_000 });
  // Such an id is no time.
  expect(of("5-1").brokerAt).toBeUndefined();
});

test("messages of two servers with the same place have the same id only where their content is the same", () => {
  const entry = (body: string) =>
    new RedisEntry("7-1", ["data", body], { stream: "orders", field: "data", redelivered: false }).id;
  const message = (body: string, messageId?: string) => {
    const properties = { messageId } as unknown as ConsumeMessage["properties"];
    const fields = { deliveryTag: 1, redelivered: false } as ConsumeMessage["fields"];
    return new RabbitmqMessage(
      { content: Buffer.from(body), fields, properties },
      { queue: "q", name: "/q" },
    );
  };
  expect(entry("a")).toBe("redis:orders:7-1:ca978112ca1bbdcafac231b39a23dc4d");
  expect(entry("b")).not.toBe(entry("a"));
  expect(message("a", "1").id).toBe("rabbitmq:/q:1:ca978112ca1bbdcafac231b39a23dc4d");
  expect(message("b", "1").id).not.toBe(message("a", "1").id);
  expect(message("a", "1").position).toBe("q:1");
  expect(message("a").id).toBe(
    "rabbitmq:/q:sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
  );
  expect(message("a").position).toBe("q:sha256:ca978112ca1bbdca");
});
