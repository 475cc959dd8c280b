/** What an administrator does on the page: a key from its making to its end, attributes, retention, an erasure, and all of it in the audit. */
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { openPage, type Site, type } from "./check.ts";
import { adminKey, type ClosedMars, openClosedMars, publicUrl } from "./closed-mars.ts";

export async function checkAdministration(site: Site): Promise<string> {
  await using mars = await openClosedMars(site);
  const { page, complaints, close } = await openPage(site);
  try {
    await mars.call("POST", "/api/event", { app_id: "shop", message_id: "m-1", event: "CREATED" });
    await page.goto(`${mars.url}/system?part=keys`);
    await signIn(page, adminKey);
    const token = await makeKey(page);
    await keyIsGood(mars, token, 200);
    await checkFile(page, token);
    await act(page, "Rotate");
    const rotated = await page.locator(".token").innerText();
    await page.getByRole("button", { name: "Done" }).click();
    await keyIsGood(mars, rotated, 200);
    await act(page, "Revoke");
    await page.getByText("No key yet").waitFor();
    await keyIsGood(mars, rotated, 401);
    await checkBadges(page, mars);
    await changeApp(page, mars);
    await page.goto(`${mars.url}/system?part=audit`);
    for (const action of ["createKey", "rotateKey", "revokeKey", "putAttributes", "putRetention"]) {
      await page.getByText(action, { exact: true }).first().waitFor();
    }
    const unexpected = complaints.filter((text) => !/status of 4(?:01|22)/.test(text));
    if (unexpected.length > 0) throw new Error(unexpected.join("; "));
    await readersSeeLess(site, mars);
    return "a key made, rotated and revoked, an app changed and erased, all of it in the audit";
  } finally {
    await close();
  }
}

/** The table as a file: with what is shown of a key, and not with its text. */
async function checkFile(page: Page, token: string): Promise<void> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "CSV" }).click(),
  ]);
  const text = await readFile((await download.path())!, "utf8");
  const [head, ...lines] = text.trimEnd().split("\r\n");
  if (head !== "Key,May,Apps,Made,Last used,Ends" || !lines[0]?.includes(",in,") || text.includes(token))
    throw new Error(`the file of the keys is ${text.replace(token, "…")}`);
}

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("Key").fill(key);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#account");
}

/** By keyboard alone. @returns its text */
async function makeKey(page: Page): Promise<string> {
  await page.getByRole("button", { name: "New key" }).press("Enter");
  await type(page, "checkout");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.getByLabel("Apps").fill("shop, shop-*");
  await page.keyboard.press("Enter");
  const text = await page.locator(".token").innerText();
  if (!/^mars_in_\w+$/.test(text)) throw new Error(`the new key is shown as ${text}`);
  await page.keyboard.press("Escape");
  await page.getByText("shop, shop-*").waitFor();
  return text;
}

/** Does what cannot be taken back: by its button, and that of the question that it asks. */
async function act(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).first().click();
  await page.locator("dialog .danger").click();
}

async function keyIsGood(mars: ClosedMars, token: string, status: number): Promise<void> {
  const answer = await fetch(`${mars.url}/api/event`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ app_id: "shop", message_id: "m-2", event: "CREATED" }),
  });
  if (answer.status !== status) throw new Error(`the key is answered with ${answer.status}, not ${status}`);
}

/** The badge of an app that has one, with the address that others know; for another app, how it gets one. */
async function checkBadges(page: Page, mars: ClosedMars): Promise<void> {
  await mars.call("POST", "/api/event", { app_id: "depot", message_id: "m-1", event: "CREATED" });
  await page.goto(`${mars.url}/system?part=apps&app_id=shop`);
  const badge = page.getByAltText("How many messages of shop are stuck");
  const width = Number(await badge.evaluate("(one) => one.decode().then(() => one.naturalWidth)"));
  if (width < 40) throw new Error(`the badge is ${width} pixels wide`);
  await page.getByText(`[![Mars](${publicUrl}/badge/shop.svg)](${publicUrl}/stuck?app_id=shop)`).waitFor();
  await page.goto(`${mars.url}/system?part=apps&app_id=depot`);
  await page.getByText("MARS_BADGES=depot").waitFor();
  await page.getByRole("link", { name: "More on badges" }).click();
  await page.getByRole("heading", { level: 3, name: "Badges" }).waitFor();
}

async function changeApp(page: Page, mars: ClosedMars): Promise<void> {
  await page.goto(`${mars.url}/system?part=apps&app_id=shop`);
  await page.getByLabel("Name of an attribute").fill("carrier");
  await page.keyboard.press("Enter");
  await page.locator(".lines", { hasText: "carrier" }).waitFor();
  await page.getByLabel("Keep for").fill("soon");
  await page.keyboard.press("Enter");
  await page.locator(".problem", { hasText: "retention" }).waitFor();
  await page.getByLabel("Keep for").fill("3d");
  await page.keyboard.press("Enter");
  await page.getByText("by a setting of this app").waitFor();
  await page.getByRole("button", { name: "Erase all messages of the app …" }).click();
  if (await page.locator("dialog .danger").isEnabled()) throw new Error("an app is erased by one click");
  await type(page, "shop");
  await page.keyboard.press("Enter");
  await page.getByText("shop is being erased.").waitFor();
  const { messages } = (await mars.call("GET", "/api/messages?app_id=shop")) as { messages: unknown[] };
  if (messages.length > 0) throw new Error("the app's messages are still there");
}

/** Who may only read finds no part that would be refused. */
async function readersSeeLess(site: Site, mars: ClosedMars): Promise<void> {
  const { token } = (await mars.call("POST", "/api/keys", {
    kind: "ro",
    apps: ["shop"],
    name: "reader",
  })) as { token: string };
  const { page, complaints, close } = await openPage(site);
  try {
    await page.goto(`${mars.url}/system?part=keys`);
    await signIn(page, token);
    await page.getByText("Attributes that messages are found by").waitFor();
    const parts = await page.locator(".choice button").allInnerTexts();
    if (parts.join() !== "Apps,Sessions") throw new Error(`a reader finds ${parts.join()}`);
    if (complaints.length > 0) throw new Error(complaints.join("; "));
  } finally {
    await close();
  }
}
