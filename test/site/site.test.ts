/** The site of the documentation, and how Mars serves it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { callsFiles } from "../../scripts/site/calls.ts";
import { pages } from "../../scripts/site/contents.ts";
import { buildSite, type SiteFiles } from "../../scripts/site/site.ts";
import { siteFiles } from "../../src/gen/site-files.ts";
import { startMars, type TestMars } from "../support/mars.ts";

const root = join(import.meta.dir, "../..");
const options = { calls: "calls.html", base: "" };
let site: SiteFiles;
let mars: TestMars;

beforeAll(async () => {
  site = new Map([...buildSite(options), ...(await callsFiles())]);
  mars = await startMars();
});

afterAll(() => mars[Symbol.asyncDispose]());

test("every address of every page is a file of the site, and its anchor an id of that file", () => {
  const dead: string[] = [];
  for (const [name, text] of htmlOf(site))
    for (const href of addressesOf(text)) {
      const [path, anchor] = href.split("#");
      const target = site.get(path === "" ? name : path!);
      const found = anchor === undefined || String(target).includes(` id="${anchor}"`);
      if (target === undefined || !found) dead.push(`${name}: ${href}`);
    }
  expect(dead).toEqual([]);
});

test("every page is reached from the navigation of the first, and names itself in its own", () => {
  const first = navigationOf(String(site.get("index.html")));
  expect(first.toSorted()).toEqual(
    htmlOf(site)
      .map(([name]) => name)
      .toSorted(),
  );
  for (const { name } of pages.filter((page) => page.name !== "calls"))
    expect(String(site.get(`${name}.html`))).toContain(`<a href="${name}.html" aria-current="page">`);
});

test("nothing comes from elsewhere, and nothing is inline that the page's policy would block", () => {
  for (const [name, text] of htmlOf(site)) {
    const outside = text.replaceAll(/<pre[\s\S]*?<\/pre>/g, "");
    expect([
      name,
      /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|\bsrc="(?:https?:)?\//i.exec(outside),
    ]).toEqual([name, null]);
  }
});

test("a link to no page, and one to no heading, fail the build", () => {
  const withLine = (line: string) => (path: string) => {
    const text = readFileSync(join(root, path), "utf8");
    return path === "docs/guide.md" ? `${text}\n${line}\n` : text;
  };
  expect(() => buildSite(options, withLine("[x](nothing.md)"))).toThrow("docs/guide.md: nothing.md");
  expect(() => buildSite(options, withLine("[x](sinks.md#nothing)"))).toThrow("sinks.html#nothing");
  expect(() => buildSite(options, withLine("[x](../../outside)"))).toThrow("../../outside");
});

test("Mars serves it without a key, each file with its type, compressed where that is asked for", async () => {
  const types: Readonly<Record<string, string>> = {
    html: "text/html; charset=utf-8",
    css: "text/css; charset=utf-8",
    md: "text/markdown; charset=utf-8",
    webp: "image/webp",
    yml: "text/plain; charset=utf-8",
  };
  for (const [path, ending] of [
    ["/docs/", "html"],
    ["/docs/guide.html", "html"],
    ["/docs/site.css", "css"],
    ["/docs/guide.md", "md"],
    ["/docs/pictures/message.webp", "webp"],
    ["/docs/files/deploy/prometheus/alerts.yml", "yml"],
  ] as const) {
    const response = await fetch(mars.url + path, { headers: { "accept-encoding": "gzip" } });
    const { headers, status } = response;
    expect([path, status, headers.get("content-type")]).toEqual([path, 200, types[ending] ?? ""]);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self';");
    expect([path, headers.get("content-encoding")]).toEqual([path, ending === "webp" ? null : "gzip"]);
    const plain = await fetch(mars.url + path, { headers: { "accept-encoding": "identity" } });
    expect(Buffer.from(await plain.arrayBuffer())).toEqual(Buffer.from(await response.arrayBuffer()));
    const again = await fetch(mars.url + path, { headers: { "if-none-match": headers.get("etag") ?? "" } });
    expect(again.status).toBe(304);
  }
});

test("what is not there is a 404, and another method a 405", async () => {
  for (const path of ["/docs/nothing.html", "/docs/__proto__", "/docs/guide.html/x"])
    expect((await fetch(mars.url + path)).status).toBe(404);
  expect((await fetch(`${mars.url}/docs/guide.html`, { method: "POST" })).status).toBe(405);
});

test("of the documentation that Mars serves, each link leads to a page of Mars", async () => {
  const known = new Set(Object.keys(siteFiles));
  for (const name of [...known].filter((one) => one.endsWith(".html"))) {
    const text = new TextDecoder().decode(Bun.gunzipSync(Buffer.from(siteFiles[name]!, "base64")));
    const astray = addressesOf(text).filter((href) => {
      const path = href.replace(/#.*$/, "");
      return path !== "" && path !== "/docs" && !known.has(path);
    });
    expect([name, astray]).toEqual([name, []]);
  }
  const text = await (await fetch(`${mars.url}/llms.txt`)).text();
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(10);
  for (const link of links) expect([link, (await fetch(mars.url + link)).status]).toEqual([link, 200]);
});

function htmlOf(files: SiteFiles): [name: string, text: string][] {
  return [...files].filter(([name]) => name.endsWith(".html")).map(([name, text]) => [name, String(text)]);
}

/** Within the site. */
function addressesOf(text: string): string[] {
  return [...text.matchAll(/\s(?:href|src|srcset)="([^"]+)"/g)]
    .map(([, href = ""]) => href)
    .filter((href) => !/^[a-z]+:/.test(href));
}

function navigationOf(text: string): string[] {
  return addressesOf(/<nav id="pages"[\s\S]*?<\/nav>/.exec(text)?.[0] ?? "");
}
