/** RabbitMQ with quorum queues, as a node of its own. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import type { Subprocess } from "bun";
import { freePort } from "../../support/free-port.ts";
import {
  brokerPassword,
  brokerUser,
  type StartOptions,
  startServer,
  type TestBroker,
  untilDone,
} from "./test-broker.ts";
import { createTestTls, type TestTls, tlsMembers } from "./test-tls.ts";

/** Not the wrapper of Debian, which becomes another user. */
const program = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/**
 * A node of RabbitMQ 3.10.8 that is killed sooner after a queue was declared comes back without it, or, of a quorum queue, without a leader: it confirms
 * nothing then, to nobody ("leader not known. Command will be forwarded once leader is known").
 */
const settledMs = 7_000;

export async function startRabbitmq(
  directory: string,
  { tls: wantsTls = false }: StartOptions = {},
): Promise<TestBroker> {
  const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const tlsPort = await freePort();
  const tls = wantsTls ? createTestTls(directory) : undefined;
  /** The user's, and that of the tests. */
  let ownPassword = brokerPassword;
  const address = (password = ownPassword) => `amqp://${brokerUser}:${password}@127.0.0.1:${port}`;
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
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `default_user = ${brokerUser}`,
      `default_pass = ${brokerPassword}`,
      ...(tls === undefined ? [] : tlsLines(tlsPort, tls)),
      "",
    ].join("\n"),
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
  const control = async (...words: readonly string[]) => {
    const child = Bun.spawn(
      [`${program.slice(0, -"-server".length)}ctl`, "-n", env.RABBITMQ_NODENAME, ...words],
      {
        env: { PATH: process.env.PATH ?? "", ...env },
        stdout: Bun.file(join(directory, "ctl")),
        stderr: Bun.file(join(directory, "ctl")),
      },
    );
    if ((await child.exited) !== 0) throw new Error(await Bun.file(join(directory, "ctl")).text());
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
    url({ password = brokerPassword, deadLetter = false, tls: urlTls } = {}) {
      const members = new URLSearchParams({
        queue: "events",
        ...(deadLetter && { dead_letter: "dead" }),
        ...(tls && urlTls && tlsMembers(tls, urlTls)),
      });
      if (urlTls === undefined) return `${address(password)}?${members}`;
      return `amqps://${brokerUser}:${password}@${urlTls.host}:${tlsPort}?${members}`;
    },
    async setPassword(password) {
      await control("change_password", brokerUser, password);
      ownPassword = password;
      await control("close_all_user_connections", brokerUser, "password changed");
    },
    sink: { url: `${address()}?queue=dead` },
    down: killSettled,
    up,
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

function tlsLines(port: number, { files }: TestTls): readonly string[] {
  return [
    `listeners.ssl.1 = 127.0.0.1:${port}`,
    `ssl_options.cacertfile = ${files.ca}`,
    `ssl_options.certfile = ${files.cert}`,
    `ssl_options.keyfile = ${files.key}`,
    "ssl_options.verify = verify_peer",
    "ssl_options.fail_if_no_peer_cert = true",
  ];
}
