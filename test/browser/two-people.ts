/** An incident, and a message, that two people look at: what one does, the other sees. */
import type { Page } from "playwright-core";
import { openPage, post, type Site } from "./check.ts";

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
      { app_id: "team", kinds: ["missing"], at_least: 1, sinks: ["team"] },
      "PUT",
    );
    await post(site, "/api/event", { app_id: "team", message_id: "m-1", event: "SENT" });
    await ann.page.goto(site.url);
    await ann.page.locator(".incidents a", { hasText: "team" }).first().click();
    await ann.page.waitForSelector(".care");
    await ben.page.goto(ann.page.url());
    await ben.page.waitForSelector(".care");
    await ann.page.getByRole("button", { name: "Acknowledge" }).click();
    await ben.page.getByText("Acknowledged", { exact: true }).waitFor();
    await ben.page.getByLabel("A note").fill("It is the carrier.");
    await ben.page.keyboard.press("Enter");
    await ann.page.getByText("It is the carrier.").waitFor();
    if (await ben.page.getByRole("button", { name: "Acknowledge" }).isVisible()) {
      throw new Error("what is acknowledged can be acknowledged again");
    }
    await seeMark(site, ann.page);
    return "an acknowledgement, a note and a mark are seen by both";
  } finally {
    await ann.close();
    await ben.close();
    receiver.stop(true);
    await fetch(`${site.url}/api/alerts/rules/team`, { method: "DELETE" });
  }
}

/** What one marks, who has the message open sees: by its topic, for its findings are not read every few seconds. */
async function seeMark(site: Site, page: Page): Promise<void> {
  await page.goto(`${site.url}/search/event?app_id=team&message_id=m-1`);
  await page.waitForSelector(".found li");
  const message = { app_id: "team", message_id: "m-1" };
  await post(site, "/api/triage", { ...message, action: "acknowledge", note: "The carrier knows." });
  await page.locator(".found", { hasText: "The carrier knows." }).waitFor();
}
