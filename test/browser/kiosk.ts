/** A wall: no controls, from screen to screen by itself, over a kill -9, and with the files of another Mars after an upgrade. */
import { isLive, openPage, type Site } from "./check.ts";

export async function checkKiosk(site: Site): Promise<string> {
  const { page, close } = await openPage(site, { width: 1_920 });
  const turnsTo = async (path: string) => {
    await page.waitForURL((url) => url.pathname === path && url.searchParams.has("kiosk"));
    await page.waitForSelector(isLive);
  };
  try {
    await page.goto(`${site.url}/?kiosk=overview,stuck,no-such-screen&every=5s`);
    await page.waitForSelector(".card");
    const controls = await page.locator("button, input, select, textarea, nav").all();
    for (const control of controls) {
      if (await control.isVisible()) throw new Error(`a wall shows ${await control.innerText()}`);
    }
    await turnsTo("/stuck");
    await site.kill();
    await page.waitForSelector('.light[data-state="waiting"]');
    await site.start();
    await turnsTo("/");
    await turnsTo("/stuck");
    const steps = await page.evaluate<number>("history.length");
    if (steps > 2) throw new Error(`a wall collects a history of ${steps} steps`);
    // As after an upgrade: the file of a screen has gone, until the page is a new one.
    let refused = 0;
    await page.route("**/ui/part-*.js", (route) => {
      refused += 1;
      return refused > 3 ? route.continue() : route.fulfill({ status: 404, body: "" });
    });
    await page.goto(`${site.url}/messages?kiosk=on`);
    await page.waitForSelector("tr[data-row]");
    return "turned over a kill -9, and loaded itself again where a file was gone";
  } finally {
    await close();
  }
}
