/** Memory of an idle Mars, and of each subscriber. What the bulk load takes is measured where that load is: in `sustained`. */
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { number, type Spread, spreadOf } from "../figures.ts";
import type { Outcome, Scenario } from "../scenario.ts";

const idleBytesMax = 120e6;
const subscriberBytesMax = 20e3;
const subscribers = 1_000;
const idleMs = 2_000;
/** For buffers of the handshakes to be collected. */
const quietMs = 5_000;

export const memory: Scenario = { name: "memory", tools: [], run };

async function run(bench: Bench): Promise<Outcome> {
  const idle: number[] = [];
  const each: number[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const mars = await bench.startMars();
    await Bun.sleep(idleMs);
    const before = mars.memory().now;
    idle.push(before);
    const release = await holdSubscribers(mars.httpPort);
    await Bun.sleep(quietMs);
    each.push((mars.memory().now - before) / subscribers);
    await release();
    await mars.stop();
  }
  return {
    rows: [
      {
        name: "memory, idle",
        unit: "MB",
        mars: scaled(idle, 1e6),
        bar: `≤ ${idleBytesMax / 1e6} MB`,
        met: spreadOf(idle).median <= idleBytesMax,
        notes: [`resident, ${idleMs / 1000} s after the start`],
      },
      {
        name: `memory, each of ${number(subscribers)} subscribers`,
        unit: "KB",
        mars: scaled(each, 1e3),
        bar: `≤ ${subscriberBytesMax / 1e3} KB`,
        met: spreadOf(each).median <= subscriberBytesMax,
        notes: [`${quietMs / 1000} s after they subscribed`],
      },
    ],
    faults: [],
  };
}

/** Resolves, when all have subscribed, to what lets them go. */
async function holdSubscribers(port: number): Promise<() => Promise<void>> {
  const file = join(import.meta.dir, "../load/receiver.ts");
  const child = Bun.spawn([process.execPath, file, String(port), String(subscribers), "all"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  for await (const _ of child.stdout) {
    return async () => {
      await child.stdin.end();
      if ((await child.exited) !== 0) throw new Error("subscribers did not hold on");
    };
  }
  throw new Error("subscribers could not subscribe");
}

function scaled(bytes: readonly number[], unit: number): Spread {
  return spreadOf(bytes.map((value) => value / unit));
}
