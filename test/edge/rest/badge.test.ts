/** Badges: what anyone sees of an app, and what nobody sees without its owner's consent. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { badgeSvg } from "../../../src/edge/rest/badge-svg.ts";
import { adminKey } from "../../access/doors.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

const odd = `open-"<b>&'é`;
let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ adminKey, badges: ["shop", "open-*"] });
  const definition = {
    stages: [{ event: "A" }, { event: "B", after: "A", within: "1s" }],
    complete_on: ["B"],
  };
  await call("PUT", "/api/apps/shop/lifecycle", definition);
  const created_at = new Date(Date.now() - 60_000).toISOString();
  const events = ["shop", "shop", odd, "secret"].map((app_id, n) => ({
    ...{ app_id, message_id: `m-${n}`, event: "A", created_at },
  }));
  const { seq } = await json(call("POST", "/api/event/bulk", { events }));
  const raised = async () => (await json(call("GET", `/api/overdue?min_seq=${seq}`))).overdue.length === 2;
  while (!(await raised())) await Bun.sleep(20);
});
afterAll(() => mars[Symbol.asyncDispose]());

function call(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  return fetch(mars.url + path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by path
async function json(answer: Promise<Response>): Promise<any> {
  return (await answer).json();
}

const badge = (app: string, init?: RequestInit, query = "") =>
  fetch(`${mars.url}/badge/${encodeURIComponent(app)}.svg${query}`, init);

test("says how many messages of an app are stuck, to anyone, on any page", async () => {
  const fromPage = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
  const response = await badge("shop", { headers: fromPage });
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "image/svg+xml; charset=utf-8",
    "cache-control": "max-age=30",
    "cross-origin-resource-policy": "cross-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
  });
  expect(await response.text()).toContain("<title>mars: 2 stuck</title>");
  const etag = response.headers.get("etag")!;
  const again = await badge("shop", { headers: { "if-none-match": etag } });
  expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
});

test("is ok for an app of which none is stuck, with any id", async () => {
  expect(await (await badge(odd)).text()).toContain("<title>mars: ok</title>");
});

test("is shown to a caller with a key that is not good, too", async () => {
  const headers = { authorization: "Bearer mars_ro_not-good" };
  expect((await badge("shop", { headers })).status).toBe(200);
});

test("is not there for other apps, and does not say whether they are", async () => {
  const answers = await Promise.all(["secret", "none", "open-none", "shop2", "*"].map((app) => badge(app)));
  const bodies = await Promise.all(answers.map(async (one) => [one.status, withoutId(await one.text())]));
  expect(new Set(bodies.map(([status]) => status))).toEqual(new Set([404]));
  const texts = [...new Set(bodies.map(([, body]) => String(body)))];
  expect(texts).toHaveLength(1);
  expect(texts[0]).toContain("MARS_BADGES names the apps that have one");
  for (const path of ["/badge/shop", "/badge/shop.png", "/badge/.svg"]) {
    expect([path, (await fetch(mars.url + path)).status]).toEqual([path, 404]);
  }
});

test("opens nothing else to pages from elsewhere", async () => {
  const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
  for (const path of ["/status", "/badge", "/badge/../api/apps", "/api/apps?x=/badge/"]) {
    const { status } = await fetch(mars.url + path, { headers });
    expect([path, status]).toEqual([path, 403]);
  }
  expect((await badge("shop", { method: "POST", headers })).status).toBe(403);
});

test("is named by the list of apps", async () => {
  const { badges } = await json(call("GET", "/api/apps"));
  expect(badges).toEqual([odd, "shop"]);
});

test("says how many are stuck at one stage, and knows no stage that the app does not have", async () => {
  const at = async (hop: string, more = "") =>
    badge("shop", {}, `?${new URLSearchParams({ hop })}${more}`).then(async (one) => ({
      status: one.status,
      title: /<title>(.*)<\/title>/.exec(await one.text())?.[1],
    }));
  expect(await at("B")).toEqual({ status: 200, title: "B: 2 stuck" });
  // The first stage is never overdue.
  expect(await at("A")).toEqual({ status: 200, title: "A: ok" });
  expect(await at("B", "&label=paid")).toMatchObject({ title: "paid: 2 stuck" });
  for (const hop of ["C", "b", "", "x".repeat(300)]) expect((await at(hop)).status).toBe(404);
  expect((await json(badge("shop", {}, "?hop=C"))).detail).toContain("has no such stage");
});

describe("the label", () => {
  test("is the caller's, up to 64 characters", async () => {
    expect(await (await badge("shop", {}, "?label=Web%20shop")).text()).toContain("Web shop: 2 stuck");
    expect((await badge("shop", {}, `?label=${"x".repeat(65)}`)).status).toBe(422);
    expect((await badge("shop", {}, "?label=")).status).toBe(422);
    expect((await badge("shop", {}, "?lable=x")).status).toBe(422);
  });

  test("is a text and nothing else", () => {
    const svg = badgeSvg(`</text><script>"'&\0\ud800`, "ok", "good");
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&lt;/text&gt;&lt;script&gt;&quot;&#39;&amp;\uFFFD\uFFFD");
  });
});

/** Each refusal has an id of its own. */
function withoutId(problem: string): string {
  return problem.replace(/"request_id":"[^"]+"/, "");
}
