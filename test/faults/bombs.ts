/**
 * Bombs on every door: bodies that nest, spread, count and unpack, many at once, while a canary sends its events. It must be
 * served, Mars must stay small and alive, and nothing of the bombs may be stored.
 *
 *     bun test/faults/bombs.ts [--full] [--binary dist/mars]
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import { jsonBombs, protoBombs } from "../support/bombs.ts";
import { type Canary, quantile, startCanary } from "../support/canary.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const canaryMsMax = 250;
const rssMiBMax = 400;
const atOnce = 100;
const large = 8 * 1024 * 1024;
const patienceMs = 120_000;

interface Bomb {
  readonly name: string;
  explode(mars: MarsProcess): Promise<unknown>;
}

/** Resolves to how the canary fared and how large Mars became. */
export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-bombs-"));
  const mars = await spawnMars({ dataDir, ...(binary !== undefined && { command: [binary] }) });
  try {
    const bombs = [...everyBomb()].filter((_, n) => full || n % 9 === 0);
    // What a machine takes for its first requests is not the bombs' doing.
    await (await fetch(`${mars.url}/api/messages`)).text();
    const canary = startCanary(mars.url);
    const slow = await explodeAll(mars, bombs, full);
    const figures = await judge(mars, canary);
    return `${bombs.length} kinds, ${atOnce} at once; ${figures}; longest ${slow}`;
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** @returns the name of the bomb that took longest, and how long */
async function explodeAll(mars: MarsProcess, bombs: readonly Bomb[], full: boolean): Promise<string> {
  let longest = { name: "", ms: 0 };
  const groups = full ? bombs.map((bomb) => new Array<Bomb>(atOnce).fill(bomb)) : [mixed(bombs)];
  for (const group of groups) {
    const start = performance.now();
    await Promise.all(group.map((bomb) => bomb.explode(mars)));
    const ms = performance.now() - start;
    if (ms > longest.ms) longest = { name: full ? (group[0]?.name ?? "") : "all", ms };
  }
  return `${longest.name} ${(longest.ms / 1_000).toFixed(1)} s`;
}

function mixed(bombs: readonly Bomb[]): Bomb[] {
  return Array.from({ length: atOnce }, (_, n) => bombs[n % bombs.length] as Bomb);
}

async function judge(mars: MarsProcess, canary: Canary): Promise<string> {
  const { times, failures } = await canary.stop();
  const p99 = quantile(times, 0.99);
  const rss = peakMiB(mars.pid);
  const stored = (await (await fetch(`${mars.url}/api/messages?app_id=bomb`)).json()) as {
    messages: unknown[];
  };
  const figures = `canary p99 ${p99.toFixed(0)} ms, max ${(times.at(-1) ?? 0).toFixed(0)} ms of ${times.length}, peak ${rss} MiB`;
  if (failures.length > 0)
    throw new Error(`the canary failed ${failures.length} times: ${failures[0]}; ${figures}`);
  if (p99 > canaryMsMax) throw new Error(`the canary waited too long: ${figures}`);
  if (rss > rssMiBMax) throw new Error(`Mars became too large: ${figures}`);
  if (stored.messages.length > 0) throw new Error(`a bomb was stored: ${JSON.stringify(stored.messages[0])}`);
  return figures;
}

function peakMiB(pid: number): number {
  const kibi = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kibi) / 1024);
}

