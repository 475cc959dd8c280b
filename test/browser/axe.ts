/** What is wrong with a page for those who do not see it, or have no pointer. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** By axe, and whether it is wider than the screen. */
export async function faultsOf(page: Page): Promise<string[]> {
  // Its own world: the page's policy lets nothing in.
  const results = (await page.evaluate(
    `(async () => { ${axe}; return axe.run(document, { runOnly: ${JSON.stringify(tags)} }); })()`,
  )) as AxeResults;
  const faults = results.violations.map(({ id, nodes }) => {
    const places = nodes.slice(0, 3).map(({ html }) => html.slice(0, 120));
    return `${id}: ${places.join(" | ")}`;
  });
  const wide = await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  return wide > 0 ? [...faults, `${wide} pixels too wide`] : faults;
}
