/** Deliveries: attempts, their record, and sinks that misbehave. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseRetryAfter, retryDelayMs } from "../../../src/alerting/sinks/backoff.ts";
import type { Span } from "../../../src/tracing/span.ts";
import { createTracer } from "../../../src/tracing/tracer.ts";
import { startAlerting } from "../../support/alerting.ts";
import { startReceiver } from "../../support/receiver.ts";

const hang = () => new Promise<Response>(() => {});

test("a sink that refuses is tried again with the same id, and every attempt is on record", async () => {
  await using receiver = startReceiver(
    (index) => new Response(`try ${index}`, { status: index < 2 ? 503 : 200 }),
  );
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(1);
  const { deliveries } = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  expect(
    deliveries[0]?.attempts.map(({ outcome, status, error, response }) => [outcome, status, error, response]),
  ).toEqual([
    ["failed", 503, "answered 503", "try 0"],
    ["failed", 503, "answered 503", "try 1"],
    ["delivered", 200, "", ""],
  ]);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

test("a delivery is given up after the last attempt, and at once when the receiver is gone for good", async () => {
  await using refusing = startReceiver(
    () => new Response(null, { status: 302, headers: { location: "http://x/" } }),
  );
  await using gone = startReceiver(() => new Response(null, { status: 410 }));
  await using alerting = await startAlerting([refusing.url, gone.url], { log: silent });
  await alerting.stick(1);
  const { deliveries } = await alerting.deliveries(
    (page) => page.deliveries.every(({ state }) => state === "failed") && page.deliveries.length === 2,
  );
  expect(Object.fromEntries(deliveries.map(({ sink, attempts }) => [sink, attempts.length]))).toEqual({
    0: 4,
    1: 1,
  });
});

test("a sink that hangs is cut off, and holds up no other", async () => {
  await using hanging = startReceiver(hang);
  await using good = startReceiver();
  await using alerting = await startAlerting([hanging.url, good.url], { attemptTimeoutMs: 400 });
  await alerting.stick(1);
  await good.count(1);
  const { deliveries } = await alerting.deliveries(({ deliveries }) =>
    deliveries.some(({ sink, attempts }) => sink === "0" && attempts.length > 0),
  );
  const [attempt] = deliveries.find(({ sink }) => sink === "0")?.attempts ?? [];
  expect(attempt).toMatchObject({ outcome: "failed", status: 0, error: "no answer within 400 ms" });
  expect(deliveries.find(({ sink }) => sink === "1")?.state).toBe("delivered");
});

test("what is to be delivered when Mars ends is delivered at the next start, an attempt that was broken off too", async () => {
  let hold = true;
  await using receiver = startReceiver(() => (hold ? hang() : new Response("ok")));
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(3);
  await receiver.count(1);
  hold = false;
  await alerting.restart();
  await receiver.count(2);
  const { deliveries } = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  expect(deliveries).toHaveLength(1);
  const [first, second] = receiver.received;
  expect(second?.headers["webhook-id"]).toBe(first!.headers["webhook-id"]!);
  expect(second?.body).toBe(first!.body);
});

test("an attempt is a span, and the receiver gets its trace", async () => {
  await using receiver = startReceiver((index) => new Response("", { status: index === 0 ? 503 : 200 }));
  const spans: Span[] = [];
  const tracer = createTracer({ sampler: "always_on", ratio: 1, ended: (span) => spans.push(span) });
  await using alerting = await startAlerting([receiver.url], { spans: tracer });
  await alerting.stick(1);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  expect(spans).toMatchObject([
    { name: "alert delivery", kind: "client", parentId: "", failed: true, fields: { "mars.attempt": 1 } },
    { failed: false, fields: { "mars.sink.type": "webhook", "mars.attempt": 2 } },
  ]);
  expect(receiver.received.map(({ headers }) => headers.traceparent)).toEqual(
    spans.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
  );
});

test("no delay is shorter than the schedule allows or the receiver asks for, and none is longer than a day and a fifth", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.option(fc.integer({ min: 0, max: 10 ** 9 }), { nil: undefined }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, retryAfterMs, random) => {
        const delaysMs = [5_000, 300_000, 86_400_000];
        const delay = retryDelayMs({ attempts, delaysMs, retryAfterMs, random });
        if (attempts > delaysMs.length) return delay === undefined;
        if (delay === undefined) return false;
        const least = Math.max(delaysMs[attempts - 1]! * 0.8, Math.min(retryAfterMs ?? 0, 86_400_000));
        return delay >= Math.floor(least) && delay <= 86_400_000 * 1.2;
      },
    ),
    { seed: 4 },
  );
});

test("Retry-After is read as seconds or as a date", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  expect(parseRetryAfter("120", now)).toBe(120_000);
  expect(parseRetryAfter("Sat, 31 Jan 2026 12:00:30 GMT", now)).toBe(30_000);
  expect(parseRetryAfter("Sat, 31 Jan 2026 11:00:00 GMT", now)).toBe(0);
  expect(parseRetryAfter("soon", now)).toBeUndefined();
  expect(parseRetryAfter(undefined, now)).toBeUndefined();
});

/** Giving up is logged as an error, which is what these tests are about. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };
