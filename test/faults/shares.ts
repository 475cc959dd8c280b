/**
 * Each cap of Mars is attacked by one peer, and a second is served all the same.
 *
 *     bun test/faults/shares.ts [--full] [--binary dist/mars]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import {
  askBySocket,
  exchange,
  grpcCall,
  rawGet,
  rawJson,
  stopped,
  textFrame,
  upgradeRequest,
} from "../support/raw-peer.ts";
import { startReceiver } from "../support/receiver.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

interface Closable {
  destroy(): void;
}

/** Attacks from 127.0.0.1 and keeps it up. */
type Attack = (mars: MarsProcess) => Promise<readonly Closable[]>;

interface Cap {
  readonly name: string;
  readonly attack: Attack;
  /** Asks from another address; throws unless it is served. */
  readonly ask: (mars: MarsProcess) => Promise<void>;
}

const servedMsMax = 5_000;

export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-shares-"));
  const held = Promise.withResolvers<void>();
  // The tests that one peer may have under way are not answered, the others at once.
  await using receiver = startReceiver((index) =>
    index < 4 ? held.promise.then(() => new Response("late")) : new Response("ok"),
  );
  const mars = await spawnMars({
    dataDir,
    ...(binary !== undefined && { command: [binary] }),
    env: { MARS_ALERT_ALLOW: "127.0.0.1", MARS_LOG_LEVEL: "error" },
  });
  try {
    await prepare(mars, receiver.url, full ? 100_000 : 5_000);
    const figures: string[] = [];
    for (const cap of caps(full)) {
      const attackers = await cap.attack(mars);
      try {
        const start = performance.now();
        await cap.ask(mars);
        const took = performance.now() - start;
        if (took > servedMsMax) throw new Error(`it took ${took.toFixed()} ms`);
        figures.push(`${cap.name} ${took.toFixed()} ms`);
      } catch (cause) {
        throw new Error(`with all ${cap.name} taken, another peer was not served: ${cause}`, { cause });
      } finally {
        for (const attacker of attackers) attacker.destroy();
      }
    }
    held.resolve();
    const code = await mars.kill("SIGTERM");
    if (code !== 0) throw new Error(`SIGTERM ended Mars with ${code}`);
    return `another peer was served: ${figures.join(", ")}`;
  } finally {
    held.resolve();
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}

function caps(full: boolean): readonly Cap[] {
  return [
    { name: "gRPC connections", attack: silentConnections, ask: collect },
    { name: "subscriptions", attack: (mars) => subscriptions(mars, full), ask: follow },
    // So many connections take a while; the cap itself is tried by `edge/ws/sockets.long.test.ts`.
    ...(full ? [{ name: "sockets", attack: sockets, ask: follow }] : []),
    { name: "waits for min_seq", attack: waits, ask: readOwnWrite },
    { name: "tests of sinks", attack: sinkTests, ask: (mars) => expectOk(mars, sinkTest) },
    { name: "trials", attack: trials, ask: (mars) => expectOk(mars, rawGet(learnedPath)) },
    { name: "changes", attack: changes, ask: (mars) => expectOk(mars, putRule("mine")) },
  ];
}

const learnedPath = "/api/apps/shop/lifecycle/learned?since=24h";
const sinkTest = rawJson("POST", "/api/alerts/sinks/here/test", {});

async function prepare(mars: MarsProcess, url: string, messages: number): Promise<void> {
  let seq = 0;
  for (let from = 0; from < messages; from += 2_500) {
    const events = Array.from({ length: 2_500 }, (_, n) =>
      ["created", "paid", "shipped"].map((event, index) => ({
        app_id: "shop",
        message_id: `m-${from + n}`,
        event,
        created_at: new Date(Date.now() - 3_600_000 + (from + n) * 10 + index * 1_000).toISOString(),
      })),
    ).flat();
    seq = await sendBulk(mars.url, events);
  }
  await getJson(`${mars.url}/api/messages?limit=1&min_seq=${seq}`);
  await expectOk(mars, rawJson("PUT", "/api/alerts/sinks/here", { type: "webhook", url }));
}

function putRule(id: string): string {
  return rawJson("PUT", `/api/alerts/rules/${id}`, { sinks: ["here"], kinds: ["late"] });
}

async function expectOk(mars: MarsProcess, request: string): Promise<void> {
  const { status, text } = await exchange(mars.httpPort, request);
  if (status !== 200) throw new Error(text.slice(0, 500));
}

async function silentConnections(mars: MarsProcess): Promise<Closable[]> {
  return openMany(4_300, () => connect(mars.grpcPort, "127.0.0.1"));
}

