/**
 * Shows that a built Mars works as it will be run: copied out of reach of this project, started in an empty
 * directory, one event sent through every protocol, watched live and read back, before and after a restart.
 *
 *     bun scripts/smoke.ts dist/mars
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { type Client, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Socket } from "phoenix";
import packageJson from "../package.json" with { type: "json" };
import { MarsGrpc } from "../src/gen/event_pb.ts";
import { IngestService } from "../src/gen/mars/v1/ingest_service_pb.ts";
import { MessageService } from "../src/gen/mars/v1/message_service_pb.ts";
import { type MarsProcess, spawnMars } from "../test/support/process.ts";

const appId = "smoke";
const waitMs = 10_000;

/** What was sent: the message's id is the name of the way it took. */
type Way = readonly [name: string, send: () => Promise<unknown>];

await run(process.argv[2] ?? "dist/mars");

async function run(path: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "mars-smoke-"));
  const binary = join(home, "bin", "mars");
  const empty = join(home, "empty");
  mkdirSync(join(home, "bin"));
  mkdirSync(empty);
  copyFileSync(resolve(path), binary);
  process.chdir(empty);
  const spawn = () =>
    spawnMars({
      dataDir: "./data",
      command: [binary],
      env: { TMPDIR: join(home, "bin"), MARS_TEST_ENDPOINTS: "1" },
    });
  try {
    checkCommands(binary);
    let mars = await spawn();
    const names = await sendAndWatch(mars, binary);
    await readBack(mars, names);
    check("SIGTERM ends it with 0", (await mars.kill("SIGTERM")) === 0);
    mars = await spawn();
    await readBack(mars, names);
    await resume(mars, names);
    await mars.kill("SIGTERM");
    check("nothing but ./data was written", readdirSync(empty).join() === "data");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  print(`smoke: ok, ${path} ${packageJson.version}`);
  process.exit(0);
}

function checkCommands(binary: string): void {
  const output = (...args: string[]) => {
    const { stdout, stderr, exitCode } = Bun.spawnSync([binary, ...args], { env: {} });
    return { text: `${stdout}${stderr}`, exitCode };
  };
  check("--version", output("--version").text === `mars ${packageJson.version}\n`);
  check("--help names the settings", output("--help").text.includes("--database-auth-token"));
  check("config check", output("config", "check").exitCode === 0);
  check("a misspelt flag ends with 2", output("--http-prt", "1").exitCode === 2);
}

/** Returns the ids of the messages that were sent, each on a way of its own. */
async function sendAndWatch(mars: MarsProcess, binary: string): Promise<string[]> {
  const { url } = mars;
  check("/status", (await (await fetch(`${url}/status`)).text()).replaceAll(" ", "") === '{"status":"up"}');
  check("/readyz", (await fetch(`${url}/readyz`)).status === 200);
  const health = Bun.spawnSync([binary, "health", "--http-port", String(mars.httpPort)], { env: {} });
  check("mars health", health.exitCode === 0);
  const page = await fetch(`${url}/`);
  check("the page", page.status === 200 && (page.headers.get("content-type") ?? "").startsWith("text/html"));

  const ways = waysIn(mars);
  const names = ways.map(([name]) => name);
  const watchers = await Promise.all([
    watchWebSocket(url, `{"type":"subscribe","topic":"apps/${appId}"}`, names),
    watchEventSource(url, names),
    watchPhoenix(url, "rest"),
  ]);
  for (const [name, send] of ways) {
    await send();
    print(`  in   ${name}`);
  }
  for (const { name, seen } of watchers) {
    await within(seen, name);
    print(`  out  ${name}`);
  }
  check("GET /api/create_event", (await fetch(`${url}/api/create_event`)).status === 200);
  return names;
}

