/** The broker is away for an hour of a clock that runs fast: it is tried all the time, at bounded intervals, and read when it is back. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import { faketimeEnv } from "../support/faketime.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";
import { Shop } from "./shop.ts";

const chunk = 50;
const speed = 120;
const hourSeconds = 3_600;
/** Of the real clock: the longest pause between two attempts, and the attempt. */
const backMs = 25_000;
const logLinesMost = 4;
/** Sockets that are not closed yet. */
const descriptorsMore = 8;

export async function runAway(broker: TestBroker, { directory, command }: CheckOptions): Promise<string> {
  const [clock, log] = [join(directory, "clock"), join(directory, "mars.log")];
  await writeFile(clock, "+0\n");
  const mars = new RestartedMars({
    dataDir: join(directory, "mars"),
    stderr: log,
    ...(command !== undefined && { command }),
    env: { MARS_COLLECT_SHOP: broker.url(), ...faketimeEnv(clock) },
  });
  const shop = new Shop(mars, broker);
  const descriptors = async () => (await readdir(`/proc/${await mars.pid()}/fd`)).length;
  try {
    await shop.reached(({ state }) => state === "reading", "it reads");
    await shop.publish(chunk);
    await shop.reached(({ messages }) => messages === chunk, "it has read");
    const before = await descriptors();
    await broker.down();
    await shop.reached(({ state }) => state === "lost", "it is lost", 60_000);
    await writeFile(clock, `+0 x${speed}\n`);
    const secondsOf = (health: string) => Number(/the collector shop .* for (\d+) s/.exec(health)?.[1] ?? 0);
    const said = await shop.healthReached((health) => secondsOf(health) >= hourSeconds, "says it", 120_000);
    // At the speed of other clocks again, which has to be said, and later than it is by now.
    await writeFile(clock, `+${2 * secondsOf(said) + hourSeconds} x1\n`);
    const left = await descriptors();
    await broker.up();
    const began = performance.now();
    await shop.reached(({ state }) => state === "reading", "it reads again", backMs);
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    await shop.publish(chunk);
    await shop.reached(({ messages }) => messages >= 2 * chunk, "it has read on");
    await shop.healthReached((health) => !health.includes("collector"), "has no word any more");
    // Of this process: the next one writes from the beginning.
    const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line.includes("broker_lost"));
    if (lines.length === 0 || lines.length > logLinesMost)
      throw new Error(`${lines.length} lines of the log: ${lines.join("\n")}`);
    // Threads that wait for each other do not bear such a clock for long: another process looks at what is stored.
    await writeFile(clock, "+0 x1\n");
    await mars.kill();
    const stored = await shop.checkStored();
    if (left > before + descriptorsMore) throw new Error(`${before} files were open, then ${left}`);
    return `${stored}; health after an hour: ${said}; reads ${seconds} s after the broker is back, ${lines.length} lines of the log`;
  } finally {
    await mars.stop();
  }
}
