/** An incident, and a message, that two people look at: what one does, the other sees within a second. */
import type { Locator, Page } from "playwright-core";
import { until } from "../support/until.ts";
import { isLive, openPage, post, type Site } from "./check.ts";

export async function checkTwoPeople(site: Site): Promise<string> {
  const receiver = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("ok") });
  const [ann, ben] = [await openPage(site), await openPage(site, { dark: true })];
  try {
    await post(
      site,
      "/api/apps/team/lifecycle",
      {
        stages: [{ event: "SENT" }, { event: "ACKED", after: "SENT", within: "1s" }],
        complete_on: ["ACKED"],
      },
      "PUT",
    );
    await post(
      site,
      "/api/alerts/sinks/team",
      { type: "webhook", url: `http://127.0.0.1:${receiver.port}/` },
      "PUT",
    );
    await post(
      site,
      "/api/alerts/rules/team",
      { app_id: "team", kinds: ["missing"], at_least: 1, window: "1s", sinks: ["team"] },
      "PUT",
    );
    await post(site, "/api/event", { app_id: "team", message_id: "m-1", event: "SENT" });
    await ann.page.goto(site.url);
    const banner = ann.page.locator(".incidents li", { hasText: "team" });
    await countsOn(banner);
    await banner.locator("a").first().click();
    await ann.page.waitForSelector(".care");
    await ben.page.goto(site.url);
    const shown = ben.page.locator(".incidents li", { hasText: "team" });
    await shown.waitFor();
    await Promise.all([ann, ben].map(({ page }) => page.waitForSelector(isLive)));
    const took: number[] = [];
    const seen = async (one: Locator) => took.push(await within(one));
    await ann.page.getByRole("button", { name: "Acknowledge" }).click();
    await seen(shown.getByText("acknowledged by"));
    await post(site, "/api/alerts/silences", { app_id: "team", for: "1m" });
    await seen(shown.getByText("silent until"));
    await ben.page.goto(ann.page.url());
    await ben.page.getByText("Acknowledged", { exact: true }).waitFor();
    await ben.page.getByLabel("A note").fill("It is the carrier.");
    await ben.page.keyboard.press("Enter");
    await seen(ann.page.getByText("It is the carrier."));
    if (await ben.page.getByRole("button", { name: "Acknowledge" }).isVisible()) {
      throw new Error("what is acknowledged can be acknowledged again");
    }
    // One is on the list by now, the other where the messages are.
    await ann.page.goto(`${site.url}/incidents`);
    const row = ann.page.locator("tbody tr", { hasText: "team" });
    await row.locator(".badge", { hasText: "active" }).waitFor();
    const group = { app_id: "team", stage: "ACKED", after: "SENT" };
    await ben.page.goto(`${site.url}/stuck?${new URLSearchParams(group)}`);
    await ben.page.locator("tr[data-row]").waitFor();
    await Promise.all([ann, ben].map(({ page }) => page.waitForSelector(isLive)));
    await post(site, "/api/triage", { action: "resolve", group });
    await seen(ben.page.getByText("Nothing is stuck here any more"));
    await row.locator(".badge", { hasText: "closed" }).waitFor();
    await post(site, "/api/triage", { action: "clear", app_id: "team", message_id: "m-1" });
    took.push(await seeMark(site, ann.page));
    return `what one does the other sees after ${took.map((ms) => `${ms} ms`).join(", ")}`;
  } finally {
    await ann.close();
    await ben.close();
    receiver.stop(true);
    await fetch(`${site.url}/api/alerts/rules/team`, { method: "DELETE" });
  }
}

/** Milliseconds until it is visible; what is live takes no longer than a second. A locator's own wait looks too seldom to measure that. */
async function within(one: Locator): Promise<number> {
  const start = performance.now();
  await until(
    () => one.isVisible(),
    () => `${one} is visible`,
    1_000,
  );
  return Math.round(performance.now() - start);
}

/** It says for how long, now and not as of the last read. */
async function countsOn(banner: Locator): Promise<void> {
  const longest = async () => /longest (\S+)/.exec(await banner.innerText())?.[1];
  await banner.getByText("longest").waitFor();
  const seen = new Set<string | undefined>();
  for (let looks = 0; looks < 30 && seen.size < 3; looks++) {
    seen.add(await longest());
    await banner.page().waitForTimeout(100);
  }
  if (seen.size < 3) throw new Error(`the banner stands still at ${[...seen].join(", ")}`);
}

/** What one marks, who has the message open sees: by its topics, for nothing of it is read every few seconds. */
async function seeMark(site: Site, page: Page): Promise<number> {
  await page.goto(`${site.url}/search/event?app_id=team&message_id=m-1`);
  await page.waitForSelector(".found li");
  await page.waitForSelector(isLive);
  const message = { app_id: "team", message_id: "m-1" };
  await post(site, "/api/triage", { ...message, action: "acknowledge", note: "The carrier knows." });
  return within(page.locator(".found", { hasText: "The carrier knows." }));
}
