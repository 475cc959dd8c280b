/** A message of every kind: with several runs, owed by several, with parts, on a journey that goes on while it is open; each without a fault of axe, narrow and dark as well. */
import type { Page } from "playwright-core";
import { faultsOf } from "./axe.ts";
import { isLive, openPage, post, type Site } from "./check.ts";

const jobs = {
  stages: [
    { event: "QUEUED" },
    { event: "STARTED", after: "QUEUED", within: "1m" },
    { event: "DONE", after: "STARTED", within: "1s" },
  ],
  complete_on: ["DONE"],
  fail_on: ["CRASHED"],
  reopen_on: ["QUEUED"],
  grace: "100ms",
};

const notices = {
  stages: [
    { event: "SENT" },
    { event: "ACKED", after: "SENT", within: "1s", each: { of: "recipients", by: "client" } },
  ],
  complete_on: ["ACKED"],
  grace: "100ms",
};

export async function checkMessage(site: Site): Promise<string> {
  await seed(site);
  const faults: string[] = [];
  let looks = 0;
  for (const look of [{}, { dark: true, width: 390 }]) {
    const { page, complaints, close } = await openPage(site, look);
    const inspect = async (what: string) => {
      looks += 1;
      for (const fault of [...(await faultsOf(page)), ...complaints.splice(0)]) {
        faults.push(`${what} ${JSON.stringify(look)}: ${fault}`);
      }
    };
    try {
      await checkRuns(page, site, inspect);
      await checkOwed(page, site, inspect);
      await checkJourney(page, site, inspect);
      await checkJumps(page, site, inspect);
    } finally {
      await close();
    }
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return `${looks} views without a fault`;
}

type Inspect = (what: string) => Promise<void>;

async function checkRuns(page: Page, site: Site, inspect: Inspect): Promise<void> {
  await open(page, site, "jobs", "job-runs");
  await page.waitForSelector(".verdict.bad h2:has-text('DONE has not come.')");
  await page.waitForSelector(".found li");
  await page.locator(".runs a", { hasText: "Run 1" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".verdict h2:has-text('Run 1: failed, CRASHED.')");
  await page.waitForSelector(".cause dd:has-text('out of memory')");
  const shown = await page.locator(".timeline .event strong").allTextContents();
  if (shown.join() !== "QUEUED,STARTED,CRASHED") throw new Error(`run 1 shows ${shown.join()}`);
  await inspect("a former run");
  await page.goBack();
  await page.getByRole("link", { name: "Compare with a normal message" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".stage.parting:has-text('DONE'):has-text('They part here')");
  await inspect("beside a normal message");
}

async function checkOwed(page: Page, site: Site, inspect: Inspect): Promise<void> {
  await open(page, site, "notices", "notice-1");
  await page.waitForSelector(".owed:has-text('2 of 3')");
  for (const [what, name] of [
    ["missing", "eu-west"],
    ["not asked", "sa-east"],
  ]) {
    await page.waitForSelector(`.names:has-text("${what}"):has-text("${name}")`);
  }
  await inspect("owed by several");
}

/** Many events: each end of them, and the failure between, is a few keys away. */
async function checkJumps(page: Page, site: Site, inspect: Inspect): Promise<void> {
  await open(page, site, "jobs", "job-many");
  await page.waitForSelector(".earlier");
  for (const [name, expected] of [
    ["First", "QUEUED"],
    ["The failure", "CRASHED"],
    ["Last", "STEP"],
  ] as const) {
    await page.getByRole("button", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.locator(".timeline .event").first().filter({ hasText: expected }).waitFor();
  }
  await inspect("many events");
}

async function checkJourney(page: Page, site: Site, inspect: Inspect): Promise<void> {
  const order = `order-${crypto.randomUUID()}`;
  await post(site, "/api/event", {
    app_id: "orders",
    message_id: order,
    event: "PLACED",
    external_id: order,
  });
  await page.goto(`${site.url}/search/event?${new URLSearchParams({ app_id: "orders", message_id: order })}`);
  await page.waitForSelector(".timeline .event");
  // A part, and a message of another app: each belongs to it from its first event on.
  await post(site, "/api/event", {
    ...{ app_id: "orders", message_id: `${order}-1`, event: "PLACED", parent_id: order },
  });
  await page.waitForSelector(`.way:has-text("${order}-1"):has-text("part")`);
  await post(site, "/api/event", {
    ...{ app_id: "ledger", message_id: "le", event: "BOOKED", external_id: order },
  });
  const other = page.locator(".way a", { hasText: "ledger" });
  await other.waitFor();
  // The same id in another app, and nothing else in common. Nothing is read for it before its event comes.
  const reads: string[] = [];
  page.on("request", (request) => reads.push(new URL(request.url()).pathname));
  await page.waitForResponse((response) => response.url().includes("parent_id"));
  const journeys = reads.filter((path) => path.startsWith("/api/journeys/"));
  if (journeys.length > 0) throw new Error(`an idle journey was read: ${journeys.join()}`);
  await post(site, "/api/event", { app_id: "audit", message_id: order, event: "SEEN" });
  await page.locator(".way a", { hasText: "audit" }).waitFor();
  await inspect("a journey");
  await other.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("h1:has-text('le')");
  await page.waitForSelector(`.way a:has-text("orders"):has-text("${order}")`);
}

async function open(page: Page, site: Site, app_id: string, message_id: string): Promise<void> {
  await page.goto(`${site.url}/search/event?${new URLSearchParams({ app_id, message_id })}`);
  await page.waitForSelector(isLive);
  await page.waitForSelector(".stages");
}

async function seed(site: Site): Promise<void> {
  await post(site, "/api/apps/jobs/lifecycle", jobs, "PUT");
  await post(site, "/api/apps/notices/lifecycle", notices, "PUT");
  const now = Date.now();
  const event = (app_id: string, message_id: string, event: string, ago: number, attributes = {}) => ({
    ...{ app_id, message_id, event, attributes },
    created_at: new Date(now - ago * 1_000).toISOString(),
  });
  const events = [
    ...Array.from({ length: 5 }, (_, n) => [
      event("jobs", `job-${n}`, "QUEUED", 400),
      event("jobs", `job-${n}`, "STARTED", 390),
      event("jobs", `job-${n}`, "DONE", 389.5),
    ]).flat(),
    event("jobs", "job-runs", "QUEUED", 300),
    event("jobs", "job-runs", "STARTED", 290),
    event("jobs", "job-runs", "CRASHED", 280, { reason: "out of memory" }),
    event("jobs", "job-runs", "QUEUED", 100),
    event("jobs", "job-runs", "STARTED", 90),
    event("jobs", "job-many", "QUEUED", 3_000),
    ...Array.from({ length: 2_500 }, (_, n) => event("jobs", "job-many", "STEP", 2_900 - n, { n })),
    event("jobs", "job-many", "CRASHED", 1_500.5, { reason: "disk full" }),
    event("notices", "notice-1", "SENT", 60, { recipients: ["eu-west", "us-east", "ap-south"] }),
    ...["us-east", "ap-south", "sa-east"].map((client) =>
      event("notices", "notice-1", "ACKED", 59.5, { client }),
    ),
  ];
  const answer = await post(site, "/api/event/bulk", { events });
  const { seq } = (await answer.json()) as { readonly seq: number };
  await fetch(`${site.url}/api/overdue?app_id=notices&min_seq=${seq}`);
}
