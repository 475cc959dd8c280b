/** A message of thousands of events, and a tail of hundreds a second: the page stays small and quick. */
import type { Page } from "playwright-core";
import { isLive, openPage, post, type Site } from "./check.ts";

const eventCount = 20_000;
const batch = 5_000;
const tailEvents = 2_000;

export async function checkLongLists(site: Site): Promise<string> {
  for (let from = 0; from < eventCount; from += batch) {
    const events = Array.from({ length: batch }, (_, index) => {
      const at = from + index;
      // Names differ, so that nothing is shown as one.
      return {
        app_id: "long",
        message_id: "m-1",
        event: `STEP_${at % 7}`,
        created_at: new Date(Date.UTC(2026, 0, 1) + at * 1_000).toISOString(),
        event_id: String(at),
      };
    });
    const { seq } = (await (await post(site, "/api/event/bulk", { events })).json()) as { seq: number };
    await fetch(`${site.url}/api/messages?limit=1&min_seq=${seq}`);
  }
  const { page, close } = await openPage(site);
  try {
    await page.goto(`${site.url}/search/event?app_id=long&message_id=m-1`);
    await page.waitForSelector(isLive);
    for (let loaded = 1_000; loaded < 10_000; loaded += 1_000) {
      await page.getByRole("button", { name: "Show earlier events" }).click();
      await page.locator(".earlier", { hasText: `${rest(loaded + 1_000)} are not shown` }).waitFor();
    }
    const nodes = await page.evaluate<number>("document.querySelectorAll('*').length");
    if (nodes > 5_000) throw new Error(`10,000 events make ${nodes} elements`);
    await page.goto(`${site.url}/tail?app_id=long`);
    await page.waitForSelector(isLive);
    const frames = page.evaluate<number>(`new Promise((resolve) => {
      let [longest, last] = [0, performance.now()];
      const end = last + 5000;
      const look = (now) => {
        longest = Math.max(longest, now - last);
        last = now;
        if (now < end) requestAnimationFrame(look);
        else resolve(longest);
      };
      requestAnimationFrame(look);
    })`);
    for (let sent = 0; sent < tailEvents; sent += 100) {
      const events = Array.from({ length: 100 }, (_, index) => {
        return { app_id: "long", message_id: `t-${sent + index}`, event: "TICK" };
      });
      await post(site, "/api/event/bulk", { events });
      await Bun.sleep(200);
    }
    const longest = Math.round(await frames);
    await page
      .locator(".tail .line")
      .first()
      .getByText(`t-${tailEvents - 1}`)
      .waitFor();
    const lines = await page.locator(".tail .line").count();
    if (lines > 500) throw new Error(`the tail keeps ${lines} rows`);
    await checkRowInHand(site, page);
    return `10,000 events are ${nodes} elements; at 500 events/s the longest frame took ${longest} ms`;
  } finally {
    await close();
  }
}

/** At a rush too, a row that the user turned to stays what it is. */
async function checkRowInHand(site: Site, page: Page): Promise<void> {
  const ticks = (first: number) =>
    Array.from({ length: 100 }, (_, index) => ({
      app_id: "long",
      message_id: `h-${first + index}`,
      event: "TICK",
    }));
  await post(site, "/api/event/bulk", { events: ticks(0) });
  // All of them, so that what is new from here on is known.
  await page.locator(".tail.rush .line").first().getByText("h-99").waitFor();
  await page.keyboard.press("j");
  const inFocus = () => page.evaluate<string>("document.activeElement.getAttribute('href')");
  const href = await inFocus();
  await post(site, "/api/event/bulk", { events: ticks(100) });
  await page.getByRole("button", { name: "Go on (100 new)" }).waitFor();
  if ((await inFocus()) !== href) throw new Error(`the row in focus was ${href}, and is ${await inFocus()}`);
  await page.keyboard.press("p");
  await page.locator(".tail .line").first().getByText("h-199").waitFor();
}

function rest(loaded: number): string {
  return new Intl.NumberFormat("en-GB").format(eventCount - loaded);
}
