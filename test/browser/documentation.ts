/** The documentation at `/docs/`: pages in every look without a fault of axe or the console, with their pictures; from page to page. */
import { faultsOf } from "./axe.ts";
import { openPage, type Site } from "./check.ts";

const looks = { light: {}, dark: { dark: true }, narrow: { width: 320 } };
const pages = ["index", "dashboard", "reference"];

export async function checkDocumentation(site: Site): Promise<string> {
  const faults: string[] = [];
  for (const [name, look] of Object.entries(looks)) {
    const { page, complaints, close } = await openPage(site, look);
    for (const path of pages) {
      await page.goto(`${site.url}/docs/${path}.html`);
      for (const fault of await faultsOf(page)) faults.push(`${path}, ${name}: ${fault}`);
    }
    await page.goto(`${site.url}/docs/`);
    const picture = page.locator("main img").first();
    await picture.scrollIntoViewIfNeeded();
    const width = Number(await picture.evaluate("(one) => one.decode().then(() => one.naturalWidth)"));
    if (width < 300) faults.push(`${name}: the first picture is ${width} pixels wide`);
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Operate it" }).click();
    await page.getByRole("heading", { level: 1, name: "Operate Mars" }).waitFor();
    for (const complaint of complaints) faults.push(`${name}: ${complaint}`);
    await close();
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return `${pages.length} pages, no fault in ${Object.keys(looks).length} looks`;
}
