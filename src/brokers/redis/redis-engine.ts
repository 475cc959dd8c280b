/**
 * Redis streams, by a group. A blocking read has a connection of its own; acknowledgements and questions have another. Bun's client
 * does not decode bodies that are no UTF-8 faithfully: they are refused, and kept with replacement characters.
 */
import type { BrokerCollector } from "../../core/broker-collector.ts";
import { within } from "../../runtime/delay.ts";
import type { BrokerConnection, BrokerEngine, OpenOptions, OutgoingMessage } from "../engine.ts";
import { type TlsMembers, tlsTexts } from "../tls-texts.ts";
import type { RedisEntry } from "./redis-entry.ts";
import { RedisReader } from "./redis-reader.ts";

const connectMs = 5_000;
const commandMs = 10_000;

type RedisClient = InstanceType<typeof Bun.RedisClient>;

/** Sends one command. Rejects when the server refuses it, is away, or does not answer in time. */
export type Send = (command: string, ...args: readonly string[]) => Promise<unknown>;

export const redisEngine: BrokerEngine = {
  async open(collector, options) {
    const [commands, reads] = await Promise.all([connectTo(collector), connectTo(collector)]).catch(
      (error) => {
        throw explained(error);
      },
    );
    try {
      return await read(collector, options, commands, reads);
    } catch (error) {
      commands.close();
      reads.close();
      throw error;
    }
  },
};

/** That of a sink too. */
export async function connectTo({
  url,
  ...members
}: Pick<BrokerCollector, "url"> & TlsMembers): Promise<RedisClient> {
  const tls = tlsTexts(members, new URL(url).protocol === "rediss:");
  const client = new Bun.RedisClient(url, {
    autoReconnect: false,
    enableOfflineQueue: false,
    connectionTimeout: connectMs,
    ...(tls && { tls }),
  });
  await client.connect();
  return client;
}

/** The client does not say why a server has closed the connection. */
export function explained(error: unknown): unknown {
  const closed = (error as { readonly code?: string } | undefined)?.code === "ERR_REDIS_CONNECTION_CLOSED";
  return closed
    ? new Error("the connection was closed: is it Redis, with this user, password and certificate?")
    : error;
}

async function read(
  collector: BrokerCollector,
  { window }: OpenOptions,
  commands: RedisClient,
  reads: RedisClient,
): Promise<BrokerConnection> {
  const { stream = "", group = "", consumer = "" } = collector.source;
  const send = senderOf(commands);
  await makeGroup(send, stream, group);
  const reader = new RedisReader({ source: collector.source, send, sendRead: senderOf(reads), window });
  return {
    read: (signal) => reader.read(signal),
    async ack(messages) {
      await send("XACK", stream, group, ...(messages as readonly RedisEntry[]).map(({ entryId }) => entryId));
      reader.acknowledged(messages as readonly RedisEntry[]);
    },
    extend(messages) {
      if (messages.length === 0) return;
      const ids = (messages as readonly RedisEntry[]).map(({ entryId }) => entryId);
      // Another consumer of the group may claim what has been idle for long. If this fails the read does, too.
      send("XCLAIM", stream, group, consumer, "0", ...ids, "JUSTID").catch(() => undefined);
    },
    publish: (target, message) => publish(send, target, message),
    async lag() {
      const groups = (await send("XINFO", "GROUPS", stream)) as readonly Readonly<Record<string, unknown>>[];
      const own = groups.find(({ name }) => name === group);
      return typeof own?.lag === "number" ? own.lag + Number(own.pending) : undefined;
    },
    async close() {
      reads.close();
      commands.close();
    },
  };
}

async function makeGroup(send: Send, stream: string, group: string): Promise<void> {
  try {
    await send("XGROUP", "CREATE", stream, group, "0", "MKSTREAM");
  } catch (error) {
    if (!String(error).includes("BUSYGROUP")) throw error;
  }
}

/** Adds an entry with the body in `data`, and the others as fields beside it. */
export async function publish(
  send: Send,
  stream: string,
  { id, body, headers }: OutgoingMessage,
): Promise<void> {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  await send("XADD", stream, "*", "data", text, "id", id, ...Object.entries(headers).flat());
}

export function senderOf(client: RedisClient): Send {
  return async (command, ...args) => {
    const answer = client.send(command, [...args]);
    if (await within(commandMs, answer)) return answer;
    // What comes of it later is nobody's; the connection is given up.
    answer.catch(() => undefined);
    throw new Error(`Redis has not answered ${command} for ${commandMs / 1_000} s`);
  };
}
