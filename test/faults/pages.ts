/**
 * Pages of other origins in a real Chromium, against a Mars that needs no key: by every means of a page they can neither change,
 * read, frame nor watch anything, under the name of their own server neither; a page of an allowed origin can. And Mars' own
 * page runs under its policy without a complaint.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stats } from "../../src/runtime/stats.ts";
import { type Browser, findBrowser, openBrowser } from "../support/browser.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { getJson, send } from "../support/rest.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

/** What came of each means of a page. */
type Outcome = Readonly<Record<string, string>>;

const loaded = "document.readyState === 'complete'";

export async function run({ binary }: FaultCheckOptions): Promise<string> {
  const command = findBrowser();
  if (command === undefined) return "left out: Chromium is not installed (apt-get install chromium)";
  const home = await mkdtemp(join(tmpdir(), "mars-pages-"));
  const html = { headers: { "content-type": "text/html" } };
  const elsewhere = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("<!doctype html><title>a page</title>", html),
  });
  const env = {
    MARS_ALLOWED_ORIGINS: `http://allowed.test:${elsewhere.port}`,
    MARS_TEST_ENDPOINTS: "1",
  };
  const mars = await spawnMars({
    dataDir: join(home, "data"),
    env,
    ...(binary !== undefined && { command: [binary] }),
  });
  const browser = await openBrowser(command, {
    profileDir: join(home, "browser"),
    hostRules: "MAP *.test 127.0.0.1",
  });
  try {
    const figures = [
      await runOwnPage(browser, mars),
      await runForeignPages(browser, mars, elsewhere.port ?? 0),
      await runAllowedPage(browser, mars, elsewhere.port ?? 0),
      await runRebound(browser, mars),
    ];
    return figures.join("; ");
  } finally {
    await browser.close();
    elsewhere.stop(true);
    await mars.kill("SIGTERM");
    await rm(home, { recursive: true, force: true });
  }
}

async function runOwnPage(browser: Browser, { url }: MarsProcess): Promise<string> {
  await send(url, { app_id: "pages", message_id: "m-1", event: "created" });
  const paths = ["/", "/search/event?message_id=m-1", "/search/event?message_id=none"];
  browser.complaints();
  for (const path of paths) {
    await browser.visit(url + path, `document.querySelector('[data-state="live"]') !== null`);
    const complaints = browser.complaints();
    if (complaints.length > 0) throw new Error(`${path}: ${complaints.join("; ")}`);
  }
  return `${paths.length} views of Mars' own page without a complaint`;
}

/** Another site, and another port of Mars' own host, which is the same site. */
async function runForeignPages(browser: Browser, mars: MarsProcess, port: number): Promise<string> {
  const before = await lastSeq(mars);
  let means = 0;
  for (const host of ["evil.test", "127.0.0.1", "localhost"]) {
    await browser.visit(`http://${host}:${port}/`, loaded);
    const outcome = await tryAll(browser, mars);
    for (const [name, result] of Object.entries(outcome)) {
      if (result !== "refused") throw new Error(`${host}: ${name} is ${result}`);
      means += 1;
    }
    if (!browser.complaints().some((text) => text.includes("frame-ancestors"))) {
      throw new Error(`${host}: the frame was not refused`);
    }
  }
  if ((await lastSeq(mars)) !== before) throw new Error("a foreign page has made an event");
  return `${means} means of foreign pages refused`;
}

async function runAllowedPage(browser: Browser, mars: MarsProcess, port: number): Promise<string> {
  await browser.visit(`http://allowed.test:${port}/`, loaded);
  const outcome = await tryAll(browser, mars);
  const expected: Outcome = {
    "read by fetch": "200",
    "read by RPC": "200",
    "an event": "200",
    "a deletion": "404",
    "a WebSocket": "open",
    "an event stream": "open",
  };
  for (const [name, result] of Object.entries(outcome)) {
    if (result !== (expected[name] ?? "refused")) throw new Error(`an allowed page: ${name} is ${result}`);
  }
  const open = Object.keys(expected).length;
  return `${open} means open to an allowed page, ${Object.keys(outcome).length - open} not`;
}

/** The page's own name, resolved to Mars. */
async function runRebound(browser: Browser, { httpPort }: MarsProcess): Promise<string> {
  for (const path of ["/", "/api/messages", "/api/create_event"]) {
    await browser.visit(`http://rebound.test:${httpPort}${path}`, loaded);
    const text = await browser.evaluate<string>("document.body.innerText");
    if (!text.includes("Misdirected Request")) throw new Error(`${path} by another name: ${text}`);
  }
  return "a rebound name refused";
}

/** Tries on the open page what `foreign-page.js` can. */
async function tryAll(browser: Browser, mars: MarsProcess): Promise<Outcome> {
  await browser.evaluate(await Bun.file(join(import.meta.dir, "foreign-page.js")).text());
  return browser.evaluate<Outcome>(`tryAll(${JSON.stringify(mars.url)})`);
}

async function lastSeq({ url }: MarsProcess): Promise<number> {
  return (await getJson<Stats>(`${url}/api/q/stats`)).journal.last_seq;
}

if (import.meta.main) await runAlone(run);
