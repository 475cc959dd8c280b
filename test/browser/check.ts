/** What the checks of the dashboard have in common. */
import type { Browser, Page } from "playwright-core";

/** A Mars with a dashboard, and a browser for it. */
export interface Site {
  readonly url: string;
  readonly browser: Browser;
  /** Of a binary; absent where Mars runs from source. */
  readonly command?: readonly string[];
  /** Ends Mars as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, at the same address with the same data. */
  start(): Promise<void>;
  stop(): Promise<void>;
  playDemo(): Promise<void>;
}

/** Resolves to one line of figures; rejects with what went wrong. */
export type Check = (site: Site) => Promise<string>;

export interface Look {
  readonly dark?: boolean;
  readonly width?: number;
  readonly forcedColours?: boolean;
  readonly reducedMotion?: boolean;
  /** Of the browser; British by default. */
  readonly locale?: string;
}

/** A page in a context of its own, with what its console has complained about. */
export async function openPage(
  { browser }: Site,
  { dark = false, width = 1_280, forcedColours = false, reducedMotion = false, locale = "en-GB" }: Look = {},
): Promise<{ page: Page; complaints: string[]; close(): Promise<void> }> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? "dark" : "light",
    forcedColors: forcedColours ? "active" : "none",
    reducedMotion: reducedMotion ? "reduce" : "no-preference",
    timezoneId: "UTC",
    locale,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return { page, complaints, close: () => context.close() };
}

/** Types as a person does, who sees the cursor first: until a field has the focus, keys go to the page. */
export async function type(page: Page, text: string): Promise<void> {
  await page.locator("input:focus, textarea:focus").waitFor();
  await page.keyboard.type(text);
}

export const isLive = '.light[data-state="live"]';

export async function post(site: Site, path: string, body: unknown, method = "POST"): Promise<Response> {
  const response = await fetch(site.url + path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}

/** Addresses of the screens, with something to show. */
export async function addressesOf({ url }: Site): Promise<string[]> {
  const answer = await fetch(`${url}/api/overdue?limit=1`);
  const { overdue } = (await answer.json()) as {
    overdue: { app_id: string; message_id: string; stage: string }[];
  };
  const [one] = overdue;
  if (one === undefined) throw new Error("nothing is overdue in the demo");
  const message = new URLSearchParams({ app_id: one.app_id, message_id: one.message_id });
  const group = new URLSearchParams({ app_id: one.app_id, stage: one.stage });
  return [
    "/",
    "/stuck",
    `/stuck?${group}`,
    "/messages",
    "/messages?prefix=there-is-no-such-id",
    "/messages?app_id=notifications&attributes.region=north",
    `/search/event?${message}`,
    "/search/event?message_id=there-is-no-such-id",
    "/tail",
    "/findings",
    "/flow?app_id=notifications&by=region",
    "/latency?app_id=notifications",
    "/lifecycles?app_id=notifications",
    "/incidents",
    "/alerts",
    "/alerts?part=sinks",
    "/alerts?part=deliveries",
    "/alerts?part=silences",
    "/alerts?part=calendars",
    "/system",
    `/system?${new URLSearchParams({ part: "apps", app_id: one.app_id })}`,
    "/system?part=collectors",
    "/sources",
    "/sources?new=1",
    "/sources?id=ci",
    "/system?part=keys",
    "/system?part=sessions",
    "/system?part=audit",
    "/system?part=erasures",
    "/system?part=set-aside",
  ];
}
