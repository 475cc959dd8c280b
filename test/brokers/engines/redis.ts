/** Redis that syncs every write before its answer, with a user of its access control list. */
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
import { createTestTls, tlsMembers } from "./test-tls.ts";

/** Of the default user, by which the tests connect. */
const ownPassword = "own";

export async function startRedis(
  directory: string,
  { tls: wantsTls = false }: StartOptions = {},
): Promise<TestBroker> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const tls = wantsTls ? createTestTls(directory) : undefined;
  const options = { autoReconnect: false, connectionTimeout: 1_000 };
  let client: Bun.RedisClient | undefined;
  let server: Subprocess;
  // Ids of entries grow: one that was added before is refused, so a repeat adds nothing.
  const firstMs = Date.now();
  let added = 0;
  const connected = async () => {
    if (client?.connected) return client;
    client?.close();
    client = new Bun.RedisClient(`redis://:${ownPassword}@127.0.0.1:${port}`, options);
    await client.connect();
    return client;
  };
  const start = () =>
    startServer(
      [
        ...["redis-server", "--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
        ...["--appendonly", "yes", "--appendfsync", "always", "--requirepass", ownPassword],
        ...["--user", brokerUser, "on", `>${brokerPassword}`, "~*", "&*", "+@all"],
        ...(tls === undefined ? [] : ["--tls-port", String(tlsPort), "--tls-cert-file", tls.files.cert]),
        ...(tls === undefined ? [] : ["--tls-key-file", tls.files.key, "--tls-ca-cert-file", tls.files.ca]),
      ],
      { log: `${directory}/redis.log`, ready: async () => (await connected()).send("PING", []) },
    );
  server = await start();
  const down = async () => {
    server.kill("SIGKILL");
    await server.exited;
  };
  const up = async () => {
    server = await start();
  };
  return {
    engine: "redis",
    async prepare() {
      await (await connected()).send("XGROUP", ["CREATE", "events", "mars", "0", "MKSTREAM"]);
    },
    async publish(messages) {
      const entries = messages.map(({ body, headers = {} }) => ({
        id: `${firstMs}-${++added}`,
        body,
        fields: Object.entries(headers).flat(),
      }));
      const left = new Set(entries);
      await untilDone(async () => {
        const client = await connected();
        const adding = [...left].map(async (entry) => {
          try {
            // Of Bun's types texts only; it sends bytes as they are.
            await client.send("XADD", ["events", entry.id, "data", entry.body as string, ...entry.fields]);
          } catch (error) {
            if (!String(error).includes("equal or smaller")) throw error;
          }
          left.delete(entry);
        });
        const failed = (await Promise.allSettled(adding)).find(({ status }) => status === "rejected");
        if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
      });
    },
    url({ password = brokerPassword, deadLetter = false, tls: urlTls } = {}) {
      const members = new URLSearchParams({
        stream: "events",
        ...(deadLetter && { dead_letter: "dead" }),
        ...(tls && urlTls && tlsMembers(tls, urlTls)),
      });
      const user = `${brokerUser}:${password}`;
      if (urlTls !== undefined) return `rediss://${user}@${urlTls.host}:${tlsPort}?${members}`;
      return `redis://${user}@127.0.0.1:${port}?${members}`;
    },
    async setPassword(password) {
      const client = await connected();
      await client.send("ACL", ["SETUSER", brokerUser, "resetpass", `>${password}`]);
      await client.send("CLIENT", ["KILL", "USER", brokerUser]);
    },
    sink: { url: `redis://${brokerUser}:${brokerPassword}@127.0.0.1:${port}?stream=dead` },
    down,
    up,
    async kill() {
      await down();
      await up();
    },
    async deadLetters() {
      const client = await connected();
      const entries = (await client.send("XRANGE", ["dead", "-", "+"])) as [string, string[]][];
      return entries.map(([, pairs]) => {
        const of = (field: string) => pairs[pairs.indexOf(field) + 1] ?? "";
        return { id: of("id"), body: of("data"), reason: of("mars-reason") };
      });
    },
    async stop() {
      client?.close();
      server.kill("SIGKILL");
      await server.exited;
    },
  };
}
