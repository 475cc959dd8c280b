/** A page that is open sees what comes, over kill -9 too: nothing is missed, and it says honestly how it is. */
import { isLive, openPage, post, type Site } from "./check.ts";

const lifecycle = {
  stages: [{ event: "SENT" }, { event: "ACKED", after: "SENT", within: "1s" }],
  complete_on: ["ACKED"],
  grace: "100ms",
};

export async function checkLive(site: Site): Promise<string> {
  await post(site, "/api/apps/live/lifecycle", lifecycle, "PUT");
  const { page, close } = await openPage(site);
  const events = () => page.locator(".timeline .event strong").allTextContents();
  try {
    await page.goto(`${site.url}/search/event?app_id=live&message_id=m-1`);
    await page.waitForSelector(".empty");
    await page.waitForSelector(isLive);
    const start = performance.now();
    await send(site, "SENT");
    await page.waitForSelector(".stages");
    const shown = Math.round(performance.now() - start);
    await page.waitForSelector(".verdict.bad");
    // This page was opened directly, and has never been on the overview.
    await page.locator('.nav a[href="/stuck"] .count').waitFor();
    await site.kill();
    await page.waitForSelector('.light[data-state="waiting"]');
    await site.start();
    await send(site, "RETRIED");
    await send(site, "ACKED");
    await page.waitForSelector(isLive);
    await page.locator(".timeline .event").nth(2).waitFor();
    await page.waitForSelector(".crumbs .badge.good");
    const names = await events();
    if (names.join() !== "SENT,RETRIED,ACKED") throw new Error(`the page shows ${names.join()}`);
    return `the first event after ${shown} ms, two more over a kill -9`;
  } finally {
    await close();
  }
}

async function send(site: Site, event: string): Promise<void> {
  await post(site, "/api/event", { app_id: "live", message_id: "m-1", event });
}
