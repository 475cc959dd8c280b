/** The search at the top, by keyboard: attributes of one app and of several, beside ids that have the same signs. */
import type { Page } from "playwright-core";
import { faultsOf } from "./axe.ts";
import { isLive, openPage, post, type Site, type } from "./check.ts";

export async function checkSearch(site: Site): Promise<string> {
  const { page, complaints, close } = await openPage(site);
  try {
    await page.goto(site.url);
    await page.waitForSelector(isLive);
    await ask(page, "chann");
    await page.getByRole("option", { name: "channel= attribute in notifications" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("option", { name: /^channel=sms notifications [\d,]+ messages$/ }).waitFor();
    const faults = await faultsOf(page);
    if (faults.length > 0) throw new Error(faults.join("\n"));
    await page.keyboard.type("sms");
    await page.keyboard.press("Enter");
    await leadsTo(page, "app_id=notifications&attributes.channel=sms");

    // In a list of an app that has it, that one is meant, and the other filters stay.
    await page.goto(`${site.url}/messages?app_id=notifications&order=oldest`);
    await ask(page, "region: north");
    await page.keyboard.press("Enter");
    await leadsTo(page, "app_id=notifications&order=oldest&attributes.region=north");

    await page.goto(`${site.url}/stuck`);
    await ask(page, "region=north");
    await page.keyboard.press("Enter");
    await page.getByText(/^\d+ apps have region: choose one/).waitFor();
    await page.getByRole("option", { name: /^region=north payments [\d,]+ messages$/ }).click();
    await leadsTo(page, "app_id=payments&attributes.region=north");

    const event = { app_id: "payments", message_id: "region:north", event: "SEEN" };
    const { seq } = (await (await post(site, "/api/event", event)).json()) as { seq: number };
    await fetch(`${site.url}/api/messages?limit=1&min_seq=${seq}`);
    await ask(page, event.message_id);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: event.message_id }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: "Overview" }).waitFor();
    const ofPalette = await faultsOf(page);
    if (ofPalette.length > 0) throw new Error(ofPalette.join("\n"));
    if (complaints.length > 0) throw new Error(complaints.join("; "));
    return "an attribute by its name, in one app, in several, and an id with its signs";
  } finally {
    await close();
  }
}

async function ask(page: Page, text: string): Promise<void> {
  await page.locator("main").focus();
  await page.keyboard.press("/");
  await page.locator("#query").fill("");
  await type(page, text);
}

async function leadsTo(page: Page, query: string): Promise<void> {
  await page.waitForURL((url) => url.pathname === "/messages" && url.searchParams.toString() === query);
}
