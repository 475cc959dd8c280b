import { afterAll, beforeAll, expect, test } from "bun:test";
import { operations } from "../../src/api/operations.ts";
import { pagePaths } from "../../src/edge/http/page.ts";
import { pageFiles } from "../../src/gen/page-files.ts";
import { screens } from "../../src/ui/frame/screens.ts";
import { startMars, type TestMars } from "../support/mars.ts";

let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
});

afterAll(() => mars[Symbol.asyncDispose]());

test("the page is the same at / and at the original's address of a message", async () => {
  const [home, search] = await Promise.all(
    ["/", "/search/event?message_id=m%2F1"].map(async (path) => (await fetch(mars.url + path)).text()),
  );
  expect(home).toContain("<title>Mars</title>");
  expect(search).toBe(home!);
});

test("everything the page refers to is there, with its type, and nothing else may run", async () => {
  const seen = new Set<string>();
  const look = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const response = await fetch(mars.url + path);
    expect([path, response.status]).toEqual([path, 200]);
    const type = response.headers.get("content-type") ?? "";
    const csp = response.headers.get("content-security-policy") ?? "";
    expect(csp).toContain("default-src 'none'; script-src 'self';");
    expect(csp).not.toContain("unsafe");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const text = await response.text();
    if (path.endsWith(".js")) {
      expect(type).toStartWith("text/javascript");
      for (const [, name] of text.matchAll(/(?:from|import\()\s*"\.\/([^"]+)"/g)) await look(`/ui/${name}`);
    }
    for (const [, to] of text.matchAll(/(?:src|href)="(\/ui\/[^"]+)"/g)) await look(to!);
  };
  await look("/");
  await look("/docs");
  // Every screen is the same page; `page.css` is for pages that the server writes by itself.
  const files = pagePaths.filter((path) => path.startsWith("/ui/") && path !== "/ui/page.css");
  expect([...seen].filter((path) => path.startsWith("/ui/")).sort()).toEqual([...files].sort());
});

test("every screen has an address of its own", async () => {
  for (const { path } of screens) {
    const { status, headers } = await fetch(mars.url + path);
    expect([path, status, headers.get("content-type")]).toEqual([path, 200, "text/html; charset=utf-8"]);
  }
});

test("a page names all that its screen needs next, each of which is there", async () => {
  for (const { path } of screens) {
    const links = await linksOf(path);
    expect(links.filter((link) => link.startsWith("/ui/main-")).length).toBe(2);
    // The start page's own script has its screen.
    expect([path, links.some((link) => link.startsWith("/ui/part-"))]).toEqual([path, path !== "/"]);
    for (const link of links) expect([link, (await fetch(mars.url + link)).status]).toEqual([link, 200]);
  }
});

test("the start page begins its first read with the page, for who may read and as the page asks", async () => {
  expect(await linksOf("/")).toContain("/api/overview");
  expect(await linksOf("/?kiosk=on")).toContain("/api/overview");
  expect(await linksOf("/?range=1h")).not.toContain("/api/overview");
  const stranger = { Authorization: "Bearer no-key-of-this-mars" };
  expect(await linksOf("/", stranger)).not.toContain("/api/overview");
  const etagOf = async (headers = {}) => (await fetch(`${mars.url}/`, { headers })).headers.get("etag")!;
  const again = await fetch(`${mars.url}/`, { headers: { "If-None-Match": await etagOf(stranger) } });
  expect(again.status).toBe(200);
  expect((await fetch(`${mars.url}/`, { headers: { "If-None-Match": await etagOf() } })).status).toBe(304);
});

test("a browser that has a file is not sent it again, and never asks for one with a hash in its name", async () => {
  const first = await fetch(mars.url + (await script()));
  expect(first.headers.get("cache-control")).toContain("immutable");
  expect((await fetch(`${mars.url}/`)).headers.get("cache-control")).toBe("no-cache");
  const etag = first.headers.get("etag")!;
  await first.text();
  const again = await fetch(first.url, { headers: { "If-None-Match": etag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
});

test.each(["br", "gzip", "identity", "gzip;q=0, br;q=0"])(
  "a file comes as %s, the same in the end",
  async (coding) => {
    const url = mars.url + (await script());
    const plain = await (await fetch(url, { headers: { "Accept-Encoding": "identity" } })).text();
    const response = await fetch(url, { headers: { "Accept-Encoding": coding } });
    const coded = coding === "br" || coding === "gzip";
    expect(response.headers.get("content-encoding")).toBe(coded ? coding : null);
    expect(response.headers.get("vary")).toContain("Accept-Encoding");
    expect(await response.text()).toBe(plain);
  },
);

test("the reference has every operation, and loads nothing from elsewhere", async () => {
  const text = await (await fetch(`${mars.url}/docs`)).text();
  const ids = new Set([...text.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id));
  expect(operations.filter(({ name }) => !ids.has(name)).map(({ name }) => name)).toEqual([]);
  expect(text).not.toMatch(/(?:src|href)="(?!\/)/);
});

test("the first load is small", () => {
  const bytes = Object.entries(pageFiles)
    .filter(([name]) => name === "page.html" || name.startsWith("main-"))
    .reduce((sum, [, { brotli }]) => sum + (brotli.length * 3) / 4, 0);
  expect(bytes).toBeLessThan(120 * 1024);
});

/** What the `Link` header of a page names. */
async function linksOf(path: string, headers: Record<string, string> = {}): Promise<string[]> {
  const link = (await fetch(mars.url + path, { headers })).headers.get("link") ?? "";
  return [...link.matchAll(/<([^>]+)>/g)].map(([, to]) => to!);
}

/** The path of the page's script. */
async function script(): Promise<string> {
  const page = await (await fetch(`${mars.url}/`)).text();
  return /src="([^"]+)"/.exec(page)![1]!;
}
