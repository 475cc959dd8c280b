/**
 * The least that a consumer of a message broker can do: it reads so many messages by the client library that Mars uses, with the settings
 * that Mars has, takes each body as a text, parses nothing, and acknowledges several at once where Mars does. Prints messages a second, from the first that has
 * come until the last is acknowledged.
 *
 *     bun bench/controls/broker-consumer.ts ENGINE URL COUNT
 */
import { connect as connectTcp } from "node:net";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Consumer, MessagesStreamModes } from "@platformatic/kafka";
import * as amqp from "amqplib";
import { AwsClient } from "aws4fetch";
import { generate, type Packet, parser } from "mqtt-packet";

const [engine = "", url = "", count = ""] = process.argv.slice(2);
const wanted = Number(count);
let read = 0;
let first = 0;
let began = 0;
let chars = 0;

/** @returns whether these are the last ones */
function arrived(bodies: readonly string[]): boolean {
  const { length: messages } = bodies;
  if (read === 0) {
    began = performance.now();
    first = messages;
  }
  read += messages;
  for (const body of bodies) chars += body.length;
  return read >= wanted;
}

/** Each resolves when the last message is acknowledged. */
const consumers: Readonly<Record<string, (url: URL) => Promise<void>>> = {
  async nats({ host, username, password }) {
    const connection = await connect({ servers: host, user: username, pass: password });
    const manager = await jetstreamManager(connection);
    const config = { durable_name: "control", ack_policy: AckPolicy.Explicit, max_ack_pending: 10_000 };
    await manager.consumers.add("events", config);
    const consumer = await jetstream(connection).consumers.get("events", "control");
    for await (const message of await consumer.consume({ max_messages: 8_192 })) {
      message.ack();
      if (arrived([message.string()])) break;
    }
    await connection.flush();
  },
  async redis({ href }) {
    const client = new Bun.RedisClient(href.split("?")[0]);
    await client.send("XGROUP", ["CREATE", "events", "control", "0"]);
    for (let all = false; !all; ) {
      const from = ["GROUP", "control", "control", "COUNT", "1000", "STREAMS", "events", ">"];
      const answer = (await client.send("XREADGROUP", from)) as Record<string, [string, string[]][]>;
      const entries = answer.events ?? [];
      const ids = entries.map(([id]) => id);
      all = arrived(entries.map(([, [, body = ""]]) => body));
      await client.send("XACK", ["events", "control", ...ids]);
    }
  },
  async rabbitmq({ href }) {
    const channel = await (await amqp.connect(href.split("?")[0] ?? "")).createChannel();
    await channel.prefetch(2_000);
    const all = Promise.withResolvers<void>();
    await channel.consume("events", (message) => {
      if (message === null) return;
      const last = arrived([message.content.toString()]);
      if (last || read % 250 === 0) channel.ack(message, true);
      if (last) all.resolve();
    });
    await all.promise;
    // The acknowledgement goes out first.
    await channel.close();
  },
  async kafka({ host }) {
    const consumer = new Consumer({
      ...{ clientId: "control", bootstrapBrokers: [host], groupId: "control", autocommit: false },
      ...{ minBytes: 1, maxBytes: 8 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 },
      ...{ maxWaitTime: 1_000, highWaterMark: 4_096 },
    });
    const stream = await consumer.consume({ topics: ["events"], mode: MessagesStreamModes.EARLIEST });
    const all = Promise.withResolvers<void>();
    const offsets = new Map<
      number,
      { topic: string; partition: number; offset: bigint; leaderEpoch: number }
    >();
    const commit = () => consumer.commit({ offsets: [...offsets.values()] });
    const timer = setInterval(() => commit().catch(all.reject), 100);
    stream.on("error", all.reject);
    stream.on("data", ({ topic, partition, offset, leaderEpoch, value }) => {
      offsets.set(partition, { topic, partition, offset: offset + 1n, leaderEpoch });
      if (arrived([value.toString()])) all.resolve();
    });
    await all.promise;
    clearInterval(timer);
    await commit();
  },
  async mqtt({ hostname, port, username, password, searchParams }) {
    const version = { protocolVersion: 5 };
    const socket = connectTcp({ host: hostname, port: Number(port) });
    const send = (packet: Packet) => socket.write(generate(packet, version));
    const all = Promise.withResolvers<void>();
    const codec = parser(version);
    codec.on("packet", (packet) => {
      if (packet.cmd !== "publish") return;
      send({ cmd: "puback", messageId: packet.messageId ?? 0, reasonCode: 0 });
      if (arrived([packet.payload.toString()])) all.resolve();
    });
    socket.on("error", all.reject);
    socket.on("data", (bytes: Buffer) => {
      socket.cork();
      codec.parse(bytes);
      socket.uncork();
    });
    // The session is there, with its subscription.
    send({
      ...{ cmd: "connect", protocolId: "MQTT", protocolVersion: 5, clean: false, keepalive: 30 },
      ...{ clientId: searchParams.get("client_id") ?? "", username, password: Buffer.from(password) },
      properties: { sessionExpiryInterval: 3_600, receiveMaximum: 8_192 },
    });
    await all.promise;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    send({ cmd: "disconnect", reasonCode: 0 });
    socket.end();
    await closed;
  },
  async sqs({ host, pathname, username, password, searchParams }) {
    const client = new AwsClient({
      ...{ accessKeyId: username, secretAccessKey: decodeURIComponent(password), retries: 0 },
      ...{ service: "sqs", region: searchParams.get("region") ?? "" },
    });
    const call = async (action: string, input: object) => {
      const answer = await client.fetch(`http://${host}/`, {
        method: "POST",
        headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
        body: JSON.stringify({ QueueUrl: `http://${host}${pathname}`, ...input }),
      });
      if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as { Messages?: { ReceiptHandle: string; Body: string }[] };
    };
    const poll = async () => {
      while (read < wanted) {
        const asked = { MaxNumberOfMessages: 10, WaitTimeSeconds: 0, MessageAttributeNames: ["All"] };
        const { Messages: messages = [] } = await call("ReceiveMessage", asked);
        if (messages.length === 0) continue;
        const entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
        arrived(messages.map(({ Body }) => Body));
        await call("DeleteMessageBatch", { Entries: entries });
      }
    };
    await Promise.all(Array.from({ length: 10 }, poll));
  },
};

await consumers[engine]!(new URL(url));
if (chars === 0) throw new Error("no message had a body");
process.stdout.write(`${((read - first) / (performance.now() - began)) * 1_000}\n`);
process.exit(0);
