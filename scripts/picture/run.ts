/**
 * Makes the pictures of the documentation: a Mars of its own, the demo live in it, and every screen in its outage as Chromium draws it,
 * light, dark and narrow; and commands in a terminal.
 *
 *     bun scripts/picture/run.ts [--out DIRECTORY] [--png] [--only BEGINNING-OF-NAMES]
 *
 * `--out` defaults to `docs/pictures`. It takes some four minutes. Needs `chromium` in the path, or the path of another browser in
 * `CHROMIUM`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Browser, chromium } from "playwright-core";
import { findBrowser } from "../../test/support/browser.ts";
import { spawnMars } from "../../test/support/process.ts";
import { lastIncident, type Picture, pictures, stuckMessage, terminalPictures } from "./pictures.ts";
import { shootTerminals } from "./terminal.ts";

/** Pictures are part of the repository: more does not belong there. */
const bytesMax = 3 * 1024 * 1024;
const stuckWithinMs = 240_000;
const quality = 62;

const looks = {
  light: { width: 1280, height: 860, colorScheme: "light" },
  dark: { width: 1280, height: 860, colorScheme: "dark" },
  narrow: { width: 390, height: 844, colorScheme: "light" },
} as const;

const root = join(import.meta.dir, "../..");
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "docs/pictures") },
    png: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

const home = mkdtempSync(join(tmpdir(), "mars-picture-"));
try {
  await makePictures();
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function makePictures(): Promise<void> {
  mkdirSync(values.out, { recursive: true });
  const isWanted = ({ name }: { readonly name: string }) =>
    values.only === undefined || name.startsWith(values.only);
  const wanted = pictures.filter(isWanted);
  const env = { MARS_START_GRACE: "off", MARS_ALERT_ALLOW: "127.0.0.0/8" };
  const mars = await spawnMars({ dataDir: join(home, "data"), env });
  const browser = await chromium.launch({
    executablePath: findBrowser() ?? "chromium",
    args: ["--no-sandbox", "--hide-scrollbars"],
  });
  let bytes = 0;
  const shoot = async (some: readonly Picture[]) => {
    for (const [look, view] of Object.entries(looks)) {
      bytes += await shootAll(browser, mars.url, some, look, view);
    }
  };
  try {
    await shoot(wanted.filter(({ empty }) => empty));
    const demo = Bun.spawn(
      [process.execPath, join(root, "src/main.ts"), "demo", "--url", mars.url, "--scale", "small"],
      {
        stdout: "inherit",
        stderr: "inherit",
      },
    );
    try {
      await waitForOutage(mars.url);
      await shoot(wanted.filter(({ empty }) => !empty));
      bytes += await shootTerminals(browser, mars.url, terminalPictures.filter(isWanted), {
        out: values.out,
        format: values.png ? "png" : "webp",
        quality,
      });
    } finally {
      demo.kill("SIGINT");
      await demo.exited;
    }
  } finally {
    await browser.close();
    await mars.kill("SIGTERM");
  }
  process.stdout.write(`${Math.ceil(bytes / 1024)} KiB in all\n`);
  if (!values.png && bytes > bytesMax)
    throw new Error(`the pictures have ${bytes} bytes: at most ${bytesMax}`);
}

async function shootAll(
  browser: Browser,
  url: string,
  some: readonly Picture[],
  look: string,
  { width, height, colorScheme }: (typeof looks)[keyof typeof looks],
): Promise<number> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    timezoneId: "UTC",
    locale: "en-GB",
  });
  let bytes = 0;
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const devtools = await context.newCDPSession(page);
  for (const { name, address } of some) {
    await page.goto(url + ((await address(url)) ?? "/"));
    await page.waitForSelector('.light[data-state="live"]');
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
    // Charts and live frames come a moment after the first answer.
    await page.waitForTimeout(700);
    const format = values.png ? "png" : "webp";
    const { data } = await devtools.send("Page.captureScreenshot", {
      format,
      ...(!values.png && { quality }),
    });
    const file = join(values.out, `${name}${look === "light" ? "" : `-${look}`}.${format}`);
    const picture = Buffer.from(data, "base64");
    writeFileSync(file, picture);
    bytes += picture.length;
    process.stdout.write(`${file}: ${Math.ceil(picture.length / 1024)} KiB\n`);
  }
  await context.close();
  return bytes;
}

/** Until the demo's outage has opened an incident, and its services try again. */
async function waitForOutage(url: string): Promise<void> {
  for (const until = Date.now() + stuckWithinMs; Date.now() < until; await Bun.sleep(500)) {
    if ((await lastIncident(url)) !== undefined && (await stuckMessage(url)) !== undefined) return;
  }
  throw new Error("the demo's outage opened no incident");
}