async function collect(mars: MarsProcess): Promise<void> {
  // CollectEventRequest: app_id = 1, message_id = 2, event = 3.
  const field = (number: number, text: string) => [(number << 3) | 2, text.length, ...Buffer.from(text)];
  const message = Buffer.from([...field(1, "other"), ...field(2, "m"), ...field(3, "created")]);
  const status = await grpcCall(mars.grpcPort, message);
  if (status !== "0") throw new Error(`grpc-status ${status}`);
}

/**
 * As fast as one address may send frames: 30,000 at once, then 1,000 a second.
 *
 * @param full until the peer has its share; else only as far as the first frames lead
 */
async function subscriptions(mars: MarsProcess, full: boolean): Promise<Closable[]> {
  const open = await openMany(full ? 60 : 25, () => stopped(mars.httpPort, upgradeRequest));
  await Bun.sleep(200);
  for (const [index, socket] of open.entries()) {
    const frames = Array.from({ length: 1_000 }, (_, n) =>
      textFrame({ type: "subscribe", topic: `apps/${index}-${n}` }),
    );
    if (index >= 25) await Bun.sleep(1_200);
    socket.write(Buffer.concat(frames));
  }
  await until(mars, ({ subscriptions: { held, max } }) => held >= (full ? max / 2 : 25_000));
  return open;
}

async function sockets(mars: MarsProcess): Promise<Closable[]> {
  const open = await openMany(10_500, () => stopped(mars.httpPort, upgradeRequest));
  await until(mars, ({ sockets: { held, max } }) => held >= max / 2);
  return open;
}

async function follow(mars: MarsProcess): Promise<void> {
  const answer = await askBySocket(mars.httpPort, { type: "subscribe", topic: "apps/mine" });
  if (!answer.includes('"subscribed"')) throw new Error(answer.slice(0, 500));
}

async function waits(mars: MarsProcess): Promise<Closable[]> {
  const path = `/api/messages?min_seq=${2 ** 52}`;
  const open = askMany(mars, path, 110);
  await until(mars, ({ min_seq_waits: { held, max } }) => held >= max / 4);
  return open;
}

async function readOwnWrite(mars: MarsProcess): Promise<void> {
  const event = { app_id: "other", message_id: "own", event: "created" };
  const { text } = await exchange(mars.httpPort, rawJson("POST", "/api/event", event));
  const seq = /"seq":(\d+)/.exec(text)?.[1];
  if (seq === undefined) throw new Error(text.slice(0, 500));
  await expectOk(mars, rawGet(`/api/messages?limit=1&min_seq=${seq}`));
}

async function sinkTests(mars: MarsProcess): Promise<Closable[]> {
  const open = await openMany(16, () => stopped(mars.httpPort, sinkTest));
  await until(mars, ({ sink_tests: { held } }) => held >= 4);
  return open;
}

async function trials(mars: MarsProcess): Promise<Closable[]> {
  const open = await openMany(6, () => stopped(mars.httpPort, rawGet(learnedPath)));
  await Bun.sleep(300);
  return open;
}

async function changes(mars: MarsProcess): Promise<Closable[]> {
  return openMany(300, (n) => stopped(mars.httpPort, putRule(`theirs-${n}`)));
}

/** Two hundred at a time, so that none is lost on its way. */
async function openMany<S extends Closable>(count: number, open: (n: number) => S): Promise<S[]> {
  const all: S[] = [];
  for (let n = 0; n < count; n++) {
    const one = open(n);
    (one as unknown as { on(name: "error", listener: () => void): void }).on("error", () => undefined);
    all.push(one);
    if (n % 200 === 199) await Bun.sleep(20);
  }
  return all;
}

/** A hundred requests on each of so many HTTP/2 connections. */
function askMany(mars: MarsProcess, path: string, connections: number): Closable[] {
  return Array.from({ length: connections }, () => {
    const session = connectHttp2(mars.url).on("error", () => undefined);
    for (let n = 0; n < 100; n++) {
      const request = session.request({ ":path": path });
      request.on("error", () => undefined);
      request.resume();
    }
    return session;
  });
}

type ShareStats = Readonly<
  Record<
    "subscriptions" | "sockets" | "min_seq_waits" | "sink_tests",
    { readonly held: number; readonly max: number }
  >
>;

async function until(mars: MarsProcess, done: (shares: ShareStats) => boolean) {
  const end = performance.now() + 15_000;
  for (;;) {
    const { shares } = await getJson<{ shares: ShareStats }>(`${mars.url}/api/q/stats`);
    if (done(shares)) return;
    if (performance.now() > end)
      throw new Error(`the attack did not take its share: ${JSON.stringify(shares)}`);
    await Bun.sleep(20);
  }
}

if (import.meta.main) await runAlone(run);
