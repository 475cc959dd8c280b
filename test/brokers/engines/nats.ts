/** NATS with JetStream, a user and a password. */
import { join } from "node:path";
import { AckPolicy, type JetStreamClient, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection, nanos } from "@nats-io/transport-node";
import type { Subprocess } from "bun";
import { freePort } from "../../support/free-port.ts";
import { brokerPassword, brokerUser, startServer, type TestBroker, untilDone } from "./test-broker.ts";

/** Shorter than that of a consumer which Mars makes, so that what a killed Mars has left comes again soon. */
const ackWaitMs = 4_000;
const ackPendingMax = 5_000;

/** @param options more of the server's, such as for TLS */
export async function startNats(directory: string, options: readonly string[] = []): Promise<TestBroker> {
  const port = await freePort();
  const auth = { user: brokerUser, pass: brokerPassword };
  let connection: NatsConnection | undefined;
  let client: JetStreamClient;
  let server: Subprocess;
  const address = `127.0.0.1:${port}`;
  const start = () =>
    startServer(
      [
        ...["nats-server", "-js", "-sd", join(directory, "data"), "-a", "127.0.0.1", "-p", String(port)],
        ...["--user", brokerUser, "--pass", brokerPassword, ...options],
      ],
      { log: join(directory, "nats.log"), ready: reach },
    );
  const reach = async () => {
    if (connection !== undefined) return jetstreamManager(connection, { timeout: 500 });
    connection = await connect({
      servers: address,
      ...auth,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    client = jetstream(connection, { timeout: 1_000 });
    return jetstreamManager(connection, { timeout: 500 });
  };
  server = await start();
  const down = async () => {
    server.kill("SIGKILL");
    await server.exited;
  };
  const up = async () => {
    server = await start();
  };
  return {
    engine: "nats",
    async prepare() {
      const manager = await reach();
      await manager.streams.add({ name: "events", subjects: ["events.>"] });
      await manager.streams.add({ name: "dead", subjects: ["dead"] });
      await manager.consumers.add("events", {
        durable_name: "mars",
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ackWaitMs),
        max_ack_pending: ackPendingMax,
      });
    },
    async publish(messages) {
      await Promise.all(
        messages.map(({ id, body, headers: given = {} }) => {
          const all = headers();
          for (const [name, value] of Object.entries(given)) all.set(name, value);
          return untilDone(() => client.publish("events.shop", body, { msgID: id, headers: all }));
        }),
      );
    },
    url({ password = brokerPassword, deadLetter = false } = {}) {
      const target = deadLetter ? "&dead_letter=dead" : "";
      return `nats://${brokerUser}:${password}@${address}?stream=events&consumer=mars${target}`;
    },
    sink: { url: `nats://${brokerUser}:${brokerPassword}@${address}?subject=dead`, down, up },
    async kill() {
      await down();
      await up();
    },
    async deadLetters() {
      const manager = await reach();
      const { state } = await manager.streams.info("dead");
      const found = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await manager.streams.getMessage("dead", { seq });
        const header = (name: string) => message?.header.get(name) ?? "";
        found.push({
          id: header("Nats-Msg-Id"),
          body: message?.string() ?? "",
          reason: header("mars-reason"),
        });
      }
      return found;
    },
    async stop() {
      await connection?.close();
      server.kill("SIGKILL");
      await server.exited;
    },
  };
}
