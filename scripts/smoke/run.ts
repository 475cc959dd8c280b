/**
 * Shows that a Mars works as it will be run: a binary is copied outside of this project. Started in an empty
 * directory, it gets one event through every protocol, watched live and read back, before and after a restart; and an event
 * that is missing becomes a finding and a webhook.
 *
 *     bun scripts/smoke/run.ts dist/mars
 *     bun scripts/smoke/run.ts deno
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Client, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import packageJson from "../../package.json" with { type: "json" };
import { MarsGrpc } from "../../src/gen/event_pb.ts";
import { IngestService } from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { MessageService } from "../../src/gen/mars/v1/message_service_pb.ts";
import { type MarsProcess, spawnMars } from "../../test/support/process.ts";
import { denoCommand } from "../deno.ts";
import { check, within } from "./check.ts";
import { watchEventSource, watchPhoenix, watchWebSocket } from "./watchers.ts";

const appId = "smoke";
/** Of the program itself, and of where a runtime keeps its compiled modules. */
const env = { HOME: process.env.HOME ?? "" };

/** The sent messages: the id of each is the name of its protocol. */
type Way = readonly [name: string, send: () => Promise<unknown>];

await run(process.argv[2] ?? "dist/mars");

async function run(path: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "mars-smoke-"));
  const binary = join(home, "bin", "mars");
  const empty = join(home, "empty");
  mkdirSync(join(home, "bin"));
  mkdirSync(empty);
  const command = path === "deno" ? denoCommand() : [binary];
  if (path !== "deno") copyFileSync(resolve(path), binary);
  process.chdir(empty);
  const spawn = () =>
    spawnMars({
      dataDir: "./data",
      command,
      env: { TMPDIR: join(home, "bin"), MARS_TEST_ENDPOINTS: "1", MARS_ALERT_ALLOW: "127.0.0.1" },
    });
  let mars: MarsProcess | undefined;
  try {
    checkCommands(command);
    mars = await spawn();
    const names = await sendAndWatch(mars, command);
    await readBack(mars, names, command);
    await missEvent(mars);
    check("SIGTERM ends it with 0", (await mars.kill("SIGTERM")) === 0);
    mars = await spawn();
    await readBack(mars, names, command);
    await resume(mars, names);
    await mars.kill("SIGTERM");
    check("nothing but ./data was written", readdirSync(empty).join() === "data");
  } finally {
    // A process that is left behind keeps this one, and its caller, waiting for ever.
    await mars?.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  }
  print(`smoke: ok, ${path} ${packageJson.version}`);
  process.exit(0);
}

function checkCommands(command: readonly string[]): void {
  const output = (...args: string[]) => {
    const { stdout, stderr, exitCode } = Bun.spawnSync([...command, ...args], { env });
    return { text: `${stdout}${stderr}`, exitCode };
  };
  check("--version", output("--version").text === `mars ${packageJson.version}\n`);
  check("--help names the settings", output("--help").text.includes("--database-auth-token"));
  check("config check", output("config", "check").exitCode === 0);
  check("a misspelt flag ends with 2", output("--http-prt", "1").exitCode === 2);
}

/** Returns the ids of the messages that were sent, each on a way of its own. */
async function sendAndWatch(mars: MarsProcess, command: readonly string[]): Promise<string[]> {
  const { url } = mars;
  const status = await (await fetch(`${url}/status`)).json();
  check("/status", JSON.stringify(status) === '{"status":"up"}');
  check("/readyz", (await fetch(`${url}/readyz`)).status === 200);
  const health = Bun.spawnSync([...command, "health", "--http-port", String(mars.httpPort)], { env });
  check("mars health", health.exitCode === 0);
  const page = await fetch(`${url}/`);
  check("the page", page.status === 200 && (page.headers.get("content-type") ?? "").startsWith("text/html"));

  const ways = waysIn(mars);
  const names = ways.map(([name]) => name);
  const watchers = await Promise.all([
    watchWebSocket(url, `{"type":"subscribe","topic":"apps/${appId}"}`, names),
    watchEventSource(url, `apps/${appId}`, names),
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
    [
      "bulk-zstd",
      () =>
        post(`${url}/api/event/bulk`, zstdCompressSync(`{"events":[${restEvent("bulk-zstd")}]}`), {
          "content-encoding": "zstd",
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

/** Every message, over REST and over gRPC. */
async function readBack(
  { url, grpcPort }: MarsProcess,
  names: readonly string[],
  command: readonly string[],
): Promise<void> {
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
  const rows = Bun.spawnSync([...command, "list", "--app", appId, "--all"], {
    env: { ...env, MARS_URL: url },
  });
  check("mars list has every message", rows.stdout.toString().trim().split("\n").length === names.length);
  print(`  read ${names.length} messages`);
}

/** An event that does not come is found and notified. */
async function missEvent({ url }: MarsProcess): Promise<void> {
  const notified = Promise.withResolvers<string>();
  const receiver = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      notified.resolve(await request.text());
      return new Response("ok");
    },
  });
  const put = async (path: string, body: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    check(`PUT ${path}: ${await response.text()}`, response.status === 200);
  };
  const stages = [{ event: "created" }, { event: "paid", after: "created", within: "1s" }];
  await put("/api/apps/late/lifecycle", { stages, complete_on: ["paid"], grace: "0s" });
  await put("/api/alerts/sinks/here", { type: "webhook", url: `http://127.0.0.1:${receiver.port}/` });
  await put("/api/alerts/rules/late", {
    app_id: "late",
    kinds: ["missing"],
    at_least: 1,
    window: "1s",
    sinks: ["here"],
  });
  await post(`${url}/api/event`, JSON.stringify({ app_id: "late", message_id: "m", event: "created" }));
  const text = await within(notified.promise, "a webhook");
  check(`the webhook names the app: ${text}`, text.includes('"late"'));
  const page = (await (await fetch(`${url}/api/findings?app_id=late`)).json()) as {
    findings: { stage: string }[];
  };
  check("the finding is listed", page.findings.length === 1 && page.findings[0]?.stage === "paid");
  await receiver.stop(true);
  print("  out  a finding and its webhook");
}

/** A watcher that comes back after the restart gets everything from the start. */
async function resume({ url }: MarsProcess, names: readonly string[]): Promise<void> {
  const frame = `{"type":"subscribe","topic":"apps/${appId}","after":0}`;
  const { seen } = await watchWebSocket(url, frame, names);
  await within(seen, "resuming");
  print("  out  websocket, resumed after a restart");
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
