/**
 * What the page costs: the bytes of its first load, the time to first content here and over a slow network, and a live table's frames
 * and share of a core. Content is there with the frame that shows it, by the page's own clock; beside it stands a plain page of text,
 * which is what the browser takes by itself. The share is the processor time of the page's process, all its threads; what the browser's other processes take
 * beside it (network, drawing by software where there is no graphics card) is shown too. On a machine that has more to do than it has
 * processors times say nothing: there they are shown, and not held.
 */
import { availableParallelism, loadavg } from "node:os";
import type { CDPSession, Page } from "playwright-core";
import { isLive, openPage, post, type Site } from "./check.ts";

const firstLoadBytesMax = 120 * 1024;
const contentMsMax = 300;
/** DevTools' "Slow 3G": 400 kbit/s, and 400 ms to an answer. */
const slow = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
const slowContentMsMax = 2_000;
const loads = 5;
const eventsPerSecond = 500;
const feedSeconds = 10;
const framesMin = 57;
const coreShareMax = 0.3;

export async function checkFigures(site: Site): Promise<string> {
  const here: Load[] = [];
  const plain: Load[] = [];
  for (let load = 0; load < loads; load += 1) {
    plain.push(await firstLoad(site, plainPage));
    here.push(await firstLoad(site, startPage));
  }
  const plainFar = await firstLoad(site, plainPage, slow);
  const far = await firstLoad(site, startPage, slow);
  const { bytes } = here[0]!;
  const contentMs = Math.min(...here.map((one) => one.contentMs));
  const plainMs = Math.min(...plain.map((one) => one.contentMs));
  const { frames, share, shareOfAll } = await liveTable(site);
  const busy = (loadavg()[0] ?? 0) > availableParallelism();
  const figures = [
    `first load ${(bytes / 1024).toFixed(1)} KB`,
    `first content after ${contentMs} ms, of a plain page after ${plainMs} ms`,
    `over slow 3G ${far.contentMs} ms and ${plainFar.contentMs} ms`,
    `at ${eventsPerSecond} events/s ${frames.toFixed(1)} frames/s, ${percent(share)} of a core, ${percent(shareOfAll)} with the browser's other processes`,
    ...(busy ? ["the machine is busy, times are not held"] : []),
  ].join("; ");
  const inTime =
    contentMs <= contentMsMax &&
    far.contentMs <= slowContentMsMax &&
    frames >= framesMin &&
    share < coreShareMax;
  if (bytes > firstLoadBytesMax || !(busy || inTime)) throw new Error(`beyond a bound: ${figures}`);
  return figures;
}

interface Load {
  /** As they came over the network, compressed, without answers of calls. */
  readonly bytes: number;
  /** To the frame that shows the content. */
  readonly contentMs: number;
}

interface Content {
  readonly path: string;
  /** Of an element of the content. */
  readonly selector: string;
}

const startPage: Content = { path: "/", selector: ".card" };
const plainPage: Content = { path: "/docs/glossary.html", selector: "h1" };

/** With an empty cache. */
async function firstLoad(site: Site, { path, selector }: Content, network?: typeof slow): Promise<Load> {
  const { page, close } = await openPage(site);
  try {
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    if (network !== undefined) await session.send("Network.emulateNetworkConditions", network);
    const files = new Map<string, number>();
    const urls = new Map<string, string>();
    session.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      files.set(urls.get(requestId) ?? requestId, encodedDataLength);
    });
    // A message that is posted in a frame arrives when the frame is painted.
    await page.addInitScript(`globalThis.content = new Promise((shown) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => shown(performance.now());
      new MutationObserver((_, observer) => {
        if (document.querySelector("${selector}") === null) return;
        observer.disconnect();
        requestAnimationFrame(() => port2.postMessage(undefined));
      }).observe(document, { childList: true, subtree: true });
    })`);
    await page.goto(site.url + path, { waitUntil: "commit" });
    const contentMs = Math.round(await page.evaluate<number>("content"));
    const own = [...files].filter(([url]) => !new URL(url).pathname.startsWith("/api/"));
    return { bytes: own.reduce((sum, [, bytes]) => sum + bytes, 0), contentMs };
  } finally {
    await close();
  }
}

interface LiveFigures {
  readonly frames: number;
  readonly share: number;
  readonly shareOfAll: number;
}

async function liveTable(site: Site): Promise<LiveFigures> {
  const { page, close } = await openPage(site);
  const session = await site.browser.newBrowserCDPSession();
  try {
    await page.goto(`${site.url}/tail?app_id=figures`);
    await page.waitForSelector(isLive);
    const feeding = feed(site, "figures", eventsPerSecond, feedSeconds);
    // Up to speed.
    await page.locator(".tail.rush .line").nth(10).waitFor();
    const seconds = feedSeconds - 3;
    const before = await cpuSeconds(session);
    const frames = await framesIn(page, seconds * 1_000);
    const after = await cpuSeconds(session);
    await feeding;
    return {
      frames,
      share: (after.renderer - before.renderer) / seconds,
      shareOfAll: (after.all - before.all) / seconds,
    };
  } finally {
    await session.detach();
    await close();
  }
}

/** Processor time since the start: of the processes that pages run in, of which one has a page here, and of all. */
async function cpuSeconds(session: CDPSession): Promise<{ renderer: number; all: number }> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const sum = (some: typeof processInfo) => some.reduce((seconds, { cpuTime }) => seconds + cpuTime, 0);
  return { renderer: sum(processInfo.filter(({ type }) => type === "renderer")), all: sum(processInfo) };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function framesIn(page: Page, ms: number): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const start = performance.now();
    let frames = 0;
    const look = (now) => {
      frames += 1;
      if (now - start < ${ms}) requestAnimationFrame(look);
      else resolve((frames * 1000) / (now - start));
    };
    requestAnimationFrame(look);
  })`);
}

/** Sends events at a steady rate. */
export async function feed(site: Site, appId: string, perSecond: number, seconds: number): Promise<void> {
  const stepMs = 100;
  const batch = Math.round((perSecond * stepMs) / 1_000);
  const start = performance.now();
  for (let step = 0; step < (seconds * 1_000) / stepMs; step += 1) {
    const events = Array.from({ length: batch }, (_, index) => {
      return { app_id: appId, message_id: `m-${step * batch + index}`, event: "TICK", attributes: { step } };
    });
    await post(site, "/api/event/bulk", { events });
    await Bun.sleep(Math.max(0, start + (step + 1) * stepMs - performance.now()));
  }
}
