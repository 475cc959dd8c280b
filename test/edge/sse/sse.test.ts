import { afterAll, beforeAll, expect, test } from "bun:test";
import { createSse } from "../../../src/edge/sse/sse.ts";
import {
  createLive,
  createLiveAlerts,
  createLiveFindings,
  createLiveIncidents,
} from "../../../src/live/hub.ts";
import { SendBudget } from "../../../src/runtime/send-budget.ts";
import { eventAt, StoreModel } from "../../live/store-model.ts";
import { openAccess } from "../../support/caller.ts";
import { report } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
});

afterAll(() => mars[Symbol.asyncDispose]());

interface SseFrame {
  id?: string;
  event?: string;
  data?: string;
  retry?: string;
}

/** Reads what browsers read: blocks of fields. Comments come as empty frames. */
async function* framesOf(response: Response): AsyncGenerator<SseFrame> {
  let rest = "";
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => {
        const at = line.indexOf(": ");
        return at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 2)]];
      });
      yield Object.fromEntries(fields.flat());
    }
  }
}

async function open(topic: string, headers: Record<string, string> = {}, more = "", of = mars) {
  const abort = new AbortController();
  const response = await fetch(`${of.url}/api/stream?topic=${encodeURIComponent(topic)}${more}`, {
    headers,
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const frames = framesOf(response);
  const next = async (): Promise<SseFrame> => (await frames.next()).value ?? {};
  expect((await next()).retry).toBe("1000");
  return { next, end: () => abort.abort() };
}

async function take(next: () => Promise<SseFrame>, count: number): Promise<string[]> {
  const names: string[] = [];
  for (let left = count; left > 0; left--) names.push(JSON.parse((await next()).data ?? "null").event);
  return names;
}

const named = (message_id: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ app_id: "sse", message_id, event: `e${from + i}` }));
const names = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`);

test("a stream begins with its position, then sends every event with its seq as the id", async () => {
  const { next, end } = await open("apps/sse/messages/one");
  const first = await next();
  expect(first.event).toBe("subscribed");
  const subscribed = JSON.parse(first.data!);
  expect(subscribed).toEqual({ topic: "apps/sse/messages/one", seq: Number(first.id), recovered: true });
  const seq = await report(mars, {
    app_id: "sse",
    message_id: "one",
    event: "a\nb",
    attributes: { c: "d\r\n" },
  });
  const frame = await next();
  expect(frame).toMatchObject({ id: String(seq), event: "event" });
  expect(JSON.parse(frame.data!)).toMatchObject({ event: "a\nb", attributes: { c: "d\r\n" }, seq });
  end();
});

test("Last-Event-ID resumes without a gap or a repeat, also when nothing but the beginning was seen", async () => {
  const before = await open("event_timeline:two");
  const { id } = await before.next();
  before.end();
  await report(mars, ...named("two", 1, 50));
  const first = await open("event_timeline:two", { "Last-Event-ID": id! });
  expect((await first.next()).id).toBe(id);
  expect(await take(first.next, 20)).toEqual(names(1, 20));
  const last = (await first.next()).id!;
  first.end();
  const second = await open("event_timeline:two", { "Last-Event-ID": last });
  await second.next();
  expect(await take(second.next, 29)).toEqual(names(22, 50));
  await report(mars, ...named("two", 51, 52));
  expect(await take(second.next, 2)).toEqual(names(51, 52));
  second.end();
});

test("after resumes like Last-Event-ID, and a seq from elsewhere is not recovered", async () => {
  const seq = await report(mars, ...named("three", 1, 5));
  const { next, end } = await open("apps/sse/messages/three", {}, `&after=${seq - 2}`);
  expect(JSON.parse((await next()).data!)).toMatchObject({ seq: seq - 2, recovered: true });
  expect(await take(next, 2)).toEqual(names(4, 5));
  end();
  const elsewhere = await open("apps/sse/messages/three", {}, "&after=9000000000000000");
  expect(JSON.parse((await elsewhere.next()).data!).recovered).toBe(false);
  elsewhere.end();
});

test("clients that may set no headers resume by lastEventId, and those that have seen nothing say so in words", async () => {
  const seq = await report(mars, ...named("six", 1, 5));
  const polyfill = await open("apps/sse/messages/six", {}, `&lastEventId=${seq - 2}`);
  expect(JSON.parse((await polyfill.next()).data!)).toMatchObject({ seq: seq - 2, recovered: true });
  expect(await take(polyfill.next, 2)).toEqual(names(4, 5));
  polyfill.end();
  for (const word of ["null", "undefined", ""]) {
    const byHeader = await open("all", { "Last-Event-ID": word });
    expect((await byHeader.next()).event).toBe("subscribed");
    byHeader.end();
    const byQuery = await open("all", {}, `&lastEventId=${word}`);
    expect((await byQuery.next()).event).toBe("subscribed");
    byQuery.end();
  }
});

test("a topic or a place that cannot be is refused, by the name under which it came", async () => {
  for (const [query, field, lastId] of [
    ["", "topic"],
    ["?topic=", "topic"],
    ["?topic=rooms", "topic"],
    ["?topic=all&after=-1", "after"],
    ["?topic=all&after=x", "after"],
    ["?topic=all&lastEventId=x", "lastEventId"],
    ["?topic=all&after=1", "Last-Event-ID", "x"],
  ] as const) {
    const headers = lastId === undefined ? {} : { "Last-Event-ID": lastId };
    const response = await fetch(`${mars.url}/api/stream${query}`, { headers });
    expect(response.status).toBe(422);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(await response.json()).toMatchObject({ errors: [{ field }] });
  }
});

test("when Mars stops, the stream says so, and resumes after the restart", async () => {
  const own = await startMars();
  let again: TestMars | undefined;
  try {
    const stream = await open("all", {}, "", own);
    await stream.next();
    await report(own, ...named("four", 1, 3));
    expect(await take(stream.next, 2)).toEqual(names(1, 2));
    const { id } = await stream.next();
    const restarted = own.restart();
    expect(await stream.next()).toMatchObject({
      event: "error",
      data: expect.stringContaining('"draining"'),
    });
    again = await restarted;
    await report(again, ...named("four", 4, 6));
    const resumed = await open("all", { "Last-Event-ID": id! }, "", again);
    expect(JSON.parse((await resumed.next()).data!).recovered).toBe(true);
    expect(await take(resumed.next, 3)).toEqual(names(4, 6));
    resumed.end();
  } finally {
    await (again ?? own)[Symbol.asyncDispose]();
  }
});

test("a finding is sent with the seq of its change as the id, and resumed after it", async () => {
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({
    stages: [{ event: "sent" }, { event: "seen", within: "1s" }],
    complete_on: ["seen"],
  });
  const path = `${mars.url}/api/apps/sse-findings/lifecycle`;
  expect((await fetch(path, { method: "PUT", headers: json, body })).status).toBe(200);
  const event = { app_id: "sse-findings", message_id: "m" };
  const first = await open("apps/sse-findings/messages/m/findings");
  expect((await first.next()).event).toBe("subscribed");
  await report(mars, { ...event, event: "sent", created_at: "2026-01-01T00:00:00Z" });
  const raised = await first.next();
  expect(raised.event).toBe("finding");
  expect(JSON.parse(raised.data!)).toMatchObject({
    seq: Number(raised.id),
    message_id: "m",
    kind: "missing",
    stage: "seen",
    due_at: "2026-01-01T00:00:01.000000Z",
    retracted_at: null,
  });
  first.end();
  await report(mars, { ...event, event: "seen", created_at: "2026-01-01T00:01:00Z" });
  const second = await open("findings", { "last-event-id": raised.id! });
  expect(await second.next()).toMatchObject({ id: raised.id!, event: "subscribed" });
  expect(JSON.parse((await second.next()).data!)).toMatchObject({ kind: "missing", state: "retracted" });
  expect(JSON.parse((await second.next()).data!)).toMatchObject({ kind: "late", late_by_ms: 59_000 });
  second.end();
});

test("a test event has no id: there is nothing to resume after", async () => {
  const { next, end } = await open("event_timeline:five");
  await next();
  await fetch(`${mars.url}/api/test_socket?message_id=five`);
  const frame = await next();
  expect(frame).toMatchObject({ event: "event" });
  expect(frame.id).toBeUndefined();
  end();
});

const noAlerts = { history: async () => ({ events: [], to: 0, prunedTo: 0 }) };
const noFindings = {
  history: () => Promise.reject(new Error("no findings in this test")),
};

/** With limits that no operator would set, over a store that is an array. */
function startSmall(options: Parameters<typeof createSse>[1]) {
  const store = new StoreModel();
  store.pageEvents = 1000;
  const errors: Readonly<Record<string, unknown>>[] = [];
  const error = (_: string, fields = {}) => void errors.push(fields);
  const log = { debug() {}, info() {}, warn() {}, error };
  const live = createLive(store, { log });
  live.publish([], 0);
  const budget = new SendBudget({ lookMs: 5 });
  const sse = createSse(
    {
      live,
      findings: createLiveFindings(noFindings, { log }),
      alertTopics: createLiveAlerts(noAlerts, { log }),
      incidents: createLiveIncidents(noAlerts, { log }),
      budget,
      log,
      access: openAccess,
    },
    options,
  );
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => sse(request) });
  const publish = (count: number) => {
    const from = live.seq;
    const events = Array.from({ length: count }, (_, i) => eventAt(from + i + 1));
    store.events.push(...events);
    live.publish(events, from + count);
  };
  return {
    live,
    sse,
    store,
    errors,
    publish,
    url: `http://127.0.0.1:${server.port}`,
    stop: () => server.stop(true),
  };
}

