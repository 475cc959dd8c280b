/**
 * Ids as long as they may be, and of right-to-left scripts, in a browser of an Arabic locale, from a watch's width to a wall's: nothing is
 * wider than the screen, and nothing is cut without a way to read it.
 */
import { isLive, type Look, openPage, post, type Site } from "./check.ts";

const longApp = "long-".padEnd(256, "W");
const longId = "id-".padEnd(512, "W");
const rightToLeft = { app: "متجر-חנות", id: "طلب-123-הזמנה", event: "تم_الإنشاء" };

const looks: Readonly<Record<string, Look>> = {
  "320 px": { width: 320 },
  "an Arabic locale": { locale: "ar-EG" },
  "2,560 px, dark, without motion": { width: 2_560, dark: true, reducedMotion: true },
};

export async function checkStrangeIds(site: Site): Promise<string> {
  const events = [
    { app_id: longApp, message_id: longId, event: "E".repeat(256), external_id: "x".repeat(512) },
    { app_id: rightToLeft.app, message_id: rightToLeft.id, event: rightToLeft.event },
  ];
  const { seq } = (await (await post(site, "/api/event/bulk", { events })).json()) as { seq: number };
  await fetch(`${site.url}/api/messages?limit=1&min_seq=${seq}`);
  const addresses = events.flatMap(({ app_id, message_id }) => {
    const app = new URLSearchParams({ app_id });
    return [
      `/search/event?${new URLSearchParams({ app_id, message_id })}`,
      `/messages?${app}`,
      `/tail?${app}`,
      `/flow?${app}`,
      `/lifecycles?${app}`,
      `/system?part=apps&${app}`,
    ];
  });
  addresses.push("/", "/?kiosk=on", "/stuck", "/findings");
  const faults: string[] = [];
  for (const [name, look] of Object.entries(looks)) {
    const { page, complaints, close } = await openPage(site, look);
    for (const address of addresses) {
      await page.goto(site.url + address);
      await page.waitForSelector(isLive);
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
      const wide = await page.evaluate<number>(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      if (wide > 0) faults.push(`${name} ${address.slice(0, 60)}: ${wide} pixels too wide`);
      for (const complaint of complaints.splice(0))
        faults.push(`${name} ${address.slice(0, 60)}: ${complaint}`);
    }
    await close();
  }
  if (faults.length > 0) throw new Error(`${faults.length} faults\n${faults.join("\n")}`);
  return `${addresses.length} screens in ${Object.keys(looks).length} looks`;
}
