/** On a Mars that has nothing yet: the demo is played by a button and removed by another, and an event of the shown `curl` appears by itself. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnMars } from "../support/process.ts";
import { isLive, openPage, type Site } from "./check.ts";

/** The overview reads by itself every 5 s: a first event is shown at once. */
const shownWithinMs = 2_000;

export async function checkFirstRun(site: Site): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "mars-browser-first-"));
  const mars = await spawnMars({
    dataDir: join(home, "data"),
    env: { MARS_LOG_LEVEL: "error", MARS_START_GRACE: "off" },
    ...(site.command !== undefined && { command: site.command }),
  });
  const { page, complaints, close } = await openPage(site);
  try {
    await page.goto(mars.url);
    await page.waitForSelector(isLive);
    const shown = await page.locator("pre").innerText();
    if (!shown.includes(`${mars.url}/api/event`)) throw new Error(`not the address of this Mars: ${shown}`);
    const start = performance.now();
    await page.getByRole("button", { name: "Play the demo" }).click();
    await page.locator(".card", { hasText: "demo-notifications" }).waitFor();
    await page.getByText("The demo is live").first().waitFor();
    const played = Math.round(performance.now() - start);
    await page.locator("a.group").first().waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Remove the demo" }).click();
    await page.getByRole("button", { name: "Play the demo" }).waitFor();
    // As the command does, without a shell.
    const [, body = ""] = /-d '(.*)'/.exec(shown) ?? [];
    const sent = performance.now();
    const headers = { "Content-Type": "application/json" };
    await fetch(`${mars.url}/api/event`, { method: "POST", headers, body });
    await page.locator(".card", { hasText: "shop" }).waitFor();
    const visible = Math.round(performance.now() - sent);
    if (visible > shownWithinMs) throw new Error(`a first event was shown only after ${visible} ms`);
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    return `the demo's day is there after ${played} ms, and removed by a click; a first event is shown ${visible} ms after it is sent`;
  } finally {
    await close();
    await mars.kill("SIGTERM");
    await rm(home, { recursive: true, force: true });
  }
}
