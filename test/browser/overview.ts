/** The overview by what surrounds it: an app without a lifecycle says what to do next, and on a phone what is stuck goes before the cards. */
import { openPage, post, type Site } from "./check.ts";

const app = "no-lifecycle";

export async function checkOverview(site: Site): Promise<string> {
  await post(site, "/api/event", { app_id: app, message_id: "m-1", event: "SENT" });
  const wide = await openPage(site);
  const narrow = await openPage(site, { width: 390 });
  try {
    await wide.page.goto(site.url);
    const card = wide.page.locator(".card", { hasText: app });
    await card.getByText("No lifecycle yet: nothing is ever late.").waitFor();
    await card.getByRole("link", { name: "Say what should happen" }).press("Enter");
    await wide.page.getByText(`${app} has no lifecycle`).waitFor();
    await narrow.page.goto(site.url);
    await narrow.page.waitForSelector(".card");
    // The counts of screens that are behind the button are on it.
    await narrow.page.locator(".nav .menu .count", { hasText: /stuck/ }).waitFor();
    const group = await narrow.page.locator("a.group").first().boundingBox();
    const first = await narrow.page.locator(".card").first().boundingBox();
    if (group === null || first === null || group.y > first.y) throw new Error("cards hide what is stuck");
    for (const figure of await narrow.page.locator(".card .figures dd").all()) {
      const cut = await figure.evaluate(
        (one: { scrollWidth: number; clientWidth: number }) => one.scrollWidth > one.clientWidth,
      );
      if (cut) throw new Error(`a figure has no room: ${await figure.innerText()}`);
    }
    const complaints = [...wide.complaints, ...narrow.complaints];
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    return "an app without a lifecycle says what to do; a phone shows what is stuck first";
  } finally {
    await wide.close();
    await narrow.close();
  }
}
