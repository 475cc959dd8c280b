/** NATS JetStream: a durable pull consumer with explicit acknowledgements. */
import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  headers,
  type NatsConnection,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import type { BrokerCollector } from "../../core/broker-collector.ts";
import type { BrokerConnection, BrokerEngine, OpenOptions, OutgoingMessage } from "../engine.ts";
import { type TlsMembers, tlsTexts } from "../tls-texts.ts";
import type { NatsMessage } from "./nats-message.ts";
import { PullReader } from "./pull-reader.ts";

const connectMs = 5_000;
const requestMs = 5_000;
const nanosOfMs = 1_000_000;
/** Of a consumer that Mars makes: longer than it is busy without `working`, see `extend`. */
const ackWaitMs = 60_000;
const ackPendingMax = 10_000;
/** A consumer that is there already may wait for less: so often it is asked to wait on in that time. */
const extendsInTime = 3;
/** A frozen server is noticed by the second ping without an answer. */
const pingMs = 10_000;
const working = new TextEncoder().encode("+WPI");

export const natsEngine: BrokerEngine = {
  async open(collector, options) {
    const connection = await connect(connectionOptions(collector));
    try {
      return await read(connection, collector, options);
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
  },
};

/** Those of a sink too. */
export function connectionOptions({
  id,
  url,
  credentials,
  ...members
}: Pick<BrokerCollector, "id" | "url" | "credentials"> & TlsMembers): ConnectionOptions {
  const { protocol, host, username, password } = new URL(url);
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  const tls = tlsTexts(members, protocol === "tls:");
  return {
    servers: host,
    name: `mars ${id}`,
    timeout: connectMs,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    pingInterval: pingMs,
    noAsyncTraces: true,
    ...(user !== "" && (pass === "" ? { token: user } : { user, pass })),
    ...(credentials !== undefined && { authenticator: authenticatorOf(credentials) }),
    ...(tls && { tls }),
  };
}

function authenticatorOf(credentials: string) {
  const text = credentials.trim();
  const bytes = (of: string) => new TextEncoder().encode(of);
  // The library finds the seed of a credentials file by the end of its last line.
  if (text.includes("BEGIN NATS USER JWT")) return credsAuthenticator(bytes(`${text}\n`));
  return nkeyAuthenticator(bytes(text));
}

async function read(
  connection: NatsConnection,
  collector: BrokerCollector,
  { window, lost, found }: OpenOptions,
): Promise<BrokerConnection> {
  const { stream = "", consumer = "" } = collector.source;
  const manager = await jetstreamManager(connection, { timeout: requestMs, checkAPI: false });
  const { created } = await manager.streams.info(stream);
  const ackMs = await assertConsumer(manager, collector);
  const check = () => manager.consumers.info(stream, consumer);
  // A stream that was deleted and made again has the same seqs for other messages.
  const name = `${stream}@${Date.parse(created).toString(36)}`;
  const reader = new PullReader({ connection, stream, consumer, name, window, check });
  void watch(connection, reader, { lost, found });
  return {
    read: (signal) => reader.read(signal),
    ack: async (messages) => reader.ack(messages as readonly NatsMessage[]),
    extend(messages) {
      for (const { reply } of [...(messages as readonly NatsMessage[]), ...reader.waiting])
        connection.publish(reply, working);
    },
    extendEveryMs: ackMs / extendsInTime,
    publish: (target, message) => publish(connection, target, message),
    async lag() {
      const { num_pending, num_ack_pending } = await check();
      return num_pending + num_ack_pending;
    },
    async close() {
      reader.close();
      // Acknowledgements that are on their way go out first.
      await connection.drain();
    },
  };
}

/**
 * Makes the consumer where it is not there; one that is there stays as it is, but must fit.
 *
 * @returns after how many milliseconds it sends what is not acknowledged to another
 */
async function assertConsumer(manager: JetStreamManager, { source }: BrokerCollector): Promise<number> {
  const { stream = "", consumer = "", subject } = source;
  try {
    const { config } = await manager.consumers.info(stream, consumer);
    if (config.ack_policy !== AckPolicy.Explicit)
      throw new Error(
        `the consumer ${consumer} has the ack policy ${config.ack_policy}: it must be explicit`,
      );
    if (config.deliver_subject !== undefined)
      throw new Error(`the consumer ${consumer} is a push consumer: it must be a pull consumer`);
    return (config.ack_wait ?? ackWaitMs * nanosOfMs) / nanosOfMs;
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.status === 404)) throw error;
    await manager.consumers.add(stream, {
      durable_name: consumer,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ackWaitMs * nanosOfMs,
      max_ack_pending: ackPendingMax,
      ...(subject !== undefined && { filter_subject: subject }),
    });
    return ackWaitMs;
  }
}

/** Resolves once a stream has it on its disk. */
export async function publish(
  connection: NatsConnection,
  subject: string,
  { id, body, headers: fields }: OutgoingMessage,
): Promise<void> {
  const all = headers();
  for (const [name, value] of Object.entries(fields)) all.set(name, value);
  await jetstream(connection, { timeout: requestMs }).publish(subject, body, { msgID: id, headers: all });
}

/** Follows what becomes of the connection, until it is closed. */
async function watch(
  connection: NatsConnection,
  reader: PullReader,
  { lost, found }: Pick<OpenOptions, "lost" | "found">,
): Promise<void> {
  const closed = connection.closed().then((error) => reader.fail(error ?? new Error("connection closed")));
  for await (const status of connection.status()) {
    if (status.type === "disconnect") lost(new Error(`${status.server} has closed the connection`));
    else if (status.type === "reconnect") {
      reader.reconnected();
      found();
    }
  }
  await closed;
}
