/** The trace of an event, through every door: kept beside it, shown in every answer, and never a reason to refuse. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, messageUrl, type RestEvent, send, sendBulk, statsWhen } from "../support/rest.ts";
import { rpcClients, transports } from "./rpc/clients.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({
    traceUrl: "https://jaeger.example.com/trace/{trace_id}",
    publicUrl: "https://mars.example.com",
  });
});
afterAll(() => mars[Symbol.asyncDispose]());

const [traceA, traceB] = ["a".repeat(32), "b".repeat(32)];
const span = "00f067aa0ba902b7";
const contextOf = (traceId: string, flags = "01") => `00-${traceId}-${span}-${flags}`;
const shown = (trace_id: string, trace_flags = "01") => ({ trace_id, span_id: span, trace_flags });

interface Shown {
  readonly event: string;
  readonly duplicates: number;
  readonly trace_id?: string;
}

async function eventsOf(messageId: string, minSeq: number): Promise<readonly Shown[]> {
  const url = `${messageUrl(mars.url, "app", messageId)}?min_seq=${minSeq}`;
  return (await getJson<{ events: readonly Shown[] }>(url)).events;
}

async function post(path: string, body: unknown, traceparent: string): Promise<number> {
  const headers = { "Content-Type": "application/json", traceparent };
  const response = await fetch(`${mars.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(response.status).toBe(200);
  return ((await response.json()) as { seq: number }).seq;
}

const event = (message_id: string, name: string, rest: Partial<RestEvent> = {}): RestEvent => ({
  ...{ app_id: "app", message_id, event: name, ...rest },
});

test("by REST in a header or a member, which counts for more", async () => {
  await post("/api/event", event("rest", "header"), contextOf(traceA));
  await post(
    "/api/event",
    event("rest", "both", { traceparent: contextOf(traceB, "00") }),
    contextOf(traceA),
  );
  const events = [event("rest", "of-header"), event("rest", "of-member", { traceparent: contextOf(traceB) })];
  await post("/api/event/bulk", { events }, contextOf(traceA));
  const seq = await sendBulk(mars.url, [event("rest", "none")]);
  const [header, both, ofHeader, ofMember, none] = await eventsOf("rest", seq);
  expect(header).toMatchObject({ event: "header", ...shown(traceA) });
  expect(both).toMatchObject({ event: "both", ...shown(traceB, "00") });
  expect(ofHeader).toMatchObject({ event: "of-header", ...shown(traceA) });
  expect(ofMember).toMatchObject({ event: "of-member", ...shown(traceB) });
  expect(none).not.toHaveProperty("trace_id");
});

test.each(transports)("by %s in metadata or a field", async (name, open) => {
  const { ingest, legacy, messages } = rpcClients(open(mars));
  const ids = { appId: "app", messageId: name };
  const options = { headers: { traceparent: contextOf(traceA) } };
  await legacy.collectEvent({ ...ids, event: "legacy", createdAt: "2026-01-01T00:00:00Z" }, options);
  await ingest.collectEvent({ ...ids, event: "metadata" }, options);
  // The next call of the connection has none.
  await ingest.collectEvent({ ...ids, event: "field", traceparent: contextOf(traceB) });
  await ingest.collectEvent({ ...ids, event: "none" });
  const events = [
    { ...ids, event: "many" },
    { ...ids, event: "many-field", traceparent: contextOf(traceB) },
  ];
  let { seq } = await ingest.collectEvents({ events }, options);
  const expected = [traceA, traceA, traceB, "", traceA, traceB];
  if (name.startsWith("gRPC") && !name.startsWith("gRPC-Web")) {
    async function* batches() {
      yield { batchId: 1n, events: [{ ...ids, event: "stream" }] };
    }
    for await (const ack of ingest.collectStream(batches(), options)) seq = ack.seq;
    expected.push(traceA);
  }
  const { message } = await messages.getMessage({ ...ids, minSeq: seq });
  expect(message?.events.map(({ traceId }) => traceId)).toEqual(expected);
  expect(message?.events[0]).toMatchObject({ spanId: span, traceFlags: "01" });
});

test("a repeat is the same event, whose trace is that of its first report", async () => {
  const created_at = "2026-01-01T00:00:00Z";
  const repeats = (traceId: string, name: string, rest: Partial<RestEvent>) =>
    event("repeat", name, { created_at, traceparent: contextOf(traceId), ...rest });
  await sendBulk(mars.url, [repeats(traceA, "content", {}), repeats(traceB, "content", {})]);
  await sendBulk(mars.url, [
    repeats(traceA, "id", { event_id: "1" }),
    event("repeat", "plain", { created_at }),
  ]);
  // Earlier: what is shown of the event changes, its trace does not.
  await sendBulk(mars.url, [repeats(traceB, "id", { event_id: "1", created_at: "2025-01-01T00:00:00Z" })]);
  const seq = await sendBulk(mars.url, [repeats(traceB, "content", {}), repeats(traceB, "plain", {})]);
  expect(await eventsOf("repeat", seq)).toMatchObject([
    { event: "id", duplicates: 1, trace_id: traceA, created_at: "2025-01-01T00:00:00.000000Z" },
    { event: "content", duplicates: 2, trace_id: traceA },
    { event: "plain", duplicates: 1 },
  ]);
  expect((await eventsOf("repeat", seq))[2]).not.toHaveProperty("trace_id");
});

test("topics, journeys and pages of events show it", async () => {
  const live = await LiveClient.open(mars);
  await live.subscribe("apps/app/messages/live");
  const seq = await post("/api/event", event("live", "sent", { external_id: "J" }), contextOf(traceA));
  expect((await live.next()).event).toMatchObject({ event: "sent", ...shown(traceA) });
  const later = await LiveClient.open(mars);
  await later.subscribe("apps/app/messages/live", seq - 1);
  expect((await later.next()).event).toMatchObject({ event: "sent", ...shown(traceA) });
  for (const path of ["/api/journeys/J", "/api/apps/app/messages/live/events"]) {
    const { events } = await getJson<{ events: readonly Shown[] }>(`${mars.url}${path}?min_seq=${seq}`);
    expect(events).toMatchObject([{ event: "sent", ...shown(traceA) }]);
  }
});

test("an invalid one is ignored and counted", async () => {
  const { ignored_traceparents: before } = (await statsWhen(mars.url, () => true)).totals;
  await post("/api/event", event("wrong", "header"), "00-nonsense");
  await send(mars.url, event("wrong", "member", { traceparent: "nonsense" }));
  const other = { ...event("wrong", "number"), traceparent: 7 } as unknown as RestEvent;
  const seq = await post("/api/event/bulk", { events: [other] }, contextOf(traceA));
  const events = await eventsOf("wrong", seq);
  expect(events.map(({ trace_id }) => trace_id)).toEqual([undefined, undefined, traceA]);
  expect((await statsWhen(mars.url, () => true)).totals.ignored_traceparents).toBe(before + 3);
});

test("the page learns where a trace is shown, and where others reach Mars", async () => {
  expect(await getJson<object>(`${mars.url}/api/sign-in`)).toMatchObject({
    trace_url: "https://jaeger.example.com/trace/{trace_id}",
    public_url: "https://mars.example.com",
  });
});
