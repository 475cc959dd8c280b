/** A slow and a failing Mars: the page says so, keeps what it has, and comes back by itself. */
import { openPage, type Site } from "./check.ts";

export async function checkFailures(site: Site): Promise<string> {
  const { page, close } = await openPage(site);
  try {
    await page.goto(site.url);
    await page.waitForSelector(".card");
    await page.route("**/api/overview*", (route) =>
      route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        body: '{"detail":"the database is away"}',
      }),
    );
    await page.getByText("the database is away").waitFor();
    if ((await page.locator(".card").count()) === 0)
      throw new Error("a failed read takes away what was shown");
    await page.unroute("**/api/overview*");
    await page.getByText("the database is away").waitFor({ state: "detached" });
    await page.route("**/api/messages*", async (route) => {
      await Bun.sleep(1_500);
      await route.continue();
    });
    await page.goto(`${site.url}/messages`);
    await page.waitForSelector(".skeleton");
    await page.waitForSelector("tr[data-row]");
    const moved = await page.evaluate<number>(`new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
      setTimeout(() => resolve(sum), 300);
    })`);
    if (moved > 0.1) throw new Error(`the page moves by ${moved} while it is read`);
    return `a failing read said and mended, a slow one awaited (layout shift ${moved.toFixed(3)})`;
  } finally {
    await close();
  }
}
