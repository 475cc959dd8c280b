/** A stream or a socket over every protocol that has them, each open, and its end. */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import {
  type CollectStreamRequest,
  CollectStreamRequestSchema,
  IngestService,
} from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { LifecycleService } from "../../src/gen/mars/v1/lifecycle_service_pb.ts";
import { MessageService } from "../../src/gen/mars/v1/message_service_pb.ts";
import { transports } from "../edge/rpc/clients.ts";
import { LiveClient } from "../support/live-client.ts";
import type { TestMars } from "../support/mars.ts";
import { bearer } from "./doors.ts";

export interface OpenStream {
  readonly name: string;
  /** How it ended, as its protocol has it: a code, or the text of an error. */
  readonly ended: Promise<string>;
}

/** @param token of a key of kind `ad`; absent: a caller without a key */
export async function openStreams(mars: TestMars, token?: string): Promise<OpenStream[]> {
  const headers = token === undefined ? {} : bearer(token);
  const watching = transports
    .filter(([name]) => !/gzip|GET/.test(name))
    .flatMap(([name, transport]) => [
      watch(`WatchEvents by ${name}`, transport(mars), headers, "events"),
      watch(`WatchFindings by ${name}`, transport(mars), headers, "findings"),
    ]);
  const collecting = transports
    .filter(([name]) => /^(gRPC|gRPC with JSON|Connect over HTTP\/2)$/.test(name))
    .map(([name, transport]) => collect(`CollectStream by ${name}`, transport(mars), headers));
  return Promise.all([
    events("server-sent events", mars, "all", headers),
    events("server-sent events of findings", mars, "findings", headers),
    socket("WebSocket", mars, headers, true),
    socket("idle WebSocket", mars, headers, false),
    phoenix(mars, token),
    ...watching,
    ...collecting,
  ]);
}

async function events(
  name: string,
  mars: TestMars,
  topic: string,
  headers: Record<string, string>,
): Promise<OpenStream> {
  const response = await fetch(`${mars.url}/api/stream?topic=${topic}`, { headers });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const readUntil = async (what: string) => {
    while (!text.includes(what)) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
    }
  };
  await readUntil("event: subscribed");
  const ended = readUntil("no such text").then(
    () => (/event: error\ndata: (.*)\n/.exec(text)?.[1] ?? "{}") as string,
  );
  return { name, ended: ended.then((data) => String(JSON.parse(data).code)) };
}

async function socket(
  name: string,
  mars: TestMars,
  headers: Record<string, string>,
  subscribes: boolean,
): Promise<OpenStream> {
  const client = await LiveClient.open(mars, "/ws", headers);
  if (subscribes) await client.subscribe("all");
  else await client.answered();
  return { name, ended: client.closed.then(({ code }) => String(code)) };
}

async function phoenix(mars: TestMars, token: string | undefined): Promise<OpenStream> {
  const query = `vsn=2.0.0${token === undefined ? "" : `&token=${token}`}`;
  const client = await LiveClient.open(mars, `/socket/websocket?${query}`);
  client.send(JSON.stringify(["1", "1", "event_timeline:m", "phx_join", {}]));
  await client.next();
  return { name: "Phoenix", ended: client.closed.then(({ code }) => String(code)) };
}

async function watch(
  name: string,
  transport: Transport,
  headers: Record<string, string>,
  kind: "events" | "findings",
): Promise<OpenStream> {
  const items: AsyncIterable<unknown> =
    kind === "events"
      ? createClient(MessageService, transport).watchEvents({ topic: "all" }, { headers })
      : createClient(LifecycleService, transport).watchFindings({ topic: "findings" }, { headers });
  return afterFirst(name, items);
}

async function collect(
  name: string,
  transport: Transport,
  headers: Record<string, string>,
): Promise<OpenStream> {
  const requests = createWritableIterable<CollectStreamRequest>();
  const acks = createClient(IngestService, transport).collectStream(requests, { headers });
  const events = [{ appId: "a", messageId: "m", event: "e" }];
  void requests.write(create(CollectStreamRequestSchema, { batchId: 1n, events }));
  return afterFirst(name, acks);
}

/** Resolves once the first item is there. */
async function afterFirst(name: string, items: AsyncIterable<unknown>): Promise<OpenStream> {
  const iterator = items[Symbol.asyncIterator]();
  await iterator.next();
  return { name, ended: endOf(iterator) };
}

async function endOf(iterator: AsyncIterator<unknown>): Promise<string> {
  try {
    while ((await iterator.next()).done !== true);
    return "without an error";
  } catch (error) {
    return Code[ConnectError.from(error).code];
  }
}