test("a stream that breaks names its request, as the log does", async () => {
  const small = startSmall({});
  small.publish(3);
  small.store.turn = () => Promise.reject(new Error("broken"));
  const brokenBy = async (headers: Record<string, string>) => {
    const frames = framesOf(await fetch(`${small.url}/?topic=all&after=1`, { headers }));
    for await (const { event, data = "" } of frames) if (event === "error") return JSON.parse(data);
  };
  expect((await brokenBy({ "x-request-id": "mine" })).request_id).toBe("mine");
  const made = (await brokenBy({})).request_id;
  expect(made).toMatch(/^[0-9a-f-]{36}$/);
  const failed = small.errors.filter(({ event }) => event === "request_failed");
  expect(failed.map(({ request_id }) => request_id)).toEqual(["mine", made]);
  small.stop();
});

test("a quiet stream sends comments", async () => {
  const small = startSmall({ heartbeatMs: 5 });
  const abort = new AbortController();
  const response = await fetch(`${small.url}/?topic=all`, { signal: abort.signal });
  const frames = framesOf(response);
  await frames.next();
  await frames.next();
  expect((await frames.next()).value).toEqual({});
  expect((await frames.next()).value).toEqual({});
  small.publish(1);
  let frame: SseFrame = {};
  while (frame.id === undefined) frame = (await frames.next()).value ?? {};
  expect(frame.id).toBe("1");
  abort.abort();
  await small.stop();
});

test("a client that leaves is forgotten", async () => {
  const small = startSmall({});
  const abort = new AbortController();
  const response = await fetch(`${small.url}/?topic=all`, { signal: abort.signal });
  const frames = framesOf(response);
  await frames.next();
  expect(small.live.subscriptions).toBe(1);
  abort.abort();
  while (small.live.subscriptions > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await small.stop();
});

test("a client that stops reading is cut off", async () => {
  const small = startSmall({ heartbeatMs: 5, stallTimeoutMs: 20 });
  const reader = small.sse(new Request("http://mars/?topic=all")).body!.getReader();
  await reader.read();
  while (small.live.subscriptions > 0) {
    small.publish(1000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await expect(reader.read()).rejects.toMatchObject({ code: "subscriber_too_slow" });
  await small.stop();
});
