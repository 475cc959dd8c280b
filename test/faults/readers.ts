/**
 * Readers that ask for much and leave, or never read what they asked for; meanwhile others read at once, an alert is
 * on time, memory stays bounded, and Mars stops as it should.
 *
 *     bun test/faults/readers.ts [--full] [--binary dist/mars]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { exchange, rawGet, stopped, textFrame, upgradeRequest } from "../support/raw-peer.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const readMsMax = 500;
const alertMsMax = 1_000;
/** What the short form allows of both, for it runs beside other work. */
const busyFactor = 3;
const rssBytesMax = 600 * 1024 * 1024;
const stopMsMax = 10_000;

interface Sizes {
  readonly messages: number;
  /** Of the one large message, 8 KB each. */
  readonly largeEvents: number;
  readonly floodConnections: number;
  readonly largeReaders: number;
  readonly sockets: number;
  readonly watches: number;
  readonly zeroWindowGets: number;
}

const short: Sizes = {
  messages: 3_000,
  largeEvents: 1_000,
  floodConnections: 15,
  largeReaders: 20,
  sockets: 60,
  watches: 200,
  zeroWindowGets: 500,
};
const full: Sizes = {
  messages: 12_000,
  largeEvents: 10_000,
  floodConnections: 50,
  largeReaders: 20,
  sockets: 300,
  watches: 2_000,
  zeroWindowGets: 5_000,
};

let leniency = 1;

