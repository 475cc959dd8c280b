/** Views of two people: what one saves and shares, the other opens by the palette and by the list. */
import { openPage, type Site, type } from "./check.ts";

export async function checkViews(site: Site): Promise<string> {
  const [ann, ben] = [await openPage(site), await openPage(site, { dark: true })];
  try {
    await ann.page.goto(`${site.url}/messages?app_id=notifications&attributes.region=north&range=7d`);
    await ann.page.getByRole("button", { name: "Views" }).click();
    await type(ann.page, "north of notifications");
    await ann.page.keyboard.press("Enter");
    const saved = ann.page.locator(".views li", { hasText: "north of notifications" });
    await saved.waitFor();
    await saved.getByRole("button", { name: "Share" }).click();
    await saved.getByText("· shared").waitFor();
    await ben.page.goto(`${site.url}/tail`);
    await ben.page.keyboard.press("Control+k");
    await type(ben.page, "view: north");
    await ben.page.locator('#commands [aria-selected="true"]', { hasText: "View: north" }).waitFor();
    await ben.page.keyboard.press("Enter");
    await ben.page.waitForURL(
      ({ searchParams, pathname }) =>
        pathname === "/messages" &&
        searchParams.get("attributes.region") === "north" &&
        searchParams.get("range") === "7d",
    );
    await ben.page.getByRole("link", { name: "region = north ×: take this filter away" }).waitFor();
    await ann.page.getByRole("button", { name: "Delete north of notifications" }).click();
    await saved.waitFor({ state: "detached" });
    await ben.page.getByRole("button", { name: "Views" }).click();
    await ben.page.getByText("None is saved yet").waitFor();
    const complaints = [...ann.complaints, ...ben.complaints];
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
    return "saved, shared, opened by another, deleted";
  } finally {
    await ann.close();
    await ben.close();
  }
}
