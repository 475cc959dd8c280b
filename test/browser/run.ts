/**
 * The dashboard in a real Chromium, against a Mars of its own with the demo's small day: every screen by its address, light, dark and
 * narrow, without a complaint of the console or of axe; by keyboard alone; live; over kill -9; and what a failing Mars looks like.
 *
 *     bun test/browser/run.ts [--binary PATH] [--only NAME]
 *
 * Needs `chromium` in the path, or another browser in `CHROMIUM`. Exit code 1 when a check fails.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Browser, chromium } from "playwright-core";
import { findBrowser } from "../support/browser.ts";
import { command } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { checkAccessibility } from "./accessibility.ts";
import { checkAdministration } from "./administration.ts";
import { type Check, post, type Site } from "./check.ts";
import { checkDocumentation } from "./documentation.ts";
import { checkFailures } from "./failures.ts";
import { checkFigures } from "./figures.ts";
import { checkFirstRun } from "./first-run.ts";
import { checkKeyboard } from "./keyboard.ts";
import { checkKiosk } from "./kiosk.ts";
import { checkLifecycle } from "./lifecycle.ts";
import { checkLists } from "./lists.ts";
import { checkLive } from "./live.ts";
import { checkLongLists } from "./long-lists.ts";
import { checkMemory } from "./memory.ts";
import { checkMessage } from "./message.ts";
import { checkOutage } from "./outage.ts";
import { checkOverview } from "./overview.ts";
import { checkReference } from "./reference.ts";
import { checkRules } from "./rules.ts";
import { checkSearch } from "./search.ts";
import { checkSignIn } from "./sign-in.ts";
import { checkSources } from "./sources.ts";
import { checkStrangeIds } from "./strange-ids.ts";
import { checkTwoPeople } from "./two-people.ts";
import { checkViews } from "./views.ts";

const checks: Readonly<Record<string, Check>> = {
  accessibility: checkAccessibility,
  keyboard: checkKeyboard,
  "first run": checkFirstRun,
  outage: checkOutage,
  overview: checkOverview,
  live: checkLive,
  "sign-in": checkSignIn,
  message: checkMessage,
  administration: checkAdministration,
  lists: checkLists,
  search: checkSearch,
  sources: checkSources,
  rules: checkRules,
  views: checkViews,
  reference: checkReference,
  documentation: checkDocumentation,
  lifecycle: checkLifecycle,
  "two people": checkTwoPeople,
  "long lists": checkLongLists,
  failures: checkFailures,
  "strange ids": checkStrangeIds,
  kiosk: checkKiosk,
  figures: checkFigures,
  memory: checkMemory,
};

const { values } = parseArgs({ options: { binary: { type: "string" }, only: { type: "string" } } });
process.exitCode = await main();

async function main(): Promise<number> {
  const command = findBrowser();
  if (command === undefined) throw new Error("this needs Chromium: apt-get install chromium");
  const home = await mkdtemp(join(tmpdir(), "mars-browser-"));
  const browser = await chromium.launch({ executablePath: command, args: ["--no-sandbox"] });
  let failed = 0;
  const site = await openSite(home, browser);
  try {
    await site.playDemo();
    await addSource(site);
    await post(site, "/api/apps/notifications/attributes", { indexed: ["region", "channel"] }, "PUT");
    for (const [name, check] of Object.entries(checks)) {
      if (values.only !== undefined && values.only !== name) continue;
      const start = performance.now();
      try {
        const figures = await check(site);
        process.stdout.write(
          `ok     ${name} (${((performance.now() - start) / 1_000).toFixed(1)} s): ${figures}\n`,
        );
      } catch (error) {
        failed += 1;
        process.stdout.write(`FAILED ${name}: ${error instanceof Error ? error.stack : String(error)}\n`);
      }
    }
  } finally {
    await browser.close();
    await site.stop();
    await rm(home, { recursive: true, force: true });
  }
  return failed === 0 ? 0 : 1;
}

/** With a delivery that is kept and becomes no event. */
async function addSource(site: Site): Promise<void> {
  const verify = { scheme: "none" };
  await post(site, "/api/sources/ci", { app_id: "ci", preset: "github", verify }, "PUT");
  await post(site, "/in/ci", { action: "opened" });
}

async function openSite(home: string, browser: Browser): Promise<Site> {
  // Over a restart the page finds Mars where it was.
  const port = await freePort();
  const options = {
    dataDir: join(home, "data"),
    env: {
      MARS_HTTP_PORT: String(port),
      MARS_START_GRACE: "off",
      MARS_ALERT_ALLOW: "127.0.0.0/8",
      MARS_LOG_LEVEL: "error",
    },
    ...(values.binary !== undefined && { command: [values.binary] }),
  };
  let mars: MarsProcess = await spawnMars(options);
  return {
    url: mars.url,
    browser,
    ...(values.binary !== undefined && { command: [values.binary] }),
    async kill() {
      await mars.kill("SIGKILL");
    },
    async start() {
      mars = await spawnMars(options);
    },
    async stop() {
      await mars.kill("SIGTERM");
    },
    async playDemo() {
      const args = ["--url", mars.url, "--scale", "small", "--no-live"];
      const child = Bun.spawn(command(["demo", ...args]), { stdout: "ignore", stderr: "inherit" });
      if ((await child.exited) !== 0) throw new Error("the demo failed");
    },
  };
}
