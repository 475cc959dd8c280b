/**
 * Who has to sign in: the page asks once, reads nothing that would be refused, and draws the sign-in. A session that ends while the page
 * is open is said in a word, and the next sign-in is over the same screen, with what was typed there. Another key gets a page of its own.
 */
import type { Page } from "playwright-core";
import { isLive, openPage, type Site } from "./check.ts";
import { adminKey, type ClosedMars, openClosedMars } from "./closed-mars.ts";

export async function checkSignIn(site: Site): Promise<string> {
  await using mars = await openClosedMars(site);
  const { page, complaints, close } = await openPage(site);
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/")) asked.push(pathname);
  });
  page.on("websocket", (socket) => asked.push(new URL(socket.url()).pathname));
  const address = `${mars.url}/messages?state=overdue`;
  const signIn = async () => {
    await page.getByLabel("Key").fill(adminKey);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#account");
    await page.waitForSelector(isLive);
    if (page.url() !== address) throw new Error(`after the sign-in the page is at ${page.url()}`);
  };
  try {
    await page.goto(address);
    await page.getByRole("heading", { name: "Sign in to Mars" }).waitFor();
    // A preload that is not used is complained about some seconds later.
    await page.waitForTimeout(4_000);
    if (asked.join() !== "/api/sign-in") throw new Error(`before the sign-in the page calls ${asked.join()}`);
    await signIn();
    await endSession(mars);
    await page.getByText("Your session has ended").waitFor();
    await signIn();
    const kept = await keepWhatIsTyped(mars, page);
    const unexpected = complaints.filter((text) => !text.includes("status of 401"));
    if (unexpected.length > 0) throw new Error(unexpected.join("; "));
    return `one call before the sign-in, a session that ended was said, and the address stayed; ${kept}`;
  } finally {
    await close();
  }
}

async function endSession(mars: ClosedMars): Promise<void> {
  const { sessions } = (await mars.call("GET", "/api/sessions")) as { sessions: { id: string }[] };
  for (const { id } of sessions) await mars.call("DELETE", `/api/sessions/${id}`);
}

/** A form in a dialog, half filled when the session ends: it is there after the next sign-in, and can be saved. */
async function keepWhatIsTyped(mars: ClosedMars, page: Page): Promise<string> {
  await page.goto(`${mars.url}/alerts?part=calendars`);
  await page.getByRole("button", { name: "New calendar" }).click();
  await page.getByLabel("Name", { exact: true }).fill("holidays");
  await page.getByLabel("Days off, one on a line").fill("2026-12-25 Christmas");
  await endSession(mars);
  // The page may notice it only now.
  const name = page.getByLabel("Name", { exact: true });
  await name.press("Enter");
  await page.getByText("What you have typed is kept").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.getByLabel("Key").fill("mars_no-key");
  await page.keyboard.press("Enter");
  await page.getByText("No key of this Mars").waitFor();
  await page.getByLabel("Key").fill(adminKey);
  await page.keyboard.press("Enter");
  await page.getByText("What you have typed is kept").waitFor({ state: "detached" });
  await page.waitForSelector(isLive);
  // The focus is where it was.
  await page.locator("form.put input:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("td", { hasText: "2026-12-25 Christmas" }).waitFor();

  const { token } = (await mars.call("POST", "/api/keys", {
    kind: "ro",
    apps: ["*"],
    name: "reader",
  })) as { token: string };
  await page.getByRole("button", { name: "New calendar" }).click();
  await page.getByLabel("Name", { exact: true }).fill("of-another");
  await endSession(mars);
  await name.press("Enter");
  await page.getByLabel("Key").fill(token);
  await page.keyboard.press("Enter");
  await page.locator("#account", { hasText: "reader" }).waitFor();
  if (await page.getByLabel("Name", { exact: true }).isVisible())
    throw new Error("another key was shown a form of the last");
  return "a half-filled form was kept over the end of its session";
}
