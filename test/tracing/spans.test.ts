/** Spans of Mars through the front door: what a collector receives of requests over every protocol. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { rpcClients, transports } from "../edge/rpc/clients.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { send, statsWhen } from "../support/rest.ts";
import { until } from "../support/until.ts";
import { type ReceivedSpan, spansIn } from "./spans.ts";

let collector: Receiver;
let mars: TestMars;
beforeAll(async () => {
  collector = startReceiver(() => Response.json({}));
  mars = await startMars({
    otlpEndpoint: collector.url,
    otlpHeaders: { "api-key": "secret" },
    otlpService: "mars-of-test",
  });
});
afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

const parent = "00f067aa0ba902b7";
let traces = 0;
let traceId = "";
beforeEach(() => {
  traceId = (++traces).toString(16).padStart(32, "a");
});
const sampled = () => `00-${traceId}-${parent}-01`;

const spansOf = () => collector.received.flatMap(spansIn);

/** Those of the trace, when so many have come. */
async function spansWhen(count: number): Promise<ReceivedSpan[]> {
  const found = () => spansOf().filter((span) => span.traceId === traceId);
  await until(
    () => found().length >= count,
    () => `${found().length} of ${count} spans came`,
  );
  return found();
}

const named = (spans: readonly ReceivedSpan[], name: string) => spans.find((span) => span.name === name)!;

async function post(path: string, body: object, traceparent = sampled()): Promise<Response> {
  const headers = { "content-type": "application/json", traceparent };
  return fetch(`${mars.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

test("a sampled request, its commit and the store's transaction are spans of its trace", async () => {
  const beganMs = Date.now();
  await post("/api/event", { app_id: "app", message_id: "one", event: "sent" });
  const spans = await spansWhen(3);
  const [request, commit, store] = ["POST /api/event", "journal commit", "store"].map((name) =>
    named(spans, name),
  );
  expect(request).toMatchObject({ parentSpanId: parent, kind: 2, failed: false });
  expect(request?.fields).toEqual({
    "http.request.method": "POST",
    "http.route": "/api/event",
    "http.response.status_code": "200",
  });
  expect(commit).toMatchObject({ parentSpanId: request?.spanId, kind: 1 });
  expect(store).toMatchObject({ parentSpanId: parent, fields: { "mars.batch.events": "1" } });
  for (const { spanId, beganAt, endedAt } of spans) {
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(endedAt).toBeGreaterThanOrEqual(beganAt);
    expect(Math.abs(beganAt / 1e6 - beganMs)).toBeLessThan(10_000);
  }
  const [{ path, headers, body } = collector.received[0]!] = collector.received.slice(-1);
  expect([path, headers["api-key"], headers["content-type"]]).toEqual([
    "/hook/v1/traces",
    "secret",
    "application/json",
  ]);
  expect(body).toContain('{"key":"service.name","value":{"stringValue":"mars-of-test"}}');
});

test("so are calls over every protocol", async () => {
  const calls = transports.map(async ([name, open], n) => {
    const of = n.toString(16).padStart(32, "d");
    const { ingest, messages } = rpcClients(open(mars));
    const ids = { appId: "app", messageId: name };
    const options = { headers: { traceparent: `00-${of}-${parent}-01` } };
    const { seq } = await ingest.collectEvent({ ...ids, event: "sent" }, options);
    await messages.getMessage({ ...ids, minSeq: seq }, options);
    return { name, of };
  });
  for (const { name, of } of await Promise.all(calls)) {
    traceId = of;
    const spans = await spansWhen(4);
    const call = spans.find((span) => /IngestService\/CollectEvent$/.test(span.name));
    expect([name, call]).toMatchObject([name, { parentSpanId: parent, kind: 2, failed: false }]);
    expect(named(spans, "journal commit")).toMatchObject({ parentSpanId: call?.spanId });
    expect(spans.some((span) => /MessageService\/GetMessage$/.test(span.name))).toBe(true);
  }
});

test("others are left out, and many traces of one transaction are bounded", async () => {
  const of = { app_id: "app", message_id: "none" };
  await send(mars.url, { ...of, event: "sent" });
  await post("/api/event", { ...of, event: "paid" }, `00-${"e".repeat(32)}-${parent}-00`);
  const traceOf = (n: number) => `00-${n.toString(16).padStart(32, "c")}-${parent}-01`;
  const events = Array.from({ length: 500 }, (_, n) => ({
    ...{ app_id: "app", message_id: "many", event: `e${n}`, traceparent: traceOf(n) },
  }));
  await post("/api/event/bulk", { events });
  // A refusal is no fault of Mars.
  expect((await post("/api/event", { app_id: "app" })).status).toBe(422);
  const spans = await spansWhen(3);
  expect(spans.find(({ fields }) => fields["http.response.status_code"] === "422")?.failed).toBe(false);
  const stored = () => spansOf().filter((span) => span.traceId.startsWith("ccc"));
  await until(() => stored().length >= 64);
  await statsWhen(mars.url, (stats) => stats.spans?.waiting === 0);
  // A busy machine may store them in several transactions.
  expect(stored().length).toBeLessThan(500);
  expect(
    spansOf().filter((span) => span.traceId === "e".repeat(32) || span.parentSpanId === undefined),
  ).toEqual([]);
});
