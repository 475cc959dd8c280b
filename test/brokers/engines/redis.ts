/** Redis that syncs every write before its answer, with a password. */
import type { Subprocess } from "bun";
import { freePort } from "../../support/free-port.ts";
import { brokerPassword, startServer, type TestBroker, untilDone } from "./test-broker.ts";

export async function startRedis(directory: string): Promise<TestBroker> {
  const port = await freePort();
  const options = { autoReconnect: false, connectionTimeout: 1_000 };
  let client: Bun.RedisClient | undefined;
  let server: Subprocess;
  // Ids of entries grow: one that was added before is refused, so a repeat adds nothing.
  const firstMs = Date.now();
  let added = 0;
  const connected = async () => {
    if (client?.connected) return client;
    client?.close();
    client = new Bun.RedisClient(`redis://:${brokerPassword}@127.0.0.1:${port}`, options);
    await client.connect();
    return client;
  };
  const start = () =>
    startServer(
      [
        ...["redis-server", "--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
        ...["--appendonly", "yes", "--appendfsync", "always", "--requirepass", brokerPassword],
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
    url({ password = brokerPassword, deadLetter = false } = {}) {
      const target = deadLetter ? "&dead_letter=dead" : "";
      return `redis://:${password}@127.0.0.1:${port}?stream=events${target}`;
    },
    sink: { url: `redis://:${brokerPassword}@127.0.0.1:${port}?stream=dead`, down, up },
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
