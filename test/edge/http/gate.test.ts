/** Which hosts and which pages are served, on both ports and by every protocol, over raw bytes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { createGate } from "../../../src/edge/http/gate.ts";
import { EventRequestSchema } from "../../../src/gen/event_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { requestText, sendRaw } from "../../support/raw.ts";
import { frame, WireClient } from "../rpc/wire.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({
    publicUrl: "https://public.example",
    allowedHosts: ["Mars.example"],
    allowedOrigins: ["https://dash.example"],
  });
});
afterAll(() => mars[Symbol.asyncDispose]());

const json = "Content-Type: application/json";
const event = '{"app_id":"gate","message_id":"m","event":"e"}';
const silence = '{"for":"366d"}';
const upgrade = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
];

async function statusOf(line: string, headers: readonly string[], body = ""): Promise<number | undefined> {
  const parts = [requestText(line, headers, body, !headers.includes("Upgrade: websocket"))];
  const { statuses } = await sendRaw(mars.httpPort, { parts, until: (text) => text.includes("\r\n\r\n") });
  return statuses[0];
}

async function lastSeq(): Promise<number> {
  const stats = await (await fetch(`${mars.url}/api/q/stats`)).json();
  return (stats as { journal: { last_seq: number } }).journal.last_seq;
}

const served = [
  "127.0.0.1",
  "127.0.0.1:4000",
  "127.9.8.7",
  "0.0.0.0:4000",
  "[::1]",
  "[::1]:4000",
  "[::ffff:127.0.0.1]:4000",
  "localhost",
  "LocalHost:4000",
  "localhost.",
  "Mars.localhost:4000",
  "mars.EXAMPLE:8443",
  "public.example",
  "public.example:443",
];
/** Served once callers need a key. */
const ofNetworks = ["10.1.2.3:80", "192.0.2.7", "[2001:DB8::7]:4000", "[::ffff:10.1.2.3]", hostname()];
const foreign = [
  "evil.example",
  "evil.example:4000",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "localhost.evil",
  "evillocalhost",
  "sub.mars.example",
  "mars.example.evil",
  "mars",
  "127.1.evil",
  "xn--e1afmkfd.example",
];
const malformed = [
  "",
  "a b",
  "a b:99999999",
  "localhost:99999999",
  "localhost:65536",
  "localhost:",
  "localhost:4000:1",
  "user@localhost",
  "localhost/x",
  "localhost, localhost",
  "[::1",
  "[localhost]",
  "[1.2.3.4]",
  "::1",
  "1.2.3.456",
  ".localhost",
  "localhost\t",
  "\xe9",
  "x".repeat(400),
];

