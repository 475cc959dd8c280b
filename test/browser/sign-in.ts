/**
 * Who has to sign in: the page asks once, reads nothing that would be refused, and draws the sign-in. A session that ends while the page
 * is open is said in a word, and the next sign-in shows the same address.
 */

import { isLive, openPage, type Site } from "./check.ts";
import { adminKey, openClosedMars } from "./closed-mars.ts";

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
    const { sessions } = (await mars.call("GET", "/api/sessions")) as { sessions: { id: string }[] };
    await mars.call("DELETE", `/api/sessions/${sessions[0]!.id}`);
    await page.getByText("Your session has ended").waitFor();
    await signIn();
    const unexpected = complaints.filter((text) => !text.includes("status of 401"));
    if (unexpected.length > 0) throw new Error(unexpected.join("; "));
    return "one call before the sign-in, a session that ended was said, and the address stayed";
  } finally {
    await close();
  }
}
