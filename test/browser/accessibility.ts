/** Every screen, light, dark, narrow and in forced colours: axe finds nothing, the console says nothing, nothing is wider than the screen. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { addressesOf, isLive, type Look, openPage, type Site } from "./check.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const looks: Readonly<Record<string, Look>> = {
  light: {},
  dark: { dark: true },
  narrow: { width: 320 },
  "forced colours": { forcedColours: true },
};

export async function checkAccessibility(site: Site): Promise<string> {
  const addresses = await addressesOf(site);
  const faults: string[] = [];
  for (const [name, look] of Object.entries(looks)) {
    const { page, complaints, close } = await openPage(site, look);
    for (const address of addresses) {
      await page.goto(site.url + address);
      await page.waitForSelector(isLive);
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
      // Its own world: the page's policy lets nothing in.
      const results = (await page.evaluate(
        `(async () => { ${axe}; return axe.run(document, { runOnly: ${JSON.stringify(tags)} }); })()`,
      )) as AxeResults;
      for (const { id, nodes } of results.violations) {
        faults.push(
          `${name} ${address}: ${id}: ${nodes
            .slice(0, 3)
            .map(({ html }) => html.slice(0, 120))
            .join(" | ")}`,
        );
      }
      const wide = await page.evaluate<number>(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      if (wide > 0) faults.push(`${name} ${address}: ${wide} pixels too wide`);
      for (const complaint of complaints.splice(0)) faults.push(`${name} ${address}: ${complaint}`);
    }
    await close();
  }
  if (faults.length > 0) throw new Error(`${faults.length} faults\n${faults.join("\n")}`);
  return `${addresses.length} screens in ${Object.keys(looks).length} looks without a fault`;
}
