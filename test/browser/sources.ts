/** A source on the page: made by its form, its delivery shown, tried with a rule of another kind, and mapped again after it is corrected. */
import type { Page } from "playwright-core";
import { faultsOf } from "./axe.ts";
import { openPage, type Site } from "./check.ts";
import { adminKey, type ClosedMars, openClosedMars, publicUrl } from "./closed-mars.ts";

const secret = "a secret of the parcel service";
const parcel = { order: "o-7", state: "SENT" };

export async function checkSources(site: Site): Promise<string> {
  await using mars = await openClosedMars(site);
  const { page, complaints, close } = await openPage(site);
  try {
    await page.goto(`${mars.url}/system?part=keys`);
    await signIn(page, adminKey);
    await page.getByRole("link", { name: "Sources" }).click();
    await page.getByRole("link", { name: "Make the first one" }).click();
    await make(page);
    await page.getByText("No delivery is kept").waitFor();
    await deliver(mars, "wrong", 401);
    await deliver(mars, secret, 200);
    const row = page.locator("tr", { hasText: "body.id is not there" });
    await row.getByText("ignored", { exact: true }).waitFor();
    await tryKept(page);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("The source parcels is saved.").first().waitFor();
    await page.getByRole("button", { name: "Replay delivery 1" }).click();
    await page.locator("tr", { hasText: "mapped again" }).getByText("accepted", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Replay all that are kept" }).click();
    const { events } = (await mars.call("GET", "/api/apps/shop/messages/o-7?min_seq=1")) as {
      events: unknown[];
    };
    if (events.length !== 1) throw new Error(`the message has ${events.length} events, not 1`);
    await page.getByRole("link", { name: "All sources" }).click();
    await page.locator("tr", { hasText: "parcels" }).getByText("own rules, token").waitFor();
    await checkPalette(page);
    await checkCollector(page, mars);
    const unexpected = complaints.filter((text) => !/status of 4(?:01|22)/.test(text));
    if (unexpected.length > 0) throw new Error(unexpected.join("; "));
    await readersSeeLess(site, mars);
    return "a source made by its form, a delivery shown, tried, and mapped again after a correction";
  } finally {
    await close();
  }
}

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("Key").fill(key);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#account");
}

async function make(page: Page): Promise<void> {
  await page.getByLabel("Name, the end of its address").fill("parcels");
  await page.getByRole("combobox", { name: "Sender" }).selectOption("another, by rules of your own");
  await page.getByLabel("App of its events").fill("shop");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".problem", { hasText: "verify.secret" }).waitFor();
  await page.getByLabel("Secret", { exact: true }).fill(secret);
  await page.getByLabel("Header", { exact: true }).fill("X-Token");
  await page.getByLabel("Event", { exact: true }).fill("body.state");
  await page.getByRole("button", { name: "Add an attribute" }).click();
  await page.getByLabel("Name of attribute 1").fill("state");
  await page.getByLabel("Rule of attribute 1").fill("body.state");
  await page.getByText("What is not mapped").click();
  await page.getByRole("combobox", { name: "Items that are not mapped" }).selectOption("are left out");
  await page.getByLabel("Bytes of a delivery at most").fill("2048");
  const text = JSON.parse(await page.getByLabel("As JSON").inputValue());
  const { event, attributes, otherwise, body_bytes_max } = text;
  const wanted = '["body.state",{"state":"body.state"},"ignore",2048]';
  if (JSON.stringify([event, attributes, otherwise, body_bytes_max]) !== wanted)
    throw new Error(`the form has not changed the text: ${JSON.stringify(text)}`);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText(`${publicUrl}/in/parcels`, { exact: true }).waitFor();
  if ((await page.content()).includes(secret)) throw new Error("the secret is shown after it is saved");
}

/** Corrects the rule in the text, which the form shows too, and tries the kept delivery by it before it is saved. */
async function tryKept(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Try delivery 1" }).click();
  await page.getByRole("button", { name: "Try", exact: true }).click();
  await page
    .locator("tr", { hasText: "body.id is not there" })
    .getByText("message_id", { exact: true })
    .waitFor();
  const json = page.getByLabel("As JSON");
  await json.fill((await json.inputValue()).replace("body.id", "body.order"));
  const rule = await page.getByLabel("Message id", { exact: true }).inputValue();
  if (rule !== "body.order") throw new Error(`the text has not changed the form: ${rule}`);
  await page.getByRole("button", { name: "Try", exact: true }).click();
  await page.locator("tr", { hasText: "o-7" }).getByText("SENT", { exact: true }).waitFor();
}

/** As the sender does. */
async function deliver({ url }: ClosedMars, token: string, status: number): Promise<void> {
  const answer = await fetch(`${url}/in/parcels`, {
    method: "POST",
    headers: { "X-Token": token },
    body: JSON.stringify(parcel),
  });
  if (answer.status !== status) throw new Error(`the delivery is answered with ${answer.status}`);
}

async function checkPalette(page: Page): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Screen, app or setting" }).fill("sources");
  await page.getByRole("option", { name: /^Sources/ }).waitFor();
  await page.keyboard.press("Escape");
}

/** A collector that maps by the source names it, with what its rules left out; its broker may be away. */
async function checkCollector(page: Page, mars: ClosedMars): Promise<void> {
  const collector = { url: "redis://127.0.0.1:1", stream: "parcels", source: "parcels" };
  await mars.call("PUT", "/api/collectors/stream", collector);
  await page.goto(`${mars.url}/system?part=collectors`);
  const row = page.locator("tr", { hasText: "redis://127.0.0.1:1" });
  await row.locator('[data-of="Ignored"]', { hasText: "0" }).waitFor();
  const faults = await faultsOf(page);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  await row.getByRole("link", { name: "parcels" }).click();
  await page.getByText(`${publicUrl}/in/parcels`, { exact: true }).waitFor();
}

/** Who may only read sees the definition and can try, and finds no button that would be refused. */
async function readersSeeLess(site: Site, mars: ClosedMars): Promise<void> {
  const key = { kind: "ro", apps: ["shop"], name: "reader" };
  const { token } = (await mars.call("POST", "/api/keys", key)) as { token: string };
  const { page, complaints, close } = await openPage(site);
  try {
    await page.goto(`${mars.url}/sources?id=parcels`);
    await signIn(page, token);
    await page.locator("pre", { hasText: "body.order" }).waitFor();
    await page.getByLabel("Body").fill(JSON.stringify(parcel));
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.locator("tr", { hasText: "o-7" }).waitFor();
    const buttons = (await page.locator("main button:visible").allInnerTexts()).join();
    if (buttons !== "Copy address,Try") throw new Error(`a reader finds ${buttons}`);
    await page.goto(`${mars.url}/sources?new=1`);
    await page.getByRole("link", { name: "parcels" }).waitFor();
    if (await page.getByRole("link", { name: "New source" }).isVisible())
      throw new Error("a reader is offered a new source");
    if (complaints.length > 0) throw new Error(complaints.join("; "));
  } finally {
    await close();
  }
}