describe("the host that a request names", () => {
  const doors: readonly [string, string, readonly string[], string][] = [
    ["a page", "GET /", [], ""],
    ["a read", "GET /api/messages", [], ""],
    ["an event", "POST /api/event", [json], event],
    ["an unknown path", "GET /nothing", [], ""],
    ["an RPC", "POST /mars.v1.IngestService/CollectEvent", [json], event],
    ["a stream", "GET /api/stream?topic=all", [], ""],
    ["a WebSocket", "GET /ws", upgrade, ""],
    ["Phoenix", "GET /socket/websocket?vsn=2.0.0", upgrade, ""],
  ];
  for (const [door, line, headers, body] of doors) {
    test(`opens ${door} to addresses and to names of its own only`, async () => {
      const ask = (...hosts: string[]) =>
        statusOf(line, [...hosts.map((host) => `Host: ${host}`), ...headers], body);
      expect(await ask("localhost")).toBeOneOf([101, 200, 404]);
      const before = await lastSeq();
      for (const host of foreign.slice(0, 3)) expect([host, await ask(host)]).toEqual([host, 421]);
      for (const host of malformed.slice(0, 3)) expect([host, await ask(host)]).toEqual([host, 400]);
      expect(await ask("localhost", "localhost")).toBe(400);
      expect(await ask("localhost", "evil.example")).toBe(400);
      expect(await ask()).toBe(400);
      expect(await lastSeq()).toBe(before);
    });
  }

  test("is served or refused by the same rule, for any text", async () => {
    for (const host of served)
      expect([host, await statusOf("GET /status", [`Host: ${host}`])]).toEqual([host, 200]);
    for (const host of [...foreign, ...ofNetworks])
      expect([host, await statusOf("GET /status", [`Host: ${host}`])]).toEqual([host, 421]);
    const trimmed = malformed.filter((host) => host === host.trim());
    for (const host of trimmed)
      expect([host, await statusOf("GET /status", [`Host: ${host}`])]).toEqual([host, 400]);
    const old = await sendRaw(mars.httpPort, { parts: ["GET /status HTTP/1.0\r\n\r\n"] });
    expect(old.statuses).toEqual([400]);
  });

  test("may be anything where the operator says so, as long as it is a host", () => {
    const gate = createGate({ allowedHosts: ["*"], loopbackOnly: () => true });
    for (const host of [...served, ...ofNetworks, ...foreign]) expect(gate.checkHost(host)).toBeUndefined();
    for (const host of malformed) expect(gate.checkHost(host)?.code).toBe("malformed");
  });

  test("may be any address and the machine's own name as soon as callers need a key, and no longer", () => {
    let loopbackOnly = true;
    const gate = createGate({ ownNames: ["0.0.0.0", hostname()], loopbackOnly: () => loopbackOnly });
    const codes = () => ofNetworks.map((host) => gate.checkHost(host)?.code);
    expect(new Set(codes())).toEqual(new Set(["misdirected"]));
    loopbackOnly = false;
    // The last is remembered, and asked for first.
    for (const all of [codes(), codes()]) expect(new Set(all)).toEqual(new Set([undefined]));
    for (const host of foreign) expect([host, gate.checkHost(host)?.code]).toEqual([host, "misdirected"]);
    expect(gate.checkHost(hostname())).toBeUndefined();
    loopbackOnly = true;
    expect(gate.checkHost(hostname())?.code).toBe("misdirected");
    expect(gate.checkHost("localhost")).toBeUndefined();
  });

  test("refuses in its own terms", async () => {
    const parts = [requestText("GET /status", ["Host: evil.example"])];
    const { text } = await sendRaw(mars.httpPort, { parts });
    expect(text).toContain("application/problem+json");
    expect(text).toContain("nosniff");
    expect(JSON.parse(text.slice(text.indexOf("\r\n\r\n")))).toMatchObject({ status: 421, success: false });
  });

  test("is the authority of HTTP/2 on both ports", async () => {
    const call = { appId: "gate", messageId: "m", event: "e", createdAt: "" };
    const bytes = frame(toBinary(EventRequestSchema, create(EventRequestSchema, call)));
    const path = "/MarsWeb.GrpcService.MarsGrpc/collectEvent";
    using grpc = new WireClient(mars.grpcPort);
    using http = new WireClient(mars.httpPort);
    const before = await lastSeq();
    for (const authority of [...foreign, "10.1.2.3:4025"]) {
      const headers = { ":authority": authority };
      expect((await grpc.call({ path, headers, chunks: [bytes] })).status).toBe(Code.PermissionDenied);
      expect(
        (await http.call({ path: "/api/messages", headers: { ...headers, ":method": "GET" }, chunks: [] }))
          .httpStatus,
      ).toBe(421);
    }
    // What is no host at all may be refused by HTTP/2 itself already.
    const odd = grpc.call({ path, headers: { ":authority": "a b:1" }, chunks: [bytes] });
    expect(await odd.then(({ status }) => status).catch(() => Code.InvalidArgument)).toBe(
      Code.InvalidArgument,
    );
    expect(await lastSeq()).toBe(before);
    for (const authority of ["localhost:4025", "0.0.0.0:4025", "mars.example"]) {
      const answer = await grpc.call({ path, headers: { ":authority": authority }, chunks: [bytes] });
      expect([authority, answer.status]).toEqual([authority, 0]);
    }
  });
});

test("Mars itself serves addresses of networks once callers need a key", async () => {
  const adminKey = "a".repeat(32);
  await using keyed = await startMars({ adminKey });
  for (const host of ["10.1.2.3:80", hostname()]) {
    const key = `Authorization: Bearer ${adminKey}`;
    const parts = [requestText("GET /api/messages", [`Host: ${host}`, key])];
    expect((await sendRaw(keyed.httpPort, { parts })).statuses).toEqual([200]);
  }
  const parts = [requestText("GET /api/messages", ["Host: evil.example"])];
  expect((await sendRaw(keyed.httpPort, { parts })).statuses).toEqual([421]);
});

