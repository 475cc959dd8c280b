/** The reference at `/docs`: in every look without a fault of axe, all calls open; and its search. */
import { faultsOf } from "./axe.ts";
import { openPage, type Site } from "./check.ts";

const looks = { light: {}, dark: { dark: true }, narrow: { width: 320 } };

export async function checkReference(site: Site): Promise<string> {
  const faults: string[] = [];
  let found = "";
  for (const [name, look] of Object.entries(looks)) {
    const { page, complaints, close } = await openPage(site, look);
    await page.goto(`${site.url}/docs#getMessage`);
    await page.locator("#getMessage details[open]").waitFor();
    await page.getByRole("searchbox").fill("MessageService/ListMessages");
    await page.getByText(/^1 of \d+ calls$/).waitFor();
    await page.locator("#listMessages").waitFor();
    found = (await page.locator("#count").textContent()) ?? "";
    await page.getByRole("searchbox").fill("");
    await page.locator("section").last().waitFor();
    for (const summary of await page.locator("#listMessages summary, #putLifecycle summary").all())
      await summary.click();
    for (const fault of [...(await faultsOf(page)), ...complaints]) faults.push(`${name}: ${fault}`);
    await close();
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return `no fault in ${Object.keys(looks).length} looks; the search shows ${found}`;
}
