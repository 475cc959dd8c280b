/** The disk of Mars is full while messages come, a file system of its own: nothing is acknowledged, nothing lost, and all goes on once there is room. */
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";
import { Shop } from "./shop.ts";

const sizeMiB = 64;
const flood = 4_000;
const textChars = 4_000;
const chunk = 500;

export async function runFullDisk(
  broker: TestBroker,
  { directory, command = [process.execPath, "src/main.ts"] }: CheckOptions,
): Promise<string> {
  const dataDir = join(directory, "mars");
  await mkdir(dataDir);
  const mount = `mount -t tmpfs -o size=${sizeMiB}m mars "$0" && exec "$@"`;
  const mars = new RestartedMars({
    dataDir,
    // In a name space, where any user may mount; the file system ends with the process.
    command: ["unshare", "-rm", "bash", "-c", mount, dataDir, ...command],
    env: { MARS_COLLECT_SHOP: broker.url(), MARS_LOG_LEVEL: "error" },
    stderr: join(directory, "mars.log"),
  });
  const shop = new Shop(mars, broker);
  try {
    await shop.reached(({ state }) => state === "reading", "it reads");
    await shop.publish(chunk);
    await shop.reached(({ messages }) => messages === chunk, "it has read", 60_000);
    const filler = `/proc/${await mars.pid()}/root${dataDir}/filler`;
    await fill(filler);
    const most = Math.min(flood, (broker.messagesMost ?? flood + chunk) - chunk);
    for (let at = 0; at < most; at += chunk)
      await shop.publish(Math.min(chunk, most - at), "x".repeat(textChars));
    const full = await shop.reached(({ state }) => state === "waiting", "it waits");
    const said = await shop.healthReached((health) => health !== "", "says it");
    // What is on the disk by now stays; no more is acknowledged.
    await Bun.sleep(2_000);
    const still = await shop.status();
    if (still.state !== "waiting" || still.messages >= chunk + most)
      throw new Error(`while the disk is full: ${JSON.stringify(still)}`);
    await rm(filler);
    const began = performance.now();
    await shop.reached(({ messages }) => messages >= chunk + most, "all are acknowledged in the end", 60_000);
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    const stored = await shop.checkStored();
    await shop.healthReached((health) => health === "", "has no word any more");
    return `${stored}; ${full.messages} acknowledged before the disk was full; health: ${said}; all ${seconds} s after there is room`;
  } finally {
    await mars.stop();
  }
}

/** Until no block is free. */
async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const block = Buffer.alloc(4_096); ; ) await file.write(block);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  } finally {
    await file.close();
  }
}
