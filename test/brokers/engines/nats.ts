/** NATS with JetStream, users and passwords. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AckPolicy, type JetStreamClient, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, credsAuthenticator, headers, type NatsConnection, nanos } from "@nats-io/transport-node";
import type { Subprocess } from "bun";
import { freePort } from "../../support/free-port.ts";
import { createNatsAccounts, type NatsAccounts } from "./nats-accounts.ts";
import {
  brokerPassword,
  brokerUser,
  type StartOptions,
  startServer,
  type TestBroker,
  untilDone,
} from "./test-broker.ts";
import { createTestTls, type TestTls, tlsMembers } from "./test-tls.ts";

/** Shorter than that of a consumer which Mars makes, so that what a killed Mars has left comes again soon. */
const ackWaitMs = 4_000;
const ackPendingMax = 5_000;

/** The user of the tests themselves. */
const tester = { user: "tester", pass: "own" };

/** How long the first credentials hold, where there are tokens: long enough to start and to read. */
const firstSeconds = 20;

/** @param byTokens users have credentials files, of which the first one expires, instead of passwords */
export async function startNats(
  directory: string,
  { tls: wantsTls = false }: StartOptions = {},
  byTokens = false,
): Promise<TestBroker> {
  const port = await freePort();
  const tls = wantsTls ? createTestTls(directory) : undefined;
  const config = join(directory, "nats.conf");
  const accounts = byTokens ? createNatsAccounts() : undefined;
  /** By what the tests call a password. */
  const credentials = new Map<string, string>();
  const configure = (password: string) =>
    writeFileSync(config, configOf(directory, port, accounts?.config ?? usersOf(password), tls));
  configure(brokerPassword);
  let connection: NatsConnection | undefined;
  let client: JetStreamClient;
  let server: Subprocess;
  const start = () =>
    startServer(["nats-server", "-c", config], { log: join(directory, "nats.log"), ready: reach });
  const reach = async () => {
    if (connection !== undefined) return jetstreamManager(connection, { timeout: 500 });
    connection = await connect({
      servers: `localhost:${port}`,
      ...(accounts === undefined ? tester : { authenticator: ownAuthenticator(accounts) }),
      tls: tls === undefined ? null : { ca: tls.ca, ...tls.client },
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
    url({ password = brokerPassword, deadLetter = false, tls: urlTls } = {}) {
      const members = new URLSearchParams({
        ...{ stream: "events", consumer: "mars" },
        ...(deadLetter && { dead_letter: "dead" }),
        ...(tls && urlTls && tlsMembers(tls, urlTls)),
      });
      if (accounts !== undefined) {
        const first = password === brokerPassword ? firstSeconds : undefined;
        const text = credentials.get(password) ?? accounts.credentials(brokerUser, first);
        credentials.set(password, text);
        members.set("credentials", text);
        return `nats://127.0.0.1:${port}?${members}`;
      }
      const scheme = urlTls === undefined ? "nats" : "tls";
      return `${scheme}://${brokerUser}:${password}@${urlTls?.host ?? "127.0.0.1"}:${port}?${members}`;
    },
    async setPassword(password) {
      // The first credentials expire by themselves.
      if (accounts !== undefined) return;
      configure(password);
      server.kill("SIGHUP");
    },
    sink: { url: `nats://${brokerUser}:${brokerPassword}@127.0.0.1:${port}?subject=dead` },
    down,
    up,
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

function ownAuthenticator(accounts: NatsAccounts) {
  return credsAuthenticator(new TextEncoder().encode(accounts.credentials(tester.user)));
}

function usersOf(password: string): string {
  const user = (name: string, text: string) => `{ user: "${name}", password: "${text}" }`;
  return `authorization: { users: [${user(brokerUser, password)}, ${user(tester.user, tester.pass)}] }`;
}

function configOf(directory: string, port: number, users: string, tls: TestTls | undefined): string {
  const files = tls?.files;
  return `listen: "127.0.0.1:${port}"
jetstream: { store_dir: "${join(directory, "data")}" }
${users}
${files === undefined ? "" : `tls: { ca_file: "${files.ca}", cert_file: "${files.cert}", key_file: "${files.key}", verify: true }`}
`;
}
