/** RabbitMQ by AMQP 0-9-1: one acknowledgement is for all messages up to one. */
import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from "amqplib";
import type { BrokerCollector } from "../../core/broker-collector.ts";
import { within } from "../../runtime/delay.ts";
import { Arrived } from "../arrived.ts";
import type { BrokerConnection, BrokerEngine, OpenOptions, OutgoingMessage } from "../engine.ts";
import { type TlsMembers, tlsTexts } from "../tls-texts.ts";
import { Acknowledger } from "./acknowledger.ts";
import { Flow } from "./flow.ts";
import { RabbitmqMessage } from "./rabbitmq-message.ts";

const connectMs = 5_000;
const heartbeatSeconds = 10;
const closeMs = 2_000;

export const rabbitmqEngine: BrokerEngine = {
  async open(collector, options) {
    const connection = await connectTo(collector);
    const arrived = new Arrived<RabbitmqMessage>();
    try {
      return await read(connection, collector, options, arrived);
    } catch (error) {
      await close(connection);
      throw arrived.failure ?? error;
    }
  },
};

/** That of a sink too. */
export async function connectTo({
  id,
  url,
  ...members
}: Pick<BrokerCollector, "id" | "url"> & TlsMembers): Promise<ChannelModel> {
  const { ca, ...tls } = tlsTexts(members, url.startsWith("amqps:")) ?? {};
  // The library goes by the scheme alone.
  const address = ca === undefined && tls.cert === undefined ? url : url.replace(/^amqp:/, "amqps:");
  const connection = await connect(`${address}?heartbeat=${heartbeatSeconds}`, {
    timeout: connectMs,
    clientProperties: { connection_name: `mars ${id}` },
    ...tls,
    ...(ca !== undefined && { ca: [ca] }),
  });
  // Its end follows, which is looked at.
  connection.on("error", () => undefined);
  return connection;
}

async function read(
  connection: ChannelModel,
  collector: BrokerCollector,
  { window }: OpenOptions,
  arrived: Arrived<RabbitmqMessage>,
): Promise<BrokerConnection> {
  const { queue = "" } = collector.source;
  connection.on("close", (error?: Error) => arrived.fail(error ?? new Error("the connection was closed")));
  const channel = await connection.createChannel();
  failWith(channel, arrived);
  await channel.checkQueue(queue);
  const acknowledger = new Acknowledger((tag) => ackUpTo(channel, tag));
  const name = `${new URL(collector.url).pathname}/${queue}`;
  const receive = (message: ConsumeMessage | null) => {
    if (message === null) return arrived.fail(new Error(`the queue ${queue} is gone`));
    acknowledger.received(message.fields.deliveryTag);
    arrived.push(new RabbitmqMessage(message, { queue, name }));
  };
  const flow = new Flow({ channel, queue, window, receive, fail: (error) => arrived.fail(error) });
  await flow.start();
  const looking = await connection.createChannel();
  failWith(looking, arrived);
  let confirming: Promise<ConfirmChannel> | undefined;
  let received = 0;
  return {
    async read(signal) {
      const messages = await arrived.read(signal);
      received += messages.length;
      return messages;
    },
    async ack(messages) {
      if (arrived.failure !== undefined) throw arrived.failure;
      acknowledger.done((messages as readonly RabbitmqMessage[]).map(({ tag }) => tag));
      flow.done(messages.reduce((sum, { body }) => sum + body.length, 0));
      received -= messages.length;
    },
    publish(target, message) {
      confirming ??= createConfirming(connection);
      return confirming.then((channel) => publish(channel, target, message));
    },
    lag: async () => (await looking.checkQueue(queue)).messageCount + received,
    close: () => close(connection),
  };
}

function ackUpTo(channel: Channel, tag: number): void {
  channel.ack({ fields: { deliveryTag: tag } } as ConsumeMessage, true);
}

function failWith(channel: Channel, arrived: Arrived<RabbitmqMessage>): void {
  channel.on("error", (error: Error) => arrived.fail(error));
  channel.on("close", () => arrived.fail(new Error("the channel was closed")));
}

/** For `publish`. */
export async function createConfirming(connection: ChannelModel): Promise<ConfirmChannel> {
  const channel = await connection.createConfirmChannel();
  // What is under way is rejected by the end of the channel.
  channel.on("error", () => undefined);
  return channel;
}

/**
 * Resolves once the queue has it, or each queue that the exchange leads it to. Rejects where there is none: the broker returns the message
 * before it confirms.
 *
 * @param queue of another exchange than the default one: the routing key
 */
export function publish(
  channel: ConfirmChannel,
  queue: string,
  { id, body, headers }: OutgoingMessage,
  exchange = "",
): Promise<void> {
  return new Promise((resolve, reject) => {
    let returned = false;
    const onReturn = ({ properties }: ConsumeMessage) => {
      if (properties.messageId === id) returned = true;
    };
    channel.on("return", onReturn);
    const options = { messageId: id, headers, persistent: true, mandatory: true };
    channel.publish(exchange, queue, Buffer.from(body), options, (error: Error | null) => {
      channel.off("return", onReturn);
      const missing =
        exchange === "" ? `there is no queue ${queue}` : `the exchange ${exchange} leads it to no queue`;
      if (error) reject(error);
      else if (returned) reject(new Error(missing));
      else resolve();
    });
  });
}

/** Resolves after `closeMs` where the broker does not answer. */
export async function close(connection: ChannelModel): Promise<void> {
  await within(
    closeMs,
    connection.close().catch(() => undefined),
  );
}
