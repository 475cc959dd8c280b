/** From the overview to what is missing of one message, and to every screen, without a pointer. */
import { screens } from "../../src/ui/frame/screens.ts";
import { isLive, openPage, type Site, type } from "./check.ts";

export async function checkKeyboard(site: Site): Promise<string> {
  const { page, close } = await openPage(site);
  try {
    await page.goto(site.url);
    await page.waitForSelector(".card");
    const start = performance.now();
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.waitForURL("**/stuck");
    await page.getByRole("heading", { name: "Stuck now" }).waitFor();
    await page.waitForSelector("tr[data-row] a.group");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForSelector("tr[data-row] a.id");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".verdict.bad h2");
    const found = Math.round(performance.now() - start);
    await page.goBack();
    await page.waitForSelector("tr[data-row] a.id");
    for (const { key, name, path } of screens) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.pathname === path);
      await page.waitForSelector("h1");
      await page.waitForSelector(isLive);
      if (!(await page.title()).includes("Mars")) throw new Error(`${name} has no title`);
    }
    await page.keyboard.press("/");
    await type(page, "note-");
    await page.waitForSelector("#matches li a");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".stages");
    await page.keyboard.press("Control+k");
    await type(page, "flow pay");
    await page.locator('#commands [aria-selected="true"]', { hasText: "payments: flow" }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    await page.keyboard.press("?");
    await page.waitForSelector("dialog.help");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    return `to the missing stage of a message by 6 keys in ${found} ms; ${screens.length} screens, search, palette and help`;
  } finally {
    await close();
  }
}