export async function run({ full: all, binary }: FaultCheckOptions): Promise<string> {
  const sizes = all ? full : short;
  leniency = all ? 1 : busyFactor;
  const dataDir = await mkdtemp(join(tmpdir(), "mars-readers-"));
  await using receiver = startReceiver();
  const mars = await spawnMars({
    dataDir,
    ...(binary !== undefined && { command: [binary] }),
    env: { MARS_ALERT_ALLOW: "127.0.0.1", MARS_START_GRACE: "off" },
  });
  const opened: { destroy(): void }[] = [];
  try {
    const figures = await attack(mars, receiver, sizes, opened);
    const start = performance.now();
    const code = await mars.kill("SIGTERM");
    const stopMs = performance.now() - start;
    if (code !== 0) throw new Error(`SIGTERM ended Mars with ${code}`);
    if (stopMs > stopMsMax) throw new Error(`SIGTERM took ${stopMs.toFixed()} ms`);
    return `${figures}, SIGTERM 0 after ${stopMs.toFixed()} ms`;
  } finally {
    await mars.kill("SIGKILL");
    for (const one of opened) one.destroy();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function attack(
  mars: MarsProcess,
  receiver: Receiver,
  sizes: Sizes,
  opened: { destroy(): void }[],
): Promise<string> {
  await prepare(mars, receiver, sizes);
  const reads: number[] = [];
  const alerts: number[] = [];
  const look = async (during: string) => {
    reads.push(await timeRead(mars, during));
    alerts.push(await timeAlert(mars, receiver, during));
    reads.push(await timeRead(mars, during));
  };

  await look("nothing");
  const idle = alerts.pop() ?? 0;
  const flooding = flood(mars, sizes.floodConnections);
  // Some of it is still to come, and some has been left.
  await Bun.sleep(300);
  await look("a flood of abandoned reads");

  await flooding;
  for (let n = 0; n < sizes.largeReaders; n++) {
    opened.push(stopped(mars.httpPort, rawGet("/api/apps/big/messages/big")));
  }
  await look("readers of a large message that never read");

  for (let n = 0; n < sizes.sockets; n++) opened.push(stoppedWebSocket(mars.httpPort));
  await look("WebSockets that stopped");

  opened.push(await startAttack("gets", mars.httpPort, sizes.zeroWindowGets));
  await look("GETs with a window of zero");

  opened.push(await startAttack("watches", mars.grpcPort, sizes.watches));
  await look("watches with a window of zero");

  const peak = await peakBytes(mars.pid);
  if (peak > rssBytesMax) throw new Error(`RSS reached ${mib(peak)} MiB`);
  // The stop finds a full queue.
  const last = flood(mars, sizes.floodConnections);
  await Bun.sleep(300);
  last.catch(() => undefined);
  const most = (values: readonly number[]) => Math.max(...values).toFixed();
  return `others' reads at most ${most(reads)} ms, alerts at most ${most(alerts)} ms (idle ${idle.toFixed()}), RSS at most ${mib(peak)} MiB`;
}

async function prepare(mars: MarsProcess, receiver: Receiver, sizes: Sizes): Promise<void> {
  for (let from = 0; from < sizes.messages; from += 1_000) {
    const count = Math.min(1_000, sizes.messages - from);
    await sendBulk(
      mars.url,
      Array.from({ length: count }, (_, n) => ({
        app_id: "shop",
        message_id: `m-${from + n}`,
        event: "created",
        attributes: { text: "x".repeat(200) },
      })),
    );
  }
  const text = "y".repeat(8_000);
  let seq = 0;
  for (let from = 0; from < sizes.largeEvents; from += 500) {
    seq = await sendBulk(
      mars.url,
      Array.from({ length: 500 }, (_, n) => ({
        app_id: "big",
        message_id: "big",
        event: "step",
        event_id: `${from + n}`,
        attributes: { text },
      })),
    );
  }
  const put = async (path: string, body: unknown) => {
    const response = await fetch(`${mars.url}${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };
  await put("/api/alerts/sinks/here", { type: "webhook", url: receiver.url });
  await put("/api/alerts/rules/all", { kinds: ["missing"], at_least: 1, window: "1s", sinks: ["here"] });
  await getJson(`${mars.url}/api/messages?limit=1&min_seq=${seq}`);
  // From here on the peak is that of the readers, and not of what was sent before.
  await writeFile(`/proc/${mars.pid}/clear_refs`, "5");
}

/** How long another peer waits for a page. */
async function timeRead(mars: MarsProcess, during: string): Promise<number> {
  const start = performance.now();
  const { status, text } = await exchange(mars.httpPort, rawGet("/api/messages?app_id=shop&limit=10"));
  const took = performance.now() - start;
  if (status !== 200) throw new Error(`during ${during}: ${text.slice(0, 300)}`);
  if (took > readMsMax * leniency) throw new Error(`during ${during} a read took ${took.toFixed()} ms`);
  return took;
}

let stuck = 0;

/** How late the alert of a message that gets stuck is; each in an app of its own, so that it is an incident of its own. */
async function timeAlert(mars: MarsProcess, receiver: Receiver, during: string): Promise<number> {
  const app = `stuck-${++stuck}`;
  const lifecycle = {
    stages: [{ event: "created" }, { event: "paid", after: "created", within: "1s" }],
    complete_on: ["paid"],
    grace: "0s",
  };
  const response = await fetch(`${mars.url}/api/apps/${app}/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(lifecycle),
  });
  if (!response.ok) throw new Error(`lifecycle: ${response.status} ${await response.text()}`);
  const before = receiver.received.length;
  const due = performance.now() + 1_000;
  await sendBulk(mars.url, [{ app_id: app, message_id: "m", event: "created" }]);
  await receiver.count(before + 1);
  const late = performance.now() - due;
  if (late > alertMsMax * leniency)
    throw new Error(`during ${during} an alert was ${late.toFixed()} ms late`);
  return late;
}

/** In a process of its own, whose work is no part of what is measured: resolves when all is asked, and left again. */
async function flood(mars: MarsProcess, connections: number): Promise<void> {
  const child = Bun.spawn([process.execPath, import.meta.path, "flood", mars.url, String(connections)], {
    stdout: "ignore",
    stderr: "inherit",
  });
  if ((await child.exited) !== 0) throw new Error("the flood failed");
}

/** The same for an attack that is kept up: resolves when it has begun. */
async function startAttack(role: "gets" | "watches", port: number, count: number) {
  const child = Bun.spawn([process.execPath, import.meta.path, role, String(port), String(count)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  await child.stdout.getReader().read();
  return { destroy: () => child.kill("SIGKILL") };
}

/** Asks for a hundred large pages on each connection, and leaves. */
async function floodAndLeave(url: string, connections: number): Promise<never> {
  for (let n = 0; n < connections; n++) {
    const session = connectHttp2(url).on("error", () => undefined);
    for (let stream = 0; stream < 100; stream++) {
      const request = session.request({ ":path": "/api/messages?limit=1000" });
      request.on("error", () => undefined);
      request.resume();
    }
    await Bun.sleep(1);
  }
  await Bun.sleep(200);
  process.exit(0);
}

/** A WebSocket that follows everything from the beginning, and reads nothing. */
function stoppedWebSocket(port: number): Socket {
  const socket = stopped(port, upgradeRequest);
  // Not before the handshake is over.
  setTimeout(() => socket.write(textFrame({ type: "subscribe", topic: "all", after: 0 })), 500);
  return socket;
}

function zeroWindowGets(port: number, count: number): { destroy(): void }[] {
  return zeroWindow(port, count, (session) =>
    session.request({ ":path": "/api/messages?app_id=shop&limit=100" }, { endStream: true }),
  );
}

function zeroWindowWatches(port: number, count: number): { destroy(): void }[] {
  // WatchEventsRequest: topic = 1, after_seq = 2.
  const message = Buffer.from([0x0a, 3, ...Buffer.from("all"), 0x10, 0]);
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  return zeroWindow(port, count, (session) => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/mars.v1.MessageService/WatchEvents",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(frame);
    return stream;
  });
}

/** Twenty on each connection. */
function zeroWindow(
  port: number,
  count: number,
  request: (
    session: ReturnType<typeof connectHttp2>,
  ) => ReturnType<ReturnType<typeof connectHttp2>["request"]>,
): { destroy(): void }[] {
  const sessions: ReturnType<typeof connectHttp2>[] = [];
  for (let n = 0; n < count; n++) {
    if (n % 20 === 0) {
      const settings = { initialWindowSize: 0 };
      sessions.push(connectHttp2(`http://127.0.0.1:${port}`, { settings }).on("error", () => undefined));
    }
    const stream = request(sessions.at(-1)!);
    stream.on("error", () => undefined);
  }
  return sessions;
}

async function peakBytes(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed();
}

const [role, target = "", count] = process.argv.slice(2);
if (import.meta.main) {
  if (role === "flood") await floodAndLeave(target, Number(count));
  else if (role === "gets") zeroWindowGets(Number(target), Number(count));
  else if (role === "watches") zeroWindowWatches(Number(target), Number(count));
  else await runAlone(run);
  // Until it is killed.
  setTimeout(() => process.stdout.write("begun\n"), 300);
}
