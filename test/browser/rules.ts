/** A rule that is tried on the past before it is saved, with hours and a calendar, from the keyboard as far as a name and a number go. */
import { until } from "../support/until.ts";
import { openPage, post, type Site, type } from "./check.ts";

const app = "rules";

export async function checkRules(site: Site): Promise<string> {
  const stages = [{ event: "SENT" }, { event: "ACKED", after: "SENT", within: "1s" }];
  await post(site, `/api/apps/${app}/lifecycle`, { stages, complete_on: ["ACKED"], grace: "0s" }, "PUT");
  const events = Array.from({ length: 12 }, (_, n) => ({ app_id: app, message_id: `m-${n}`, event: "SENT" }));
  await post(site, "/api/event/bulk", { events });
  await post(site, "/api/alerts/sinks/rules", { type: "webhook", url: "http://127.0.0.1:9999/" }, "PUT");
  const { page, complaints, close } = await openPage(site);
  try {
    await page.goto(`${site.url}/alerts?part=calendars`);
    await page.getByRole("button", { name: "New calendar" }).click();
    await type(page, "holidays");
    await page.getByLabel("Days off, one on a line").fill("2026-12-25 Christmas\n2027-01-01");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("2026-12-25 Christmas, 2027-01-01").waitFor();
    await page.getByRole("button", { name: "Rules" }).click();
    await page.getByRole("button", { name: "New rule" }).click();
    await type(page, "acks");
    const form = page.locator("form.put");
    await form.locator("label", { hasText: "App" }).locator("select").selectOption(app);
    await form.getByLabel("At least").fill("10");
    const asked = form.getByRole("button", { name: "What would it have sent" });
    // The messages are overdue a second after they were sent, and notified when their number is steady.
    await until(async () => (await sentBy(site)) === 1);
    await asked.press("Enter");
    await form.getByText("It would have opened 1 incident and sent").waitFor();
    await form.locator(".moments .opened").first().waitFor({ state: "attached" });
    await form.getByText("Notify at some hours only").click();
    await form.locator("label", { hasText: "Days off" }).locator("select").selectOption("holidays");
    await form.getByLabel("At least").fill("0");
    await form.getByRole("button", { name: "Save" }).click();
    await form.locator(".problem", { hasText: "at_least" }).waitFor();
    await form.getByLabel("At least").fill("10");
    await form.getByLabel("rules", { exact: true }).check();
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("10 or more missing within 5m in rules").waitFor();
    const saved = (await (await fetch(`${site.url}/api/alerts/rules/acks`)).json()) as {
      schedule: { calendar: string };
    };
    if (saved.schedule.calendar !== "holidays") throw new Error("the calendar is not in the rule");
    // The console says of each refusal that it came, and nothing else.
    const others = complaints.filter((one) => !one.includes("422"));
    if (others.length > 0) throw new Error(others.join("\n"));
    return "a calendar, and a rule with a preview, a refusal and hours, are saved";
  } finally {
    await close();
    await fetch(`${site.url}/api/alerts/rules/acks`, { method: "DELETE" });
  }
}

/** The notifications of a preview. */
async function sentBy(site: Site): Promise<number> {
  const rule = { app_id: app, at_least: 10 };
  const answer = await post(site, "/api/alerts/rules/preview", { rule, since: "7d" });
  return ((await answer.json()) as { notifications_total: number }).notifications_total;
}
