/** Keys where none belongs, and headers that are no credentials: nothing of it opens a door, or does any harm. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { operations } from "../../src/api/operations.ts";
import { frame, WireClient } from "../edge/rpc/wire.ts";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { requestText, sendRaw } from "../support/raw.ts";
import { adminKey, bearer } from "./doors.ts";

const key = adminKey;

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ adminKey });
});
afterAll(() => mars[Symbol.asyncDispose]());

async function rawStatus(line: string, headers: readonly string[], body = ""): Promise<number | undefined> {
  const parts = [requestText(line, ["Host: localhost", ...headers], body)];
  const { statuses, closed } = await sendRaw(mars.httpPort, { parts });
  // A connection that is cut off is as good as a refusal.
  return statuses[0] ?? (closed ? 0 : undefined);
}

async function statusOf(...headers: string[]): Promise<number | undefined> {
  return rawStatus("GET /api/messages", headers);
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

describe("an Authorization header", () => {
  test.each([
    ["in any case", `bearer ${key}`],
    ["in any case", `BEARER ${key}`],
    ["with blanks", `Bearer   ${key}  `],
    ["of Basic, with any user", basic(`someone:${key}`)],
    ["of Basic, without a user", basic(`:${key}`)],
  ])("with the key is good: %s", async (_, value) => {
    expect([value, await statusOf(`Authorization: ${value}`)]).toEqual([value, 200]);
  });

  test.each([
    ["nothing", ""],
    ["a scheme alone", "Bearer"],
    ["the key alone", key],
    ["another scheme", `Token ${key}`],
    ["another scheme", `Digest ${key}`],
    ["a scheme without a blank", `Bearer${key}`],
    ["the key twice", `Bearer ${key} ${key}`],
    ["two schemes", `Bearer ${key}, Bearer ${key}`],
    ["a scheme twice", `Bearer Bearer ${key}`],
    ["a list", `Bearer ${key},${key}`],
    ["quotes", `Bearer "${key}"`],
    ["a key that goes on", `Bearer ${key}x`],
    ["a key that is cut off", `Bearer ${key.slice(0, -1)}`],
    ["a key in another case", `Bearer ${key.toUpperCase()}`],
    ["another key", "Bearer mars_ad_000000000000000000000000000000000000"],
    ["letters beyond ASCII", `Bearer ${key}\u00e9`],
    ["Basic without a password", basic(key)],
    ["Basic with the key as the user", basic(`${key}:`)],
    ["Basic with two colons", basic(`a:b:${key}`)],
    ["Basic that is no base64", "Basic !!!!"],
    ["Basic that is not encoded", `Basic a:${key}`],
    ["a pattern for all", "Bearer *"],
    ["JavaScript's own names", "Bearer __proto__"],
    ["JavaScript's own names", "Bearer constructor"],
  ])("with %s is refused", async (_, value) => {
    expect([value, await statusOf(`Authorization: ${value}`)]).toEqual([value, 401]);
  });

  test("is refused where there are several, whichever is good", async () => {
    const [good, bad] = [`Authorization: Bearer ${key}`, "Authorization: Bearer x"];
    for (const headers of [
      [good, bad],
      [bad, good],
      [good, good],
    ])
      expect(await statusOf(...headers)).toBe(401);
  });

  test.each([
    ["a NUL", `Authorization: Bearer ${key}\0`, [0, 400]],
    ["a blank before its colon", `Authorization : Bearer ${key}`, [0, 400, 401]],
    ["a continued line", `Authorization: Bearer\r\n ${key}`, [0, 400, 401]],
    ["two megabytes", `Authorization: Bearer ${"x".repeat(2_000_000)}`, [0, 400, 431]],
    ["ten kilobytes", `Authorization: Bearer ${"x".repeat(10_000)}`, [401]],
    ["hundreds of others", Array(300).fill("X: y").join("\r\n"), [0, 400, 401, 431]],
  ])("with %s is refused", async (_, header, statuses) => {
    expect(await statusOf(header)).toBeOneOf(statuses);
    expect(await statusOf(`Authorization: Bearer ${key}`)).toBe(200);
  });

  test.each(["Proxy-Authorization", "X-Authorization", "X-Api-Key", "Authorization-Bin", "Cookie"])(
    "by the name of %s is none",
    async (name) => {
      expect(await statusOf(`${name}: Bearer ${key}`)).toBe(401);
    },
  );

  test("cannot be given by another method or path", async () => {
    const named = [
      ["POST /api/messages", "X-HTTP-Method-Override: GET"],
      ["POST /api/keys", "X-HTTP-Method: GET"],
      ["GET /api/messages", "X-Original-URL: /status"],
      ["GET /api/messages", "X-Rewrite-URL: /status"],
      ["GET /api/messages", "X-Forwarded-For: 127.0.0.1"],
      ["GET /api/messages", "X-Forwarded-User: admin"],
      ["GET //api/messages", ""],
      ["GET /api//messages", ""],
      ["GET /api/messages/", ""],
      ["GET /API/messages", ""],
      ["GET /status/../api/messages", ""],
      ["GET /status/..;/api/messages", ""],
      ["GET /%61pi/messages", ""],
      ["GET /api/messages%00", ""],
      ["TRACE /api/messages", ""],
      ["CONNECT /api/messages", ""],
      ["PROPFIND /api/messages", ""],
    ] as const;
    for (const [line, header] of named) {
      const status = await rawStatus(line, header === "" ? [] : [header]);
      const refused = [0, 400, 401, 404, 405, 415];
      expect([line, header, refused.includes(status ?? -1) ? "refused" : status]).toEqual([
        line,
        header,
        "refused",
      ]);
    }
    expect(await rawStatus("HEAD /api/messages", [])).toBe(401);
  });
});

describe("gRPC metadata", () => {
  const path = "/mars.v1.MessageService/ListMessages";

  async function codeOf(headers: Record<string, string | string[]>): Promise<number | undefined> {
    using client = new WireClient(mars.grpcPort);
    return (await client.call({ path, headers, chunks: [frame(new Uint8Array())] })).status;
  }

  test("with the key is good by its one name", async () => {
    expect(await codeOf({ authorization: `Bearer ${key}` })).toBe(0);
    expect(await codeOf({ authorization: basic(`a:${key}`) })).toBe(0);
  });

  test.each([
    ["a binary name", { "authorization-bin": Buffer.from(`Bearer ${key}`).toString("base64") }],
    ["another name", { "x-authorization": `Bearer ${key}`, "grpc-authorization": `Bearer ${key}` }],
    ["a cookie", { cookie: `mars_session=${key}; __Host-mars=${key}` }],
    ["two values in one", { authorization: `Bearer ${key}, Bearer ${key}` }],
    ["no scheme", { authorization: key }],
    ["nothing", { authorization: "" }],
  ] as [string, Record<string, string>][])("with %s is refused", async (_, headers) => {
    expect(await codeOf(headers)).toBe(Code.Unauthenticated);
  });

  test("is none as the user of an authority", async () => {
    for (const authority of [`a:${key}@localhost`, `${key}@127.0.0.1:4025`]) {
      // HTTP/2 itself may refuse it.
      const code = await codeOf({ ":authority": authority }).catch(() => Code.InvalidArgument);
      expect(code).toBeOneOf([Code.InvalidArgument, Code.PermissionDenied, Code.Unauthenticated]);
    }
  });

  test("does not open a method by another spelling of its path", async () => {
    using client = new WireClient(mars.grpcPort);
    for (const odd of [
      `${path}?token=${key}`,
      `/${path}`,
      `${path}/`,
      path.toLowerCase(),
      "/%6dars.v1.MessageService/ListMessages",
    ]) {
      const { status, httpStatus } = await client.call({ path: odd, chunks: [frame(new Uint8Array())] });
      expect([odd, status, httpStatus]).toEqual([odd, Code.Unauthenticated, 200]);
    }
  });
});

describe("a key in an address", () => {
  const parameters = ["key", "token", "access_token", "authorization", "api_key", "Authorization"];
  const paths = [
    "/api/stream?topic=all",
    "/mars.v1.MessageService/ListMessages?connect=v1&encoding=json&message=%7B%7D",
    ...operations
      .filter(({ rest }) => rest.startsWith("GET"))
      .map(({ rest }) => rest.slice(4).replaceAll(/\{\w+\}/g, "x")),
  ];

  test("opens nothing", async () => {
    for (const path of paths) {
      for (const name of parameters) {
        const url = `${mars.url}${path}${path.includes("?") ? "&" : "?"}${name}=${key}`;
        // Sockets and event streams look at their parameters first, since a ticket is one.
        const status = path.startsWith("/api/stream") ? 422 : 401;
        expect([path, name, (await fetch(url)).status]).toEqual([path, name, status]);
      }
    }
    const event = JSON.stringify({ app_id: "a", message_id: "m", event: "e" });
    for (const path of ["/api/event", "/api/event/bulk", "/mars.v1.IngestService/CollectEvent"]) {
      const init = { method: "POST", body: event, headers: { "content-type": "application/json" } };
      expect((await fetch(`${mars.url}${path}?token=${key}`, init)).status).toBe(401);
    }
  });

  test("is looked for before a message that is there, too: that is neither unpacked nor read", async () => {
    const packed = gzipSync(JSON.stringify({ appId: "x".repeat(1_000_000) })).toString("base64url");
    const method = `${mars.url}/mars.v1.MessageService/ListMessages?connect=v1&encoding=json`;
    for (const query of [
      `base64=1&compression=gzip&message=${packed}`,
      "message=%7B",
      "message=%7B%22a%22:1%7D",
    ]) {
      expect((await fetch(`${method}&${query}`)).status).toBe(401);
      const known = await fetch(`${method}&${query}`, { headers: bearer(key) });
      expect(known.status).toBeOneOf([400, 429]);
    }
  });

  test("is refused even beside a key that is good", async () => {
    const served = paths.filter((path) => !path.startsWith("/mars.v1"));
    for (const path of served) {
      const url = `${mars.url}${path}${path.includes("?") ? "&" : "?"}token=${key}`;
      expect([path, (await fetch(url, { headers: bearer(key) })).status]).toEqual([path, 422]);
    }
  });

  test("opens no socket but that of Phoenix, whose clients have no other way", async () => {
    for (const name of parameters) {
      for (const path of ["/ws", "/socket/websocket"]) {
        const socket = await LiveClient.open(mars, `${path}?${name}=${key}`);
        if (path === "/socket/websocket" && name === "token") {
          socket.send(JSON.stringify({ topic: "phoenix", event: "heartbeat", payload: {}, ref: "1" }));
          expect((await socket.next()).payload.status).toBe("ok");
          await socket.close();
        } else {
          const code = path === "/ws" ? 4422 : 4401;
          expect([path, name, (await socket.closed).code]).toEqual([path, name, code]);
        }
      }
    }
  });

  test("opens nothing as the user of an absolute address", async () => {
    for (const user of [`a:${key}`, `:${key}`, key]) {
      const status = await rawStatus(`GET http://${user}@localhost/api/messages`, []);
      expect(status).toBeOneOf([0, 400, 401, 404, 421]);
    }
  });
});
