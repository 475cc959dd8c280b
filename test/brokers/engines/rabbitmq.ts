/** RabbitMQ with quorum queues, as a node of its own. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import type { Subprocess } from "bun";
import { freePort } from "../../support/free-port.ts";
import { brokerPassword, brokerUser, startServer, type TestBroker, untilDone } from "./test-broker.ts";

/** Not the wrapper of Debian, which becomes another user. */
const program = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/**
 * A node of RabbitMQ 3.10.8 that is killed sooner after a queue was declared comes back without it, or, of a quorum queue, without a leader: it confirms
 * nothing then, to nobody ("leader not known. Command will be forwarded once leader is known").
 */
const settledMs = 7_000;

export async function startRabbitmq(directory: string): Promise<TestBroker> {
  const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const address = (password = brokerPassword) => `amqp://${brokerUser}:${password}@127.0.0.1:${port}`;
  const epmd = { ERL_EPMD_ADDRESS: "127.0.0.1", ERL_EPMD_PORT: String(epmdPort) };
  const env = {
    ...epmd,
    HOME: directory,
    RABBITMQ_NODENAME: `mars-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_CONFIG_FILE: join(directory, "rabbitmq.conf"),
    RABBITMQ_MNESIA_BASE: join(directory, "mnesia"),
    RABBITMQ_LOG_BASE: join(directory, "log"),
    RABBITMQ_PID_FILE: join(directory, "pid"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "plugins"),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
  };
  await mkdir(join(directory, "log"));
  await writeFile(env.RABBITMQ_ENABLED_PLUGINS_FILE, "[].");
  await writeFile(
    env.RABBITMQ_CONFIG_FILE,
    `listeners.tcp.1 = 127.0.0.1:${port}\ndefault_user = ${brokerUser}\ndefault_pass = ${brokerPassword}\n`,
  );
  let open: { readonly connection: ChannelModel; readonly channel: ConfirmChannel } | undefined;
  const connected = async (): Promise<ConfirmChannel> => {
    if (open !== undefined) return open.channel;
    const connection = await connect(address(), { timeout: 1_000 });
    connection.on("error", () => undefined);
    connection.on("close", () => {
      open = undefined;
    });
    const channel = await connection.createConfirmChannel();
    channel.on("error", () => undefined);
    open = { connection, channel };
    return channel;
  };
  const start = () => startServer([program], { env, log: join(directory, "out"), ready: connected });
  let server: Subprocess = await start();
  let preparedAt = 0;
  const killSettled = async () => {
    await Bun.sleep(Math.max(0, preparedAt + settledMs - performance.now()));
    await killNow();
  };
  const killNow = async () => {
    open = undefined;
    // The shell is the parent of the node.
    process.kill(Number(await Bun.file(env.RABBITMQ_PID_FILE).text()), "SIGKILL");
    await server.exited;
  };
  const up = async () => {
    server = await start();
  };
  return {
    engine: "rabbitmq",
    async prepare() {
      const channel = await connected();
      for (const queue of ["events", "dead"])
        await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
      preparedAt = performance.now();
    },
    async publish(messages) {
      const left = new Set(messages);
      await untilDone(async () => {
        const channel = await connected();
        const sending = [...left].map(
          (message) =>
            new Promise<void>((resolve, reject) => {
              const { "content-type": contentType, ...headers } = message.headers ?? {};
              const type = contentType === undefined ? {} : { contentType };
              const options = { persistent: true, messageId: message.id, headers, ...type };
              channel.sendToQueue("events", Buffer.from(message.body), options, (error: Error | null) => {
                if (error) return reject(error);
                left.delete(message);
                resolve();
              });
            }),
        );
        const failed = (await Promise.allSettled(sending)).find(({ status }) => status === "rejected");
        if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
      });
    },
    url({ password = brokerPassword, deadLetter = false } = {}) {
      return `${address(password)}?queue=events${deadLetter ? "&dead_letter=dead" : ""}`;
    },
    sink: { url: `${address()}?queue=dead`, down: killSettled, up },
    async kill() {
      await killSettled();
      await up();
    },
    async deadLetters() {
      const channel = await connected();
      const found = [];
      for (;;) {
        const message = await channel.get("dead", { noAck: true });
        if (message === false) return found;
        const { headers, messageId } = message.properties;
        const body = message.content.toString();
        found.push({ id: String(messageId), body, reason: String(headers?.["mars-reason"]) });
      }
    },
    async stop() {
      await killNow();
      const kill = Bun.spawn(["epmd", "-port", String(epmdPort), "-kill"], {
        env: { PATH: process.env.PATH ?? "", ...epmd, ERL_EPMD_RELAXED_COMMAND_CHECK: "true" },
        stdout: "ignore",
        stderr: "ignore",
      });
      await kill.exited;
    },
  };
}
