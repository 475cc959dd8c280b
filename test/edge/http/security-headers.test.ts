/** The headers by which browsers isolate answers, on all that port 4000 answers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createFront } from "../../../src/edge/http/front.ts";
import { createGate } from "../../../src/edge/http/gate.ts";
import { pagePaths } from "../../../src/edge/http/page.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { requestText, sendRaw } from "../../support/raw.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const json = { "content-type": "application/json", origin: "" };
const event = '{"app_id":"a","message_id":"m","event":"e"}';
const call = '{"appId":"a","messageId":"m","event":"e"}';

test("every answer to a browser is isolated: typed, of its origin only, in no frame, and in no cache", async () => {
  const post = (body: string) => ({ method: "POST", headers: { ...json, origin: mars.url }, body });
  const calls: readonly (readonly [status: number, path: string, init?: RequestInit])[] = [
    [200, "/status"],
    [200, "/api/messages"],
    [200, "/api/stream?topic=all"],
    [200, "/openapi.json"],
    [200, "/metrics"],
    [200, "/api/event", post(event)],
    [200, "/mars.v1.IngestService/CollectEvent", post(call)],
    [204, "/api/event", { method: "OPTIONS" }],
    [400, "/api/event", post("{")],
    [403, "/api/event", { method: "POST", headers: { origin: "https://evil.example" } }],
    [403, "/socket/websocket?vsn=9", { headers: { upgrade: "websocket" } }],
    [404, "/nothing"],
    [405, "/api/event"],
    [421, "/status", { headers: { host: "evil.example" } }],
    [421, "/ws", { headers: { host: "evil.example" } }],
    [426, "/ws"],
    ...pagePaths.map((path) => [200, path] as const),
  ];
  for (const [status, path, init] of calls) {
    const response = await fetch(mars.url + path, init);
    await response.body?.cancel();
    expect([path, response.status]).toEqual([path, status]);
    const found = Object.fromEntries(response.headers);
    expect([path, found]).toMatchObject([
      path,
      {
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
        "cache-control": expect.stringMatching(/^(no-store|no-cache|public, max-age=31536000, immutable)$/),
      },
    ]);
    expect(found).not.toHaveProperty("strict-transport-security");
  }
});

describe("the page", () => {
  test("runs files of its own only, with nothing inline and no text as code, and shares no window", async () => {
    for (const path of pagePaths) {
      const { headers } = await fetch(mars.url + path);
      const policy = headers.get("content-security-policy") ?? "";
      for (const directive of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ])
        expect(policy.split("; ")).toContain(directive);
      expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("permissions-policy")).toContain("camera=()");
    }
  });

  test("has no inline script, style or handler that its policy would block", async () => {
    const text = await (await fetch(mars.url)).text();
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/i);
  });

  test("keeps its headers where the browser has the file already", async () => {
    const { headers } = await fetch(mars.url);
    const again = await fetch(mars.url, { headers: { "if-none-match": headers.get("etag") ?? "" } });
    expect(again.status).toBe(304);
    const policy = again.headers.get("content-security-policy");
    expect(policy).toContain("script-src 'self'");
    expect(again.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  });
});

test("behind a proxy with TLS browsers are to stay with it", async () => {
  await using behind = await startMars({ publicUrl: "https://mars.example" });
  for (const host of ["mars.example", "localhost"]) {
    const parts = [requestText("GET /", [`Host: ${host}`])];
    const { text } = await sendRaw(behind.httpPort, { parts });
    expect(text.toLowerCase()).toContain("strict-transport-security: max-age=31536000\r\n");
  }
  await using plain = await startMars({ publicUrl: "http://mars.example" });
  const { headers } = await fetch(plain.url);
  expect(headers.has("strict-transport-security")).toBe(false);
});

test("over TLS of its own as well, but for the names of the visitor's machine", () => {
  const front = createFront({ app: undefined as never, sockets: undefined as never, gate: createGate() });
  const given = (url: string) =>
    front.finish(new Request(url), new Response()).headers.get("strict-transport-security");
  expect(given("https://mars.example/status")).toBe("max-age=31536000");
  for (const url of [
    "http://mars.example/",
    "https://localhost:4000/",
    "https://[::1]/",
    "https://127.0.0.1/",
  ])
    expect([url, given(url)]).toEqual([url, null]);
});
