import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { pagePaths } from "../../src/edge/http/page.ts";
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
      for (const [, name] of text.matchAll(/from "\.\/([^"]+)"/g)) await look(`/ui/${name}`);
    }
    for (const [, to] of text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) await look(to!);
  };
  await look("/");
  await look("/search/event");
  expect([...seen].sort()).toEqual([...pagePaths].sort());
});

test("every file of the page is served", () => {
  const files = readdirSync(new URL("../../src/ui", import.meta.url)).filter(
    (name) => name !== "tsconfig.json",
  );
  const served = files.map((name) => (name === "page.html" ? "/" : `/ui/${name.replace(/\.ts$/, ".js")}`));
  expect([...served, "/search/event"].sort()).toEqual([...pagePaths].sort());
});

test("a browser that has a file is not sent it again", async () => {
  const first = await fetch(`${mars.url}/ui/page.js`);
  const etag = first.headers.get("etag")!;
  await first.text();
  const again = await fetch(`${mars.url}/ui/page.js`, { headers: { "If-None-Match": etag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
});
