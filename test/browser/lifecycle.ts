/** A lifecycle by its drawing: learned, changed by a form, saved with a reason, and compared with the version before and with messages. */
import { isLive, openPage, post, type Site, type } from "./check.ts";

export async function checkLifecycle(site: Site): Promise<string> {
  const events = Array.from({ length: 300 }, (_, at) => {
    const message = { app_id: "drawn", message_id: `m-${at}` };
    const time = (second: number) => new Date(Date.now() - 3_600_000 + second * 1_000).toISOString();
    return [
      { ...message, event: "CREATED", created_at: time(at) },
      { ...message, event: "SHIPPED", created_at: time(at + 5) },
    ];
  }).flat();
  const { seq } = (await (await post(site, "/api/event/bulk", { events })).json()) as { seq: number };
  await fetch(`${site.url}/api/messages?limit=1&min_seq=${seq}`);
  const { page, complaints, close } = await openPage(site);
  const text = () => page.getByLabel("Lifecycle as JSON").inputValue();
  try {
    await page.goto(`${site.url}/lifecycles?app_id=drawn`);
    await page.waitForSelector(isLive);
    await page.getByRole("button", { name: "Learn from 7 days" }).click();
    await page.getByText("Learned from 300 messages").waitFor();
    await page.getByText("Tried on 300 messages").waitFor();
    await page.getByLabel("Why").fill("learned");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("“learned”").waitFor();
    await page.getByRole("button", { name: "Compare with 7 days" }).click();
    await page.getByText("Version 1 is what Mars learns from 300 messages.").waitFor();
    await page.getByRole("button", { name: /^SHIPPED/ }).press("Enter");
    await page.getByLabel("Within").fill("7m");
    await page.keyboard.press("Enter");
    if (!(await text()).includes('"within": "7m"')) throw new Error("the form has not changed the text");
    await page.getByRole("button", { name: "Add a stage" }).click();
    await type(page, "DELIVERED");
    await page.keyboard.press("Enter");
    if (!(await text()).includes('"event": "DELIVERED", "after": "SHIPPED"')) throw new Error(await text());
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Version 2", { exact: true }).waitFor();
    await page.getByRole("button", { name: "What it changed" }).click();
    await page.locator(".versions li li", { hasText: "DELIVERED" }).first().waitFor();
    await page.getByRole("button", { name: "Compare with 7 days" }).click();
    await page.locator("section", { hasText: "differs from version 2" }).getByText("DELIVERED").waitFor();
    if (complaints.length > 0) throw new Error(complaints.join("; "));
    return "learned, tried, drawn, saved with a reason, and compared";
  } finally {
    await close();
  }
}
