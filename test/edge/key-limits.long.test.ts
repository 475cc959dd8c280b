/** The limits of a key, at the doors where they are reached. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { Code, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { Stats } from "../../src/runtime/stats.ts";
import { adminKey, bearer, call } from "../access/doors.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { until } from "../support/until.ts";
import { failure, rpcClients } from "./rpc/clients.ts";

const event = { app_id: "shop", message_id: "m", event: "e" };
const batch = { events: Array.from({ length: 50 }, (_, n) => ({ ...event, message_id: `m-${n}` })) };

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ adminKey, limitRequests: 1_000 });
});
afterAll(() => mars[Symbol.asyncDispose]());

interface Made {
  readonly id: string;
  readonly token: string;
}

async function make(limits: Record<string, number>, kind = "ad"): Promise<Made> {
  const { status, body } = await call(mars, "POST /api/keys", adminKey, {
    ...{ kind, apps: ["*"], name: "test" },
    limits,
  });
  expect([status, body.limits]).toMatchObject([200, limits]);
  return body as unknown as Made;
}

function clients(token: string) {
  const withKey: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const interceptors = [withKey];
  const [web, grpc] = [`http://127.0.0.1:${mars.httpPort}`, `http://127.0.0.1:${mars.grpcPort}`];
  return {
    connect: rpcClients(createConnectTransport({ baseUrl: web, httpVersion: "2", interceptors })),
    grpc: rpcClients(createGrpcTransport({ baseUrl: grpc, interceptors })),
  };
}

const get = (path: string, token: string) => fetch(mars.url + path, { headers: bearer(token) });

describe("the events of a key", () => {
  test("are limited by what it has, and not by what others report", async () => {
    const slow = await make({ events_per_second: 1, burst: 10 });
    const other = await make({});
    expect((await call(mars, "POST /api/event/bulk", slow.token, batch)).status).toBe(200);
    const refused = await call(mars, "POST /api/event", slow.token, event);
    expect(refused).toMatchObject({ status: 429, body: { code: "overloaded" } });
    expect((await call(mars, "POST /api/event", other.token, event)).status).toBe(200);
    // From the next call on, with the same debt, which is paid off in a moment.
    const path = `PUT /api/keys/${slow.id}/limits`;
    const raised = await call(mars, path, adminKey, { events_per_second: 1_000_000 });
    expect(raised.body).toMatchObject({
      success: true,
      limits: { events_per_second: 1_000_000, burst: null },
    });
    await until(async () => (await call(mars, "POST /api/event", slow.token, event)).status === 200);
  });

  test("keep their limit when the key gets a new text", async () => {
    const { id, token } = await make({ events_per_second: 1, burst: 10 });
    const rotated = await call(mars, `POST /api/keys/${id}/rotate?overlap=1h`, adminKey);
    expect(rotated.body.limits).toMatchObject({ events_per_second: 1, burst: 10 });
    expect((await call(mars, "POST /api/event/bulk", token, batch)).status).toBe(200);
    expect((await call(mars, "POST /api/event", String(rotated.body.token), event)).status).toBe(429);
  });

  test("have a limit that is checked", async () => {
    const wrong = { events_per_second: -1, body_bytes: 1, request: 1 };
    const { status, body } = await call(mars, "POST /api/keys", adminKey, {
      ...{ kind: "in", apps: ["*"], name: "test" },
      limits: wrong,
    });
    expect([status, body.errors?.map(({ field }) => field).sort()]).toEqual([
      422,
      ["limits.body_bytes", "limits.events_per_second", "limits.request"],
    ]);
    expect((await call(mars, "PUT /api/keys/none/limits", adminKey, {})).status).toBe(404);
  });
});

/** A request whose body does not come. */
function stalled(token: string): Socket {
  const socket = connect(mars.httpPort, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(
    `POST /api/event HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n` +
      "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
  );
  return socket;
}

test("a caller has so many requests under way, small ones too, over all protocols together", async () => {
  const { token } = await make({ requests: 2 });
  const sockets = [stalled(token), stalled(token)];
  // The call that asks is one itself.
  await until(async () => {
    const { body } = await call(mars, "GET /api/q/stats", adminKey);
    return (body as unknown as Stats).shares.requests?.held === 3;
  });
  const { status, headers } = await fetch(`${mars.url}/api/event`, {
    method: "POST",
    headers: { ...bearer(token), "content-type": "application/json" },
    body: JSON.stringify(event),
  });
  expect(status).toBe(429);
  expect(headers.get("ratelimit-policy")).toBe('"requests";q=2;qu="concurrent-requests"');
  expect((await get("/api/messages", token)).status).toBe(429);
  const { connect: web, grpc } = clients(token);
  for (const { ingest } of [web, grpc]) {
    const error = await failure(ingest.collectEvent({ appId: "shop", messageId: "m", event: "e" }));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.metadata.get("ratelimit")).toBe('"requests";r=0;t=1');
  }
  // Health is for all, and nobody's findings wait for this caller.
  expect((await fetch(`${mars.url}/readyz`)).status).toBe(200);
  const { body } = await call(mars, "GET /api/q/stats", adminKey);
  expect(body.grace).toMatchObject({ all: false, apps: 0 });
  for (const socket of sockets) socket.destroy();
  await until(async () => (await get("/api/messages", token)).status === 200);
});

test("a caller has so many streams, of all kinds together", async () => {
  const { token } = await make({ streams: 2 });
  const gone = new AbortController();
  const first = await fetch(`${mars.url}/api/stream?topic=all`, {
    headers: bearer(token),
    signal: gone.signal,
  });
  // Read, as a response that is not read may be closed.
  const reading = first.text().catch(() => undefined);
  const { connect: web, grpc } = clients(token);
  const watch = grpc.messages.watchEvents({ topic: "all" })[Symbol.asyncIterator]();
  expect((await watch.next()).value?.item.case).toBe("started");
  const third = await get("/api/stream?topic=all", token);
  expect([third.status, third.headers.get("ratelimit-policy")]).toEqual([
    429,
    '"streams";q=2;qu="concurrent-requests"',
  ]);
  for (const { messages, ingest } of [web, grpc]) {
    const watched = await failure(messages.watchEvents({ topic: "all" })[Symbol.asyncIterator]().next());
    expect(watched.code).toBe(Code.ResourceExhausted);
    async function* none() {}
    const collected = await failure(ingest.collectStream(none())[Symbol.asyncIterator]().next());
    expect(collected.code).toBe(Code.ResourceExhausted);
  }
  const socket = new WebSocket(`${mars.url.replace("http", "ws")}/ws`, { headers: bearer(token) });
  await new Promise((resolve) => socket.addEventListener("close", resolve));
  gone.abort();
  await reading;
  await watch.return?.();
  await until(async () => {
    const response = await get("/api/stream?topic=all", token);
    await response.body?.cancel();
    return response.status === 200;
  });
});

test("a caller follows so many topics", async () => {
  const { token } = await make({ subscriptions: 1 });
  const socket = new WebSocket(`${mars.url.replace("http", "ws")}/ws`, { headers: bearer(token) });
  const frames: Record<string, unknown>[] = [];
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(String(data))));
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  for (const topic of ["all", "apps/shop"]) socket.send(JSON.stringify({ type: "subscribe", topic }));
  await until(() => frames.length === 2);
  expect(frames.map(({ type }) => type).sort()).toEqual(["error", "subscribed"]);
  expect(frames.find(({ type }) => type === "error")).toMatchObject({ code: "overloaded" });
  socket.close();
});
