/**
 * The password of a collector's user becomes another while it reads: it says why it reads no more, and reads on once the file with its
 * URL has the new one, without a signal or a restart.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";
import { Shop } from "./shop.ts";

const chunk = 50;
const password = "n3w";
/** Where connections that are open stay open a while. */
const lostMs = 60_000;
const logLinesMost = 4;

export async function runCredentials(
  broker: TestBroker,
  { directory, command }: CheckOptions,
): Promise<string> {
  const [file, log] = [join(directory, "collector-url"), join(directory, "mars.log")];
  await writeFile(file, `${broker.url()}\n`);
  const mars = new RestartedMars({
    dataDir: join(directory, "mars"),
    stderr: log,
    ...(command !== undefined && { command }),
    env: { MARS_COLLECT_SHOP_FILE: file, MARS_LOG_LEVEL: "info" },
  });
  const shop = new Shop(mars, broker);
  try {
    await shop.reached(({ state }) => state === "reading", "it reads");
    await shop.publish(chunk);
    await shop.reached(({ messages }) => messages === chunk, "it has read");
    await broker.setPassword(password);
    await shop.publish(chunk);
    const { last_error } = await shop.reached(
      ({ state, last_error }) => state === "lost" && last_error !== "",
      "it is lost",
      lostMs,
    );
    if (last_error.includes(password)) throw new Error("the password is shown");
    const said = await shop.healthReached((health) => health.includes("the collector shop"), "says it");
    await writeFile(file, `${broker.url({ password })}\n`);
    const began = performance.now();
    await shop.reached(({ state }) => state === "reading", "it reads with the new password", 30_000);
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    const stored = await shop.checkStored();
    await shop.healthReached((health) => health === "", "has no word any more");
    const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line.includes("broker_lost"));
    if (lines.length === 0 || lines.length > logLinesMost)
      throw new Error(`${lines.length} lines of the log: ${lines.join("\n")}`);
    return `${stored}; health: ${said}; reads ${seconds} s after the file has changed, ${lines.length} lines of the log`;
  } finally {
    await mars.stop();
  }
}
