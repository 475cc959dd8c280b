/**
 * A page that stays open: as many events as ten hours have at five a second come within two minutes, over a live table and over the
 * overview. What is left after a collection of garbage must not grow from the first third on.
 */
import type { CDPSession } from "playwright-core";
import { isLive, openPage, type Site } from "./check.ts";
import { feed } from "./figures.ts";

const thirds = 3;
const eventsPerSecond = 1_500;
const thirdSeconds = 40;
/** Caches of the browser move by so much. */
const growthBytesMax = 2 * 1024 * 1024;

export async function checkMemory(site: Site): Promise<string> {
  const pages = await Promise.all(["/tail?app_id=memory", "/"].map((path) => openHeap(site, path)));
  try {
    const heaps: number[][] = [];
    for (let third = 0; third < thirds; third += 1) {
      await feed(site, "memory", eventsPerSecond, thirdSeconds);
      heaps.push(await Promise.all(pages.map(({ bytes }) => bytes())));
    }
    const texts = pages.map(({ path }, at) => {
      const sizes = heaps.map((sizes) => sizes[at]!);
      if (sizes.at(-1)! - sizes[0]! > growthBytesMax) {
        throw new Error(`${path} grows: ${sizes.map(megabytes).join(", ")}`);
      }
      return `${path} ${sizes.map(megabytes).join(", ")}`;
    });
    return `${eventsPerSecond * thirdSeconds * thirds} events; after each third ${texts.join("; ")}`;
  } finally {
    for (const { close } of pages) await close();
  }
}

async function openHeap(site: Site, path: string) {
  const { page, close } = await openPage(site);
  await page.goto(site.url + path);
  await page.waitForSelector(isLive);
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  return { path, close, bytes: () => heapBytes(session) };
}

async function heapBytes(session: CDPSession): Promise<number> {
  // What is only weakly held goes with the second one.
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
