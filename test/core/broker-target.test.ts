/** The URLs of what is published to. */
import { expect, test } from "bun:test";
import { parseBrokerTarget } from "../../src/core/broker-target.ts";

test("a target is a member of the query, and its URL keeps user and password", () => {
  expect(parseBrokerTarget("nats://u:p@nats.example.com:4222?subject=alerts.shop")).toEqual({
    target: {
      engine: "nats",
      url: "nats://u:p@nats.example.com:4222",
      members: { subject: "alerts.shop" },
    },
  });
  expect(parseBrokerTarget("amqps://u:p@h/vhost?exchange=alerts&routing_key=a.b")).toEqual({
    target: {
      engine: "rabbitmq",
      url: "amqps://u:p@h/vhost",
      members: { exchange: "alerts", routing_key: "a.b" },
    },
  });
  expect(parseBrokerTarget("sqs://id:secret@sqs.eu-central-1.amazonaws.com/1/q.fifo")).toEqual({
    target: { engine: "sqs", url: "sqs://id:secret@sqs.eu-central-1.amazonaws.com/1/q.fifo", members: {} },
  });
});

test.each([
  ["https://example.com", "must be one of nats://"],
  ["mqtt://h", "must have ?topic=…"],
  ["mqtt://h?topic=a/%2B", "must have a topic without wildcards"],
  ["sqs://sqs.eu-central-1.amazonaws.com/1/q", "must have an access key as its user"],
  ["sqs://id:secret@sqs.eu-central-1.amazonaws.com/q", "must have a path: sqs://HOST/ACCOUNT/QUEUE"],
  ["nats://h", "must have ?subject=…"],
  ["amqp://h?queue=a&exchange=b", "must have ?queue=… or ?exchange=…"],
  ["amqp://h?queue=a&routing_key=b", "must have routing_key with an exchange only"],
  ["redis://h?stream=a&stream=b", "must have stream once in its query"],
  ["redis://h?stream=", "must have stream not empty"],
  ["redis://h?stream=a%20b", "must have stream without blanks"],
  ["kafka://h?topic=a&sasl=md5", "must have sasl as one of plain"],
  ["kafka://h?topic=a&group=b", "must not have group in its query"],
  ["nats://h?subject=a.*", "must have a subject without wildcards"],
  [`nats://h?subject=${"a".repeat(2_048)}`, "must be at most 2048 bytes"],
])("%s is refused", (url, problem) => {
  const parsed = parseBrokerTarget(url);
  expect("problem" in parsed && parsed.problem).toStartWith(problem);
});