/** Every way into Mars, each with an event for a message of its own. */
function waysIn({ url, grpcPort }: MarsProcess): readonly Way[] {
  const grpc = createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpcPort}` });
  const web = { baseUrl: url, httpVersion: "1.1" } as const;
  const original = createClient(MarsGrpc, grpc);
  const native = createClient(IngestService, grpc);
  const binary = createClient(IngestService, createConnectTransport({ ...web, useBinaryFormat: true }));
  const json = createClient(IngestService, createConnectTransport({ ...web, useBinaryFormat: false }));
  const grpcWeb = createClient(IngestService, createGrpcWebTransport(web));
  const event = (name: string) => ({ appId, messageId: name, event: "sent" });
  const unary = (name: string, client: Client<typeof IngestService>): Way => [
    name,
    () => client.collectEvent(event(name)),
  ];
  return [
    ["rest", () => post(`${url}/api/event`, restEvent("rest"))],
    ["bulk", () => post(`${url}/api/event/bulk`, `{"events":[${restEvent("bulk")}]}`)],
    [
      "ndjson-gzip",
      () =>
        post(`${url}/api/event/bulk`, gzipSync(`${restEvent("ndjson-gzip")}\n`), {
          "content-type": "application/x-ndjson",
          "content-encoding": "gzip",
        }),
    ],
    ["grpc-original", () => original.collectEvent({ ...event("grpc-original"), createdAt: "Hello" })],
    unary("grpc", native),
    ["grpc-batch", () => native.collectEvents({ events: [event("grpc-batch")] })],
    ["grpc-stream", () => stream(native, event("grpc-stream"))],
    unary("connect-binary", binary),
    unary("connect-json", json),
    unary("grpc-web", grpcWeb),
  ];
}

function restEvent(name: string): string {
  return JSON.stringify({ app_id: appId, message_id: name, event: "sent" });
}

async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const text = await response.text();
  check(`POST ${new URL(url).pathname}: ${text}`, response.status === 200 && text.includes('"success":true'));
}

async function stream(client: Client<typeof IngestService>, event: { appId: string }): Promise<void> {
  async function* requests() {
    yield { batchId: 1n, events: [event] };
  }
  let accepted = 0;
  for await (const answer of client.collectStream(requests())) accepted += answer.accepted;
  check("the stream acknowledges", accepted === 1);
}

interface Watcher {
  readonly name: string;
  /** Resolves when every message has been seen. */
  readonly seen: Promise<void>;
}

/** Resolves once the subscription stands. */
function watchWebSocket(url: string, subscribe: string, names: readonly string[]): Promise<Watcher> {
  const missing = new Set(names);
  const seen = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<Watcher>();
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
  socket.onopen = () => socket.send(subscribe);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data));
    if (frame.type === "subscribed") ready.resolve({ name: "websocket", seen: seen.promise });
    if (frame.type === "error") seen.reject(new Error(String(data)));
    if (frame.type === "event") missing.delete(frame.event.message_id);
    if (missing.size === 0) {
      seen.resolve();
      socket.close();
    }
  };
  socket.onerror = () => ready.reject(new Error("the WebSocket failed"));
  return within(ready.promise, "a WebSocket subscription");
}

async function watchEventSource(url: string, names: readonly string[]): Promise<Watcher> {
  const response = await fetch(`${url}/api/stream?topic=apps/${appId}`);
  check("GET /api/stream", response.status === 200 && response.body !== null);
  const read = async () => {
    const missing = new Set(names);
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk, { stream: true });
      for (const name of missing) if (text.includes(`"message_id":"${name}"`)) missing.delete(name);
      if (missing.size === 0) return;
    }
    throw new Error("the event stream ended");
  };
  return { name: "server-sent events", seen: read() };
}

/** The original's front end: the npm package `phoenix`, as it is. */
function watchPhoenix(url: string, messageId: string): Promise<Watcher> {
  const seen = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<Watcher>();
  const socket = new Socket(`${url.replace("http", "ws")}/socket`, { transport: WebSocket });
  socket.connect();
  const channel = socket.channel(`event_timeline:${messageId}`);
  channel.on("add_to_timeline", ({ event }: { event: string }) => {
    if (event === "SENT") seen.resolve();
    else seen.reject(new Error(`phoenix got ${event}`));
    socket.disconnect();
  });
  channel
    .join()
    .receive("ok", () => ready.resolve({ name: "phoenix", seen: seen.promise }))
    .receive("error", (reason) => ready.reject(new Error(`phoenix may not join: ${JSON.stringify(reason)}`)));
  return within(ready.promise, "a Phoenix channel");
}

/** Every message, over REST and over gRPC. */
async function readBack({ url, grpcPort }: MarsProcess, names: readonly string[]): Promise<void> {
  const grpc = createClient(MessageService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpcPort}` }));
  for (const name of names) {
    const response = await fetch(`${url}/api/apps/${appId}/messages/${name}`);
    const { events } = (await response.json()) as { events?: { event: string }[] };
    check(`${name} is stored once`, events?.length === 1 && events[0]?.event === "sent");
    const { message } = await grpc.getMessage({ appId, messageId: name });
    check(
      `${name} is the same over gRPC`,
      message?.events.length === 1 && message.events[0]?.event === "sent",
    );
  }
  const list = await fetch(`${url}/api/messages?app_id=${appId}&limit=1000`);
  const { messages } = (await list.json()) as { messages: unknown[] };
  check("the list has every message", messages.length === names.length);
  print(`  read ${names.length} messages`);
}

/** A watcher that comes back after the restart is told everything from the start. */
async function resume({ url }: MarsProcess, names: readonly string[]): Promise<void> {
  const frame = `{"type":"subscribe","topic":"apps/${appId}","after":0}`;
  const { seen } = await watchWebSocket(url, frame, names);
  await within(seen, "resuming");
  print("  out  websocket, resumed after a restart");
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${waitMs} ms`)), waitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`smoke: failed: ${what}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
