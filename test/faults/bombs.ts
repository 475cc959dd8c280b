/**
 * Bombs for every protocol: bodies of deep nesting, many members, long numbers and high compression, a hundred at once, while a canary sends its events. It must be
 * served, Mars must stay small and alive, and nothing of the bombs may be stored.
 *
 *     bun test/faults/bombs.ts [--full] [--binary dist/mars]
 *
 * In full, Mars has 512 MiB where this may make a memory cgroup, and every kind comes three times, in hundreds of many kinds;
 * then come a hundred at once of each of the dearest kinds. They are sent by a process of its own.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bomb, type Doors, everyBomb } from "../support/bomb-doors.ts";
import { type Canary, quantile, startCanary } from "../support/canary.ts";
import { limitMemory } from "../support/memory-limit.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { mulberry32 } from "../support/random.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const canaryMsMax = 250;
const rssMiBMax = 400;
const memoryMiB = 512;
const atOnce = 100;
/** How often each kind comes, in full. */
const rounds = 3;
/** What costs most to read, or to refuse: a hundred of one. */
const dearest =
  /^(gzip|plain) (brackets|keys|wide events|event of lists) \(application\/(json|proto)\) at .*(bulk|CollectEvents)$|^gRPC (gzip )?(wide|one wide|empty|nested) events? at .*CollectEvents$/;

/** Resolves to how the canary fared and how large Mars became. */
export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-bombs-"));
  const limit = full ? limitMemory(memoryMiB * 1024 * 1024) : undefined;
  const program = binary === undefined ? [process.execPath, "src/main.ts"] : [binary];
  const mars = await spawnMars({ dataDir, command: [...(limit?.prefix ?? []), ...program] });
  try {
    // What a machine takes for its first requests is not the bombs' doing.
    await (await fetch(`${mars.url}/api/messages`)).text();
    const canary = startCanary(mars.url);
    const attack = await attacked(mars, full);
    const figures = await judge(mars, canary);
    const memory = full
      ? `, in ${limit === undefined ? "no cgroup: none can be made here" : `a cgroup of ${memoryMiB} MiB`}`
      : "";
    return `${attack}; ${figures}${memory}`;
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
    limit?.remove();
  }
}

/** @returns what was sent */
async function attacked(mars: MarsProcess, full: boolean): Promise<string> {
  const args = [mars.url, String(mars.grpcPort), full ? "full" : "short"];
  const child = Bun.spawn([process.execPath, import.meta.path, "attack", ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, wrong] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`${output}${wrong}`);
  return output.trim();
}

/** In the process that attacks. */
async function attack(doors: Doors, full: boolean): Promise<string> {
  const all = [...everyBomb()];
  const bombs = all.filter((_, n) => full || n % 9 === 0);
  const hundreds = full ? [...mixed(bombs), ...ofOneKind(bombs)] : [cycle(bombs)];
  let longest = { name: "", ms: 0 };
  for (const hundred of hundreds) {
    const start = performance.now();
    await Promise.all(hundred.map((bomb) => bomb.explode(doors)));
    const ms = performance.now() - start;
    if (ms <= longest.ms) continue;
    const names = new Set(hundred.map(({ name }) => name));
    longest = { name: names.size === 1 ? [...names].join() : "of many kinds", ms };
  }
  return `${bombs.length} kinds, ${hundreds.length} times ${atOnce} at once, the longest ${(longest.ms / 1_000).toFixed(1)} s (${longest.name})`;
}

/** Every kind `rounds` times, in hundreds whose kinds differ; the same in every run. */
function mixed(bombs: readonly Bomb[]): Bomb[][] {
  const random = mulberry32(7);
  const order = Array.from({ length: rounds }, () => bombs)
    .flat()
    .map((bomb) => ({ bomb, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ bomb }) => bomb);
  const hundreds: Bomb[][] = [];
  for (let at = 0; at < order.length; at += atOnce) hundreds.push(cycle(order.slice(at, at + atOnce)));
  return hundreds;
}

function ofOneKind(bombs: readonly Bomb[]): Bomb[][] {
  return bombs.filter(({ name }) => dearest.test(name)).map((bomb) => cycle([bomb]));
}

function cycle(bombs: readonly Bomb[]): Bomb[] {
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

const [role, url = "", grpcPort, form] = process.argv.slice(2);
if (import.meta.main && role === "attack") {
  process.stdout.write(`${await attack({ url, grpcPort: Number(grpcPort) }, form === "full")}\n`);
  process.exit(0);
}
if (import.meta.main) await runAlone(run);