describe("a page of another origin", () => {
  const host = "Host: localhost:4000";
  const elsewhere: readonly (readonly string[])[] = [
    ["Origin: http://evil.example"],
    ["Origin: null"],
    ["Origin: http://localhost:3000"],
    ["Origin: http://localhost"],
    ["Origin: http://localhost:4000.evil.example"],
    ["Origin: file://"],
    ["Origin: http://localhost:4000, http://evil.example"],
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: anything"],
    ["Sec-Fetch-Site: cross-site", "Origin: http://localhost:4000"],
    ["Sec-Fetch-Site: same-origin", "Origin: http://evil.example"],
    ["Sec-Fetch-Site: cross-site", "Origin: https://public.example"],
    ["Origin: http://public.example"],
    ["Origin: https://public.example:8443"],
  ];
  const changes: readonly [string, string][] = [
    ["POST /api/event", event],
    ["POST /api/event/bulk", `{"events":[${event}]}`],
    ["POST /api/alerts/silences", silence],
    ["DELETE /api/alerts/silences/1", ""],
    ["PUT /api/alerts/sinks/s", '{"type":"webhook","url":"https://example.com"}'],
    ["POST /api/alerts/sinks/s/test", ""],
    ["PUT /api/apps/a/lifecycle", "{}"],
    ["DELETE /api/apps/a/lifecycle", ""],
    ["POST /api/apps/a/lifecycle/dry-run", "{}"],
    ["POST /mars.v1.IngestService/CollectEvent", event],
    ["GET /api/create_event", ""],
    ["GET /api/test_socket?message_id=m", ""],
  ];

  test("changes nothing, by any method, type or path", async () => {
    const before = await lastSeq();
    for (const [line, body] of changes) {
      for (const origin of elsewhere) {
        for (const type of [[json], ["Content-Type: text/plain"], []]) {
          const status = await statusOf(line, [host, ...origin, ...type], body);
          expect([line, ...origin, ...type, status]).toEqual([line, ...origin, ...type, 403]);
        }
      }
    }
    expect(await lastSeq()).toBe(before);
    expect(await (await fetch(`${mars.url}/api/alerts/silences`)).json()).toEqual({
      silences: [],
      next_cursor: null,
    });
  });

  const reads = [
    "/",
    "/ui/page.css",
    "/status",
    "/openapi.json",
    "/metrics",
    "/api/messages",
    "/api/messages?min_seq=1",
    "/api/q/stats",
    "/api/stream?topic=all",
    "/mars.v1.MessageService/ListMessages?connect=v1&encoding=json&message=%7B%7D",
    "/nothing",
  ];

  test("reads nothing, by a script, a picture, a frame or a call of its own", async () => {
    for (const path of reads) {
      for (const site of ["cross-site", "same-site", "anything"]) {
        for (const kind of [
          ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"],
          ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"],
          ["Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Origin: http://evil.example"],
          ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"],
          ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: object"],
          [],
        ]) {
          const headers = [host, `Sec-Fetch-Site: ${site}`, ...kind];
          expect([path, ...headers, await statusOf(`GET ${path}`, headers)]).toEqual([path, ...headers, 403]);
        }
      }
    }
    const head = [host, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"];
    expect(await statusOf("HEAD /api/messages", head)).toBe(403);
  });

  test("opens no socket", async () => {
    for (const path of ["/ws", "/socket/websocket?vsn=2.0.0"]) {
      for (const origin of elsewhere) {
        expect([origin, await statusOf(`GET ${path}`, [host, ...origin, ...upgrade])]).toEqual([origin, 403]);
      }
    }
  });

  test("may where it is Mars' own, or allowed", async () => {
    const own = [
      [],
      ["Origin: http://localhost:4000"],
      ["Origin: https://localhost:4000"],
      ["Sec-Fetch-Site: same-origin", "Origin: http://localhost:4000"],
      ["Sec-Fetch-Site: none"],
      // Behind a proxy that replaces the host by its own name for Mars.
      ["Sec-Fetch-Site: same-origin", "Origin: https://public.example"],
      ["Origin: https://public.example"],
      ["Sec-Fetch-Site: cross-site", "Origin: https://dash.example"],
    ];
    for (const origin of own) {
      expect([origin, await statusOf("POST /api/event", [host, ...origin, json], event)]).toEqual([
        origin,
        200,
      ]);
      expect([origin, await statusOf("GET /api/create_event", [host, ...origin])]).toEqual([origin, 200]);
      expect([origin, await statusOf("GET /ws", [host, ...origin, ...upgrade])]).toEqual([origin, 101]);
      expect([origin, await statusOf("GET /api/messages", [host, ...origin])]).toEqual([origin, 200]);
    }
    const programs = ["Origin: http://evil.example"];
    expect(await statusOf("GET /api/messages", [host, ...programs])).toBe(200);
    // A proxy that ends TLS passes the name on, with or without the port that goes without saying.
    for (const name of ["mars.example", "mars.example:443"]) {
      const headers = [`Host: ${name}`, "Origin: https://mars.example", json];
      expect(await statusOf("POST /api/event", headers, event)).toBe(200);
    }
  });

  test("may link to Mars", async () => {
    const headers = [host, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
    for (const path of ["/", "/search/event?message_id=m", "/api/messages"]) {
      expect(await statusOf(`GET ${path}`, [...headers, "Sec-Fetch-Dest: document"])).toBe(200);
      expect(await statusOf(`GET ${path}`, headers)).toBe(200);
    }
    expect(await statusOf("GET /api/create_event", [...headers, "Sec-Fetch-Dest: document"])).toBe(403);
  });
});

test("what is no JSON changes nothing, with or without a type", async () => {
  const before = await lastSeq();
  for (const type of [
    [],
    ["Content-Type: text/plain"],
    ["Content-Type: application/x-www-form-urlencoded"],
    ["Content-Type: "],
  ]) {
    for (const [line, body] of [
      ["POST /api/event", event],
      ["POST /api/event/bulk", event],
      ["POST /api/alerts/silences", silence],
      ["PUT /api/apps/a/lifecycle", "{}"],
    ] as const) {
      expect([line, ...type, await statusOf(line, ["Host: localhost", ...type], body)]).toEqual([
        line,
        ...type,
        415,
      ]);
    }
  }
  expect(await lastSeq()).toBe(before);
  const form = ["Host: localhost", "Content-Type: application/x-www-form-urlencoded"];
  expect(await statusOf("POST /api/alerts/sinks/s/test", form, "a=b")).toBe(415);
});
