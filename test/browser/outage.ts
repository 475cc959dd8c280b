/**
 * The minute that a dashboard is for: the demo's outage has begun, the page is opened, and a person who was paged comes by clicks to
 * the stuck group, to one of its messages, and to the stage that it misses.
 */

import { DemoClient } from "../../src/cli/demo/demo-client.ts";
import { Player } from "../../src/demo/player.ts";
import { openPage, type Site } from "./check.ts";

const clicksMax = 3;
/** How far into the outage the page is opened. */
const intoOutageMs = 30_000;
const outageAfterMs = 60_000;

export async function checkOutage(site: Site): Promise<string> {
  const stop = new AbortController();
  const { page, complaints, close } = await openPage(site);
  try {
    const mars = new DemoClient({ url: site.url, local: true }, { agent: "test", signal: stop.signal });
    const startMs = Date.now() - outageAfterMs - intoOutageMs;
    const player = new Player(mars, { seed: 3, prefix: "", startMs, days: 0, ordersPerDay: 400 });
    await player.setUp();
    await player.catchUp();
    const groups = async () => (await mars.get("/api/overdue/groups?app_id=notifications")).groups;
    while (
      !(await groups()).some(
        (group: { stage: string; new: number }) => isSending(group.stage) && group.new > 0,
      )
    ) {
      await Bun.sleep(200);
    }

    const start = performance.now();
    let clicks = 0;
    await page.goto(site.url);
    const group = page.locator("a.group", { hasText: "QUEUED → SENT_SMS|SENT_PUSH" }).first();
    await group.waitFor();
    const seen = Math.round(performance.now() - start);
    await group.click();
    clicks++;
    const message = page.locator("tr[data-row] a.id").first();
    await message.waitFor();
    await message.click();
    clicks++;
    await page.getByRole("heading", { name: "SENT_SMS|SENT_PUSH has not come" }).waitFor();
    const found = Math.round(performance.now() - start);
    if (clicks > clicksMax) throw new Error(`${clicks} clicks, at most ${clicksMax}`);
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    return `the stuck group is seen after ${seen} ms, its message and the missing stage by ${clicks} clicks in ${found} ms`;
  } finally {
    stop.abort();
    await close();
  }
}

function isSending(stage: string): boolean {
  return stage.includes("SENT_SMS");
}
