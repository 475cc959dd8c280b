/** Lists: filters by attribute with the values that there are, files of whole lists, and triage of some rows and of a group. */
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { until } from "../support/until.ts";
import { openPage, post, type Site, type } from "./check.ts";

const app = "lists";
const messages = 130;

export async function checkLists(site: Site): Promise<string> {
  await fill(site);
  const { page, complaints, close } = await openPage(site);
  try {
    await byAttribute(page, site);
    const lines = await file(page);
    await wholeWay(page, site);
    await failed(page, site);
    await divided(page, site);
    await someAndAll(page, site);
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    return `by attribute from the keyboard; ${lines} lines of CSV of a list of 100 rows; the flow by region; 2 picked, in the address, then a group by its filters, then all of it, marked`;
  } finally {
    await close();
  }
}

/** Messages that are stuck, of two regions. */
async function fill(site: Site): Promise<void> {
  const stages = [{ event: "SENT" }, { event: "ACKED", after: "SENT", within: "1s" }];
  await post(site, `/api/apps/${app}/lifecycle`, { stages, complete_on: ["ACKED"], grace: "0s" }, "PUT");
  await post(site, `/api/apps/${app}/attributes`, { indexed: ["region"] }, "PUT");
  const created_at = new Date(Date.now() - 120_000).toISOString();
  const events = Array.from({ length: messages }, (_, n) => ({
    app_id: app,
    message_id: `m-${n}`,
    event: "SENT",
    created_at,
    attributes: { region: n < 5 ? "south" : "north" },
  }));
  const { seq } = (await (await post(site, "/api/event/bulk", { events })).json()) as { seq: number };
  const found = `${site.url}/api/overdue?app_id=${app}&attributes.region=south&min_seq=${seq}`;
  while (((await (await fetch(found)).json()) as { overdue?: unknown[] }).overdue?.length !== 5);
}

async function rows(page: Page, count: number): Promise<void> {
  await until(async () => (await page.locator("tr[data-row]").count()) === count);
}

/** A filter that is a choice. */
function filter(page: Page, name: string): Locator {
  return page.locator("label", { has: page.getByText(name, { exact: true }) }).locator("select");
}

async function byAttribute(page: Page, site: Site): Promise<void> {
  await page.goto(`${site.url}/messages?app_id=${app}`);
  await page.waitForSelector("tr[data-row]");
  const value = page.getByLabel("is", { exact: true });
  await value.focus();
  await page.locator("datalist option[value=south]").waitFor({ state: "attached" });
  await type(page, " south ");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("attributes.region") === "south");
  await page.getByRole("link", { name: "region = south ×: take this filter away" }).waitFor();
  await rows(page, 5);
  await page.reload();
  await rows(page, 5);
  await page.getByRole("link", { name: "Clear" }).click();
  await page.waitForURL((url) => url.search === "");
}

async function file(page: Page): Promise<number> {
  await filter(page, "App").selectOption(app);
  await rows(page, 100);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "CSV" }).click(),
  ]);
  const text = await readFile((await download.path())!, "utf8");
  const lines = text.trimEnd().split("\r\n");
  if (lines.length !== messages + 1 || !lines[1]?.startsWith("m-")) {
    throw new Error(`the file has ${lines.length} lines: ${lines.slice(0, 2).join(" / ")}`);
  }
  return lines.length;
}

/** Each row of a file has the name that it has on the screen. */
async function wholeWay(page: Page, site: Site): Promise<void> {
  await page.goto(`${site.url}/latency?app_id=notifications&range=7d`);
  await page.waitForSelector("tr[data-row]");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "CSV" }).click(),
  ]);
  const [, first] = (await readFile((await download.path())!, "utf8")).split("\r\n");
  if (!first?.startsWith("The whole way,")) throw new Error(`the file begins with ${first}`);
}

/** A failure was never due. */
async function failed(page: Page, site: Site): Promise<void> {
  const lifecycle = { stages: [{ event: "SENT" }], complete_on: ["SENT"], fail_on: ["REFUSED"] };
  await post(site, `/api/apps/${app}-failed/lifecycle`, lifecycle, "PUT");
  await post(site, "/api/event", { app_id: `${app}-failed`, message_id: "m", event: "REFUSED" });
  await page.goto(`${site.url}/findings?app_id=${app}-failed`);
  const now = page.locator('tr[data-row] [data-of="Now"]');
  await now.waitFor();
  const words = await now.innerText();
  if (!words.startsWith("failed ")) throw new Error(`a failure is "${words}"`);
}

/** The flow by an attribute: a number leads to the messages behind it. */
async function divided(page: Page, site: Site): Promise<void> {
  await page.goto(`${site.url}/flow?app_id=${app}`);
  await filter(page, "Divide by").selectOption("region");
  const row = page.locator("tr[data-row]", { has: page.getByRole("link", { name: "south", exact: true }) });
  await row.getByRole("link", { name: "5 · 100" }).click();
  await page.getByRole("heading", { name: "Messages" }).waitFor();
  await rows(page, 5);
}

async function someAndAll(page: Page, site: Site): Promise<void> {
  await page.goto(`${site.url}/stuck?app_id=${app}`);
  await page.getByText(`${messages} overdue at 1 stage, `).waitFor();
  await page.goto(`${site.url}/stuck?app_id=${app}&stage=ACKED&after=SENT`);
  await page.waitForSelector("tr[data-row]");
  const heads = await page.locator("thead th").allInnerTexts();
  if (heads.includes("App") || heads.includes("Waits for")) throw new Error(`each row repeats ${heads}`);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByLabel("Pick this row").nth(3).check();
  await pickedInAddress(page);
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("2 picked: 2 acknowledged.").waitFor();
  await filter(page, "Acknowledged").selectOption("acknowledged");
  await rows(page, 2);
  await filter(page, "Acknowledged").selectOption("");
  await filter(page, "Overdue for").selectOption("1h");
  await page.getByText("Nothing stuck here matches").waitFor();
  await filter(page, "Overdue for").selectOption("");
  // All that the filters leave, and no more.
  await page.goto(`${page.url()}&attributes.region=south`);
  await rows(page, 5);
  await page.getByRole("button", { name: "Ignore" }).click();
  await page.getByRole("button", { name: "Ignore 5" }).click();
  await page.getByText("Nothing stuck here matches").waitFor();
  await page.getByRole("link", { name: "Clear" }).click();
  await page.getByRole("button", { name: "Resolve" }).click();
  await page.getByLabel("Why").fill("sent again by hand");
  await page.getByRole("button", { name: `Resolve ${messages - 5}` }).click();
  await page.getByText("Nothing is stuck here any more").waitFor();
}

/** What is picked survives a reload, a look at a message and the way back, and a filter that hides it. */
async function pickedInAddress(page: Page): Promise<void> {
  const picked = async (text: string) => {
    await page.getByRole("status").getByText(text, { exact: true }).waitFor();
  };
  await picked("2 picked");
  await page.reload();
  await picked("2 picked");
  await page.locator("tr[data-row] a").first().click();
  await page.locator(".timeline").waitFor();
  await page.goBack();
  await picked("2 picked");
  if ((await page.getByLabel("Pick this row").nth(3).isChecked()) !== true) throw new Error("a pick is lost");
  await filter(page, "Acknowledged").selectOption("acknowledged");
  await picked("2 picked, 2 of them not in the list below");
  await page.goBack();
  await picked("2 picked");
}
