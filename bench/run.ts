/**
 * `npm run bench [-- NAME…]`: Mars beside an empty server doing the least that the protocol demands, in the same run and
 * in turns, because machines differ and these are shared: what counts is the ratio. Needs `wrk` and `h2load`.
 *
 *     --rounds N     turns of each (default 3)
 *     --seconds N    length of a turn (default 5)
 *     --binary PATH  the compiled program (default `dist/mars`, where it has been built, else the source tree)
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { EventRequestSchema } from "../src/gen/event_pb.ts";
import { spawnMars } from "../test/support/process.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    binary: { type: "string", default: "dist/mars" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

/** Runs one turn of load against a port and returns events a second and the 99th percentile of latency. */
type Load = (target: { httpPort: number; grpcPort: number }) => Promise<{ rate: number; p99: string }>;

interface Scenario {
  readonly name: string;
  readonly control: string;
  readonly load: Load;
}

const directory = await mkdtemp(join(tmpdir(), "mars-bench-"));
const scenarios: readonly Scenario[] = [
  { name: "rest-single", control: "bench/control-http.ts", load: wrk("single.lua", 100, 1) },
  { name: "rest-bulk", control: "bench/control-http.ts", load: wrk("bulk.lua", 8, 500) },
  { name: "grpc-unary-c50-m1", control: "bench/control-grpc.ts", load: h2load(50, 1) },
  { name: "grpc-unary-c10-m50", control: "bench/control-grpc.ts", load: h2load(10, 50) },
];

for (const tool of ["wrk", "h2load"]) {
  if (Bun.which(tool) === null)
    throw new Error(`${tool} is not installed (Debian: apt-get install wrk nghttp2-client)`);
}
const known = new Set(scenarios.map(({ name }) => name));
for (const name of positionals) {
  if (!known.has(name)) throw new Error(`no scenario ${name}; there are ${[...known].join(", ")}`);
}
let failed = false;
say("| scenario | Mars events/s (min–max) | control (min–max) | ratio | p99 Mars | p99 control |");
say("|---|---|---|---|---|---|");
for (const scenario of scenarios) {
  if (positionals.length === 0 || positionals.includes(scenario.name)) await run(scenario);
}
await rm(directory, { recursive: true, force: true });
process.exit(failed ? 1 : 0);

async function run({ name, control, load }: Scenario): Promise<void> {
  const dataDir = join(directory, name);
  const mars = await spawnMars({ dataDir, ...(existsSync(values.binary) && { command: [values.binary] }) });
  const empty = await spawnControl(control);
  const ours: Awaited<ReturnType<Load>>[] = [];
  const theirs: Awaited<ReturnType<Load>>[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await load(mars));
    await caughtUp(mars.url);
    theirs.push(await load(empty));
  }
  const { totals } = await caughtUp(mars.url);
  empty.stop();
  await mars.kill("SIGTERM");
  const [a, b] = [spread(ours), spread(theirs)];
  say(`| ${name} | ${a.text} | ${b.text} | ${(a.median / b.median).toFixed(2)} | ${a.p99} | ${b.p99} |`);
  if (totals.accepted !== totals.stored) {
    failed = true;
    say(`FAIL ${name}: ${totals.accepted} acknowledged, ${totals.stored} stored`);
  }
}

function wrk(script: string, connections: number, eventsPerRequest: number): Load {
  return async ({ httpPort }) => {
    const text = await output([
      "wrk",
      "-t1",
      `-c${connections}`,
      `-d${seconds}s`,
      "--latency",
      "-s",
      join(import.meta.dir, "load", script),
      `http://127.0.0.1:${httpPort}`,
    ]);
    if (/Non-2xx/.test(text)) throw new Error(text);
    return {
      rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]) * eventsPerRequest,
      p99: /99%\s+(\S+)/.exec(text)?.[1] ?? "?",
    };
  };
}

function h2load(connections: number, streams: number): Load {
  return async ({ grpcPort }) => {
    // The original's sample call: five bytes of frame, then the message.
    const message = toBinary(
      EventRequestSchema,
      create(EventRequestSchema, {
        appId: "bench",
        messageId: crypto.randomUUID(),
        event: "Hello",
        createdAt: "Hello",
      }),
    );
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    const file = join(directory, "call.bin");
    await writeFile(file, frame);
    const text = await output([
      "h2load",
      `-c${connections}`,
      `-m${streams}`,
      `-D${seconds}`,
      "-d",
      file,
      "-H",
      "content-type: application/grpc",
      "-H",
      "te: trailers",
      `http://127.0.0.1:${grpcPort}/MarsWeb.GrpcService.MarsGrpc/collectEvent`,
    ]);
    const rate = Number(/([\d.]+) req\/s/.exec(text)?.[1]);
    if (!/ 0 failed, 0 errored/.test(text)) throw new Error(text);
    return { rate, p99: `max ${/time for request:\s+\S+\s+(\S+)/.exec(text)?.[1] ?? "?"}` };
  };
}

async function spawnControl(file: string): Promise<{ httpPort: number; grpcPort: number; stop(): void }> {
  const child = Bun.spawn([process.execPath, file], { stdout: "pipe", stderr: "inherit" });
  for await (const chunk of child.stdout) {
    const port = Number(/:(\d+)\n/.exec(new TextDecoder().decode(chunk))?.[1]);
    return { httpPort: port, grpcPort: port, stop: () => child.kill() };
  }
  throw new Error(`${file} did not start`);
}

async function caughtUp(url: string): Promise<{ totals: { accepted: number; stored: number } }> {
  for (;;) {
    const stats = (await (await fetch(`${url}/api/q/stats`)).json()) as {
      store: { behind: number };
      totals: { accepted: number; stored: number };
    };
    if (stats.store.behind === 0) return stats;
    await Bun.sleep(50);
  }
}

async function output(command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const [text, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${errors}${text}`);
  return text;
}

function spread(turns: readonly { rate: number; p99: string }[]): {
  median: number;
  text: string;
  p99: string;
} {
  const sorted = turns.toSorted((a, b) => a.rate - b.rate);
  const middle = sorted[sorted.length >> 1]!;
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const round = (rate: number) => Math.round(rate).toLocaleString("en");
  return {
    median: middle.rate,
    text: `${round(middle.rate)} (${round(low.rate)}–${round(high.rate)})`,
    p99: middle.p99,
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
