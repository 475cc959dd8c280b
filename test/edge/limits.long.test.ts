/** The limit on the events of a caller, at every door. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Code } from "@connectrpc/connect";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import { ErrorInfoSchema, RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import type { Stats } from "../../src/runtime/stats.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, postJson } from "../support/rest.ts";
import { failure, rpcClients, transports } from "./rpc/clients.ts";

const event = { app_id: "shop", message_id: "m", event: "e" };
const protoEvent = { appId: "shop", messageId: "m", event: "e" };

/** Until the next event is due, longer than any test takes. */
const limits = { limitEvents: 1, limitBurst: 100, startGraceMs: 60_000 };

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars(limits);
  const full = { events: Array.from({ length: 200 }, (_, n) => ({ ...event, message_id: `m-${n}` })) };
  const answer = await postJson(`${mars.url}/api/event/bulk`, full);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("ratelimit-policy")).toBe('"events";q=100;w=100');
  expect(answer.headers.get("ratelimit")).toMatch(/^"events";r=0;t=200$/);
});
afterAll(() => mars[Symbol.asyncDispose]());

describe("a caller beyond its limit is refused", () => {
  const requests: readonly (readonly [name: string, ask: () => Promise<Response>])[] = [
    ["POST /api/event", () => postJson(`${mars.url}/api/event`, event)],
    ["POST /api/event/bulk", () => postJson(`${mars.url}/api/event/bulk`, { events: [event] })],
    ["GET /api/create_event", () => fetch(`${mars.url}/api/create_event`)],
    ["GET /api/test_socket", () => fetch(`${mars.url}/api/test_socket?message_id=m`)],
    ["Connect", () => postJson(`${mars.url}/mars.v1.IngestService/CollectEvent`, protoEvent)],
  ];
  for (const [name, ask] of requests) {
    test(`by ${name}, with the time to wait in its headers`, async () => {
      const { status, headers } = await ask();
      expect(status).toBe(429);
      const seconds = Number(headers.get("retry-after"));
      expect(seconds).toBeGreaterThan(60);
      expect(seconds).toBeLessThanOrEqual(101);
      expect(headers.get("ratelimit-policy")).toBe('"events";q=100;w=100');
      expect(headers.get("ratelimit")).toBe(`"events";r=0;t=${seconds}`);
    });
  }

  for (const [name, open] of transports) {
    test(`by ${name}, with the details of google.rpc`, async () => {
      const { legacy, ingest } = rpcClients(open(mars));
      const calls = [
        legacy.collectEvent({ ...protoEvent, createdAt: "" }),
        ingest.collectEvent(protoEvent),
        ingest.collectEvents({ events: [protoEvent] }),
      ];
      for (const error of await Promise.all(calls.map(failure))) {
        expect(error.code).toBe(Code.ResourceExhausted);
        const [retry] = error.findDetails(RetryInfoSchema);
        expect(Number(retry?.retryDelay?.seconds)).toBeGreaterThan(60);
        const [info] = error.findDetails(ErrorInfoSchema);
        expect(info).toMatchObject({ reason: "RATE_LIMITED", metadata: { limit: "events", quota: "100" } });
        expect(error.metadata.get("ratelimit-policy")).toBe('"events";q=100;w=100');
      }
    });
  }

  test("before its body is read", async () => {
    // Far too large, and refused for the limit all the same.
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
      },
    });
    const { status } = await fetch(`${mars.url}/api/event/bulk`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      duplex: "half",
    } as RequestInit);
    expect(status).toBe(429);
  });
});

test("the refusals delay the findings of its apps, and of no other", async () => {
  await postJson(`${mars.url}/api/event`, event);
  const { grace, limits } = await getJson<Stats>(`${mars.url}/api/q/stats`);
  // The other one is that of /api/create_event.
  expect(grace).toMatchObject({ all: false, apps: 2 });
  expect(limits.events).toMatchObject({ callers: 1, over: 1 });
  expect(limits.events.refused).toBeGreaterThan(0);
  const { warnings } = await getJson<{ warnings: string[] }>(`${mars.url}/readyz`);
  expect(warnings).toEqual(["beyond the limit of events: 127.0.0.1"]);
});

test("callers from other addresses are served", async () => {
  // All of 127.0.0.0/8 is this machine.
  const child = Bun.spawn([
    ...["curl", "-s", "--interface", "127.0.0.2", "-H", "content-type: application/json"],
    ...["-d", JSON.stringify(event), `${mars.url}/api/event`],
  ]);
  expect(await new Response(child.stdout).json()).toMatchObject({ success: true });
});

test("a stream of a caller beyond its limit waits until it has room again", async () => {
  await using slow = await startMars({ limitEvents: 20, limitBurst: 10 });
  const [, open] = transports[0] ?? [];
  if (open === undefined) throw new Error("there is no transport");
  const { ingest } = rpcClients(open(slow));
  const batches = createWritableIterable<{ batchId: bigint; events: (typeof protoEvent)[] }>();
  const acks = ingest.collectStream(batches)[Symbol.asyncIterator]();
  const batch = (id: number) => ({
    batchId: BigInt(id),
    events: Array.from({ length: 10 }, (_, n) => ({ ...protoEvent, messageId: `${id}-${n}` })),
  });
  const began = performance.now();
  for (const id of [1, 2, 3]) {
    void batches.write(batch(id));
    expect((await acks.next()).value?.batchId).toBe(BigInt(id));
  }
  // The first at once, the second when there is anything, the third when the second is paid off: by 20 a second.
  expect(performance.now() - began).toBeGreaterThan(500);
  batches.close();
  expect((await acks.next()).done).toBe(true);
  const { limits, totals } = await getJson<Stats>(`${slow.url}/api/q/stats`);
  expect(limits.events).toMatchObject({ refused: 0 });
  expect(limits.events.waits).toBeGreaterThan(0);
  expect(totals.accepted).toBe(30);
});
