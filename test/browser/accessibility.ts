/** Every screen, light, dark, narrow and in forced colours: axe finds nothing, the console says nothing, nothing is wider than the screen. */
import { faultsOf } from "./axe.ts";
import { addressesOf, isLive, type Look, openPage, type Site } from "./check.ts";

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
      for (const fault of await faultsOf(page)) faults.push(`${name} ${address}: ${fault}`);
      for (const complaint of complaints.splice(0)) faults.push(`${name} ${address}: ${complaint}`);
    }
    await close();
  }
  if (faults.length > 0) throw new Error(`${faults.length} faults\n${faults.join("\n")}`);
  return `${addresses.length} screens in ${Object.keys(looks).length} looks without a fault`;
}
