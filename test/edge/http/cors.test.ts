/** Pages of allowed origins may read every answer of port 4000, over REST, RPC and events streams; others may not. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { operations } from "../../../src/api/operations.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

const page = "https://dash.example";
const elsewhere = "https://evil.example";
let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ allowedOrigins: [page] });
});
afterAll(() => mars[Symbol.asyncDispose]());

const routes: readonly (readonly [method: string, path: string])[] = [
  ["POST", "/api/event"],
  ["POST", "/api/event/bulk"],
  ["GET", "/api/stream"],
  ["GET", "/status"],
  ["GET", "/openapi.json"],
  ["GET", "/metrics"],
  ["POST", "/mars.v1.IngestService/CollectEvent"],
  ["POST", "/MarsWeb.GrpcService.MarsGrpc/collectEvent"],
  ["GET", "/mars.v1.MessageService/GetMessage"],
  ["POST", "/mars.v1.MessageService/WatchEvents"],
  ...operations.map(({ rest }) => {
    const [method = "", path = ""] = rest.split(" ");
    return [method, path.replaceAll(/\{\w+\}/g, "1")] as const;
  }),
];

function preflight(origin: string, method: string, path: string): Promise<Response> {
  const headers = {
    origin,
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "cors",
    "access-control-request-method": method,
    "access-control-request-headers": "authorization,content-type",
  };
  return fetch(mars.url + path, { method: "OPTIONS", headers });
}

function listOf(headers: Headers, name: string): string[] {
  return (headers.get(name) ?? "").split(",").map((item) => item.trim().toLowerCase());
}

function leaves(headers: Headers): string[] {
  return [...headers.keys()].filter((name) => name.startsWith("access-control-"));
}

describe("a preflight request", () => {
  test("is answered for each route with its methods and what clients send", async () => {
    for (const [method, path] of routes) {
      const { status, headers } = await preflight(page, method, path);
      expect([path, status, headers.get("access-control-allow-origin")]).toEqual([path, 204, page]);
      expect([path, ...listOf(headers, "access-control-allow-methods")]).toContain(method.toLowerCase());
      const allowed = listOf(headers, "access-control-allow-headers");
      for (const name of [
        "authorization",
        "content-type",
        "content-encoding",
        "last-event-id",
        "connect-protocol-version",
        "x-grpc-web",
      ])
        expect([path, ...allowed]).toContain(name);
      expect(listOf(headers, "vary")).toContain("origin");
    }
  });

  test("of another origin learns nothing", async () => {
    for (const [method, path] of routes) {
      const { status, headers } = await preflight(elsewhere, method, path);
      expect([path, status, leaves(headers)]).toEqual([path, 204, []]);
    }
  });

  test("for a path that does not exist allows nothing", async () => {
    const { status, headers } = await preflight(page, "POST", "/nothing");
    expect([status, headers.get("access-control-allow-methods")]).toEqual([404, ""]);
  });
});

describe("an answer", () => {
  const json = { "content-type": "application/json" };
  const event = '{"app_id":"a","message_id":"m","event":"e"}';
  const call = '{"appId":"a","messageId":"m","event":"e"}';
  const calls: readonly (readonly [status: number, path: string, init?: RequestInit])[] = [
    [200, "/api/messages"],
    [200, "/api/event", { method: "POST", headers: json, body: event }],
    [200, "/mars.v1.IngestService/CollectEvent", { method: "POST", headers: json, body: call }],
    [200, "/api/stream?topic=all"],
    [400, "/api/event", { method: "POST", headers: json, body: "{" }],
    [404, "/api/apps/a/messages/none"],
    [404, "/nothing"],
    [405, "/api/event", { method: "DELETE" }],
    [415, "/api/event", { method: "POST", headers: { "content-type": "text/plain" }, body: event }],
    [422, "/api/messages?limit=0"],
    [426, "/ws"],
  ];
  async function ask(path: string, init: RequestInit, headers: Record<string, string>): Promise<Response> {
    const response = await fetch(mars.url + path, { ...init, headers: { ...init.headers, ...headers } });
    await response.body?.cancel();
    return response;
  }

  test("may be read by a page of an allowed origin, errors and streams included", async () => {
    for (const [status, path, init = {}] of calls) {
      for (const site of [{}, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" }]) {
        const { headers, status: answered } = await ask(path, init, { origin: page, ...site });
        expect([path, answered, headers.get("access-control-allow-origin")]).toEqual([path, status, page]);
        expect(listOf(headers, "vary")).toContain("origin");
        for (const name of [
          "retry-after",
          "ratelimit",
          "ratelimit-policy",
          "www-authenticate",
          "grpc-status",
        ])
          expect(listOf(headers, "access-control-expose-headers")).toContain(name);
        // Cookies are of no use to such a page.
        expect(headers.get("access-control-allow-credentials")).toBeNull();
      }
    }
  });

  test("may not be read by a page of another origin, nor is it given for its changes", async () => {
    for (const [status, path, init = {}] of calls) {
      const { headers, status: answered } = await ask(path, init, { origin: elsewhere });
      expect([path, leaves(headers)]).toEqual([path, []]);
      expect([path, answered]).toEqual([path, init.method === undefined ? status : 403]);
    }
  });

  test("to a program has no such headers, and says that it depends on the origin", async () => {
    const { headers } = await ask("/api/messages", {}, {});
    expect(leaves(headers)).toEqual([]);
    expect(listOf(headers, "vary")).toContain("origin");
  });
});

test("a page of an allowed origin calls with a key, and can read that it lacks one", async () => {
  const adminKey = "a".repeat(32);
  await using keyed = await startMars({ allowedOrigins: [page], adminKey });
  const calls = [
    ["/api/messages", {}],
    ["/api/stream?topic=all", {}],
    ["/mars.v1.MessageService/ListMessages", { method: "POST", body: "{}" }],
    ["/api/event", { method: "POST", body: '{"app_id":"a","message_id":"m","event":"e"}' }],
  ] as const;
  for (const [path, init] of calls) {
    const headers = { origin: page, "content-type": "application/json" };
    const refused = await fetch(keyed.url + path, { ...init, headers });
    expect([path, refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([
      path,
      401,
      page,
    ]);
    const authorization = `Bearer ${adminKey}`;
    const { status, body } = await fetch(keyed.url + path, {
      ...init,
      headers: { ...headers, authorization },
    });
    await body?.cancel();
    expect([path, status]).toEqual([path, 200]);
  }
  // Browsers send no key with a preflight request.
  const asked = { origin: page, "access-control-request-method": "GET" };
  const { status } = await fetch(`${keyed.url}/api/messages`, { method: "OPTIONS", headers: asked });
  expect(status).toBe(204);
});

test("with * each page gets its own origin back, and still no credentials", async () => {
  await using open = await startMars({ allowedOrigins: ["*"] });
  const response = await fetch(`${open.url}/api/messages`, { headers: { origin: elsewhere } });
  expect(response.headers.get("access-control-allow-origin")).toBe(elsewhere);
  expect(response.headers.get("access-control-allow-credentials")).toBeNull();
});

test("without allowed origins no answer depends on one", async () => {
  await using closed = await startMars();
  const response = await fetch(`${closed.url}/api/messages`, { headers: { origin: page } });
  expect(leaves(response.headers)).toEqual([]);
  expect(listOf(response.headers, "vary")).not.toContain("origin");
});
