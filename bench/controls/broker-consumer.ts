/**
 * The least that a consumer of a message broker can do: it reads so many messages by the client library that Mars uses, parses nothing, and
 * acknowledges each. Prints messages a second.
 *
 *     bun bench/controls/broker-consumer.ts ENGINE URL COUNT
 */
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import * as amqp from "amqplib";

const [engine = "", url = "", count = ""] = process.argv.slice(2);
const wanted = Number(count);

const consumers: Readonly<Record<string, (url: URL) => Promise<number>>> = {
  async nats({ host, username, password }) {
    const connection = await connect({ servers: host, user: username, pass: password });
    const manager = await jetstreamManager(connection);
    const config = { durable_name: "control", ack_policy: AckPolicy.Explicit, max_ack_pending: 10_000 };
    await manager.consumers.add("events", config);
    const consumer = await jetstream(connection).consumers.get("events", "control");
    const began = performance.now();
    let read = 0;
    for await (const message of await consumer.consume({ max_messages: 8_192 })) {
      message.ack();
      if (++read === wanted) break;
    }
    return performance.now() - began;
  },
  async redis({ href }) {
    const client = new Bun.RedisClient(href.split("?")[0]);
    await client.send("XGROUP", ["CREATE", "events", "control", "0"]);
    const began = performance.now();
    for (let read = 0; read < wanted; ) {
      const from = ["GROUP", "control", "control", "COUNT", "1000", "STREAMS", "events", ">"];
      const answer = (await client.send("XREADGROUP", from)) as Record<string, [string, string[]][]>;
      const ids = (answer.events ?? []).map(([id]) => id);
      await client.send("XACK", ["events", "control", ...ids]);
      read += ids.length;
    }
    return performance.now() - began;
  },
  async rabbitmq({ href }) {
    const channel = await (await amqp.connect(href.split("?")[0] ?? "")).createChannel();
    await channel.prefetch(2_000);
    const began = performance.now();
    const all = Promise.withResolvers<void>();
    let read = 0;
    await channel.consume("events", (message) => {
      if (message === null) return;
      read += 1;
      if (read % 250 === 0 || read === wanted) channel.ack(message, true);
      if (read === wanted) all.resolve();
    });
    await all.promise;
    const took = performance.now() - began;
    // The acknowledgement goes out first.
    await channel.close();
    return took;
  },
};

const ms = await consumers[engine]!(new URL(url));
process.stdout.write(`${(wanted / ms) * 1_000}\n`);
process.exit(0);