function* everyBomb(): Generator<Bomb> {
  const json = jsonBombs(large);
  const small = jsonBombs(60 * 1024);
  const proto = protoBombs(large);
  for (const [name, body] of Object.entries(json)) {
    for (const [coding, packed] of packings(body, name === "brackets" || name === "keys")) {
      yield http("POST", "/api/event/bulk", "application/json", packed, { name, coding });
      yield http("POST", "/api/event/bulk", "application/x-ndjson", packed, { name, coding });
      yield http("POST", "/api/event", "application/json", packed, { name, coding });
      if (coding === "gzip") {
        yield http("POST", "/mars.v1.IngestService/CollectEvents", "application/json", packed, {
          name,
          coding,
        });
        yield http("PUT", "/api/apps/bomb/lifecycle", "application/json", packed, { name, coding });
      }
    }
  }
  for (const [name, body] of Object.entries(small)) {
    const bomb = { name: `small ${name}` };
    yield http("POST", "/api/event", "application/json", body, bomb);
    yield http("POST", "/api/apps/bomb/lifecycle/dry-run", "application/json", body, bomb);
    yield http("PUT", "/api/alerts/sinks/bomb", "application/json", body.subarray(0, 16_000), bomb);
    yield http("PUT", "/api/alerts/rules/bomb", "application/json", body.subarray(0, 16_000), bomb);
    yield http("POST", "/api/alerts/silences", "application/json", body.subarray(0, 16_000), bomb);
    yield http("POST", "/mars.v1.IngestService/CollectEvent", "application/json", body, bomb);
    yield http(
      "POST",
      "/mars.v1.MessageService/GetMessage",
      "application/json",
      body.subarray(0, 16_000),
      bomb,
    );
    yield query(name, body);
    yield socket("/ws", name, body);
    yield socket("/socket/websocket?vsn=2.0.0", name, body);
  }
  for (const [name, body] of Object.entries(proto)) {
    const packed = gzipSync(body, { level: 1 });
    const path = "/mars.v1.IngestService/CollectEvents";
    yield http("POST", path, "application/proto", body, { name });
    yield http("POST", path, "application/proto", packed, { name, coding: "gzip" });
    yield http("POST", path, "application/grpc-web+proto", framed(body), { name });
    yield http("POST", "/mars.v1.IngestService/CollectEvent", "application/proto", body.subarray(0, 65_000), {
      name,
    });
    yield grpc(path, name, framed(body), {});
    yield grpc(path, `gzip ${name}`, framed(packed, 1), { "grpc-encoding": "gzip" });
    yield grpc("/mars.v1.IngestService/CollectEvent", name, framed(body.subarray(2, 65_000)), {});
    yield grpc("/mars.v1.IngestService/CollectStream", name, framed(body), {});
    yield grpc("/mars.v1.IngestService/CollectStream", `gzip ${name}`, framed(packed, 1), {
      "grpc-encoding": "gzip",
    });
  }
  const nested = json.brackets ?? Buffer.alloc(0);
  yield grpc("/mars.v1.IngestService/CollectEvents", "JSON", framed(nested), {
    "content-type": "application/grpc+json",
  });
}

function packings(body: Buffer, all: boolean): [coding: string | undefined, packed: Buffer][] {
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } };
  return [
    ["gzip", gzipSync(body, { level: 1 })],
    ...(all
      ? ([
          [undefined, body],
          ["zstd", zstdCompressSync(body)],
          ["br", brotliCompressSync(body, quick)],
        ] as [string | undefined, Buffer][])
      : []),
  ];
}

function http(
  method: string,
  path: string,
  type: string,
  body: Buffer,
  { name, coding }: { name: string; coding?: string | undefined },
): Bomb {
  const headers = { "content-type": type, ...(coding !== undefined && { "content-encoding": coding }) };
  return {
    name: `${coding ?? "plain"} ${name} (${type}) at ${path}`,
    async explode({ url }) {
      const response = await fetch(url + path, {
        method,
        headers,
        body,
        signal: AbortSignal.timeout(patienceMs),
      });
      const answer = await response.text();
      const good =
        response.status < 400 && !/"accepted":0|grpc/.test(answer) && !type.startsWith("application/grpc");
      if (good || response.status >= 500)
        throw new Error(`${this.name}: ${response.status} ${answer.slice(0, 300)}`);
    },
  };
}

/** A query's message in the address, packed. */
function query(name: string, body: Buffer): Bomb {
  const message = gzipSync(body).toString("base64url").slice(0, 12_000);
  const parameters = `encoding=json&base64=1&compression=gzip&message=${message}`;
  return {
    name: `query ${name}`,
    async explode({ url }) {
      const response = await fetch(`${url}/mars.v1.MessageService/GetMessage?connect=v1&${parameters}`);
      const answer = await response.text();
      if (response.status < 400 || response.status >= 500)
        throw new Error(`${this.name}: ${response.status} ${answer}`);
    },
  };
}

function socket(path: string, name: string, body: Buffer): Bomb {
  return {
    name: `${path} ${name}`,
    explode({ url }) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const client = new WebSocket(url.replace("http", "ws") + path);
      const timer = setTimeout(() => reject(new Error(`${this.name}: no answer`)), patienceMs);
      client.onopen = () => client.send(body.toString());
      client.onmessage = () => client.close();
      client.onclose = resolve;
      return promise.finally(() => clearTimeout(timer));
    },
  };
}

function grpc(path: string, name: string, body: Buffer, headers: Record<string, string>): Bomb {
  return {
    name: `gRPC ${name} at ${path}`,
    explode({ grpcPort }) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const session = connect(`http://127.0.0.1:${grpcPort}`);
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      const timer = setTimeout(() => reject(new Error(`${this.name}: no answer`)), patienceMs);
      session.on("error", resolve);
      stream.on("error", resolve);
      stream.on("trailers", (trailers) => {
        if (trailers["grpc-status"] === "13") reject(new Error(`${this.name}: ${trailers["grpc-message"]}`));
      });
      stream.on("close", resolve);
      stream.resume();
      stream.end(body);
      return promise.finally(() => {
        clearTimeout(timer);
        session.destroy();
      });
    },
  };
}

function framed(message: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

if (import.meta.main) await runAlone(run);
