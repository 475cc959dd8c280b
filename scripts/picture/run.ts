/**
 * Makes the pictures of the documentation: a Mars of its own with the demo's small day, looked at by Chromium.
 *
 *     bun scripts/picture/run.ts [--out DIRECTORY] [--dark] [--width PIXELS]
 *
 * `--out` defaults to `docs/pictures`. Needs `chromium` in the path, or the path of another browser in `CHROMIUM`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findBrowser, openBrowser } from "../../test/support/browser.ts";
import { spawnMars } from "../../test/support/process.ts";

/** Pictures are part of the repository: a larger one does not belong there. */
const bytesMax = 150 * 1024;
const height = 820;
const overdueWithinMs = 60_000;

const root = join(import.meta.dir, "../..");
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "docs/pictures") },
    dark: { type: "boolean", default: false },
    width: { type: "string", default: "1200" },
  },
});

const home = mkdtempSync(join(tmpdir(), "mars-picture-"));
try {
  await makePictures();
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function makePictures(): Promise<void> {
  const mars = await spawnMars({ dataDir: join(home, "data"), env: { MARS_START_GRACE: "off" } });
  try {
    await playDemo(mars.url);
    const browser = await openBrowser(findBrowser() ?? "chromium", { profileDir: join(home, "browser") });
    try {
      mkdirSync(values.out, { recursive: true });
      const { app_id, message_id } = await overdueOrder(mars.url);
      const query = new URLSearchParams({ message_id, app_id });
      for (const { name, path, row } of [
        { name: "overview.png", path: "/", row: ".card" },
        { name: "message.png", path: `/search/event?${query}`, row: ".event" },
      ]) {
        const png = await browser.shoot({
          url: mars.url + path,
          width: Number(values.width),
          height,
          dark: values.dark,
          ready: `body:has([data-state="live"]) ${row}`,
        });
        if (png.length > bytesMax) throw new Error(`${name} has ${png.length} bytes: at most ${bytesMax}`);
        writeFileSync(join(values.out, name), png);
        process.stdout.write(`${join(values.out, name)}: ${Math.ceil(png.length / 1024)} KiB\n`);
      }
    } finally {
      await browser.close();
    }
  } finally {
    await mars.kill("SIGTERM");
  }
}

async function playDemo(url: string): Promise<void> {
  const script = join(root, "scripts/demo/run.ts");
  const command = [process.execPath, script, "--url", url, "--scale", "small", "--no-live"];
  const child = Bun.spawn(command, { stdout: "ignore", stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error("the demo failed");
}

/** The overdue order with the most events. */
async function overdueOrder(url: string): Promise<{ app_id: string; message_id: string }> {
  const list = `${url}/api/messages?app_id=shop-orders&state=overdue&order=overdue&limit=50`;
  for (const until = Date.now() + overdueWithinMs; ; ) {
    const { messages } = (await (await fetch(list)).json()) as {
      messages: { app_id: string; message_id: string; event_count: number }[];
    };
    const [message] = messages.toSorted((a, b) => b.event_count - a.event_count);
    if (message !== undefined) return message;
    if (Date.now() > until) throw new Error("the demo has no overdue order");
    await Bun.sleep(200);
  }
}
