/** `GET /metrics` of a running Mars: its formats, who may read it, and that its counts are those of what was sent. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { IngestService } from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { failure, transports } from "../edge/rpc/clients.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { postJson, send, sendBulk, statsWhen } from "../support/rest.ts";
import { until } from "../support/until.ts";
import { type ParsedFamily, parseMetrics } from "./parse.ts";

const admin = "a-token-of-more-than-thirty-two-characters";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

type Families = ReadonlyMap<string, ParsedFamily>;

/** What Prometheus sends. */
const openAccept =
  "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

async function scrape(accept = "text/plain"): Promise<Families> {
  const response = await fetch(`${mars.url}/metrics`, { headers: { accept } });
  expect(response.status).toBe(200);
  const open = response.headers.get("content-type")?.startsWith("application/openmetrics-text") ?? false;
  return parseMetrics(await response.text(), open ? "openmetrics" : "prometheus");
}

/** The sum of the samples with these labels. */
function sumOf(families: Families, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const samples = families
    .get(name)
    ?.samples.filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  return (samples ?? []).reduce((sum, { value }) => sum + value, 0);
}

test("both formats are as their specifications say, and have the same families", async () => {
  const plain = await scrape();
  const open = await scrape(openAccept);
  expect(open.get("mars_events_accepted")?.type).toBe("counter");
  expect(open.get("mars_journal_write_seconds")).toMatchObject({ type: "histogram", unit: "seconds" });
  expect(open.get("mars_build")?.samples[0]).toMatchObject({ labels: { version: "test" }, value: 1 });
  const suffixes: Record<string, string> = { counter: "_total", info: "_info" };
  const names = [...open].map(([name, { type }]) => name + (suffixes[type] ?? ""));
  expect(names).toEqual([...plain.keys()]);
  expect(names.length).toBeGreaterThan(90);
});

test("the format is the one that the client prefers", async () => {
  const typeOf = async (accept: string) =>
    (await fetch(`${mars.url}/metrics`, { headers: { accept } })).headers.get("content-type");
  const [plain, open] = [/^text\/plain; version=0\.0\.4/, /^application\/openmetrics-text; version=1\.0\.0/];
  expect(await typeOf(openAccept)).toMatch(open);
  expect(await typeOf("application/openmetrics-text")).toMatch(open);
  expect(await typeOf("*/*")).toMatch(plain);
  expect(await typeOf("text/plain, application/openmetrics-text;q=0.5")).toMatch(plain);
  expect(await typeOf("application/openmetrics-text;version=2.0.0, text/plain;q=0.1")).toMatch(plain);
});

test("events are counted by door and outcome, calls by route, method and how they ended", async () => {
  const before = await scrape();
  const event = (message_id: string) => ({ app_id: "a", message_id, event: "e" });
  await send(mars.url, event("m1"));
  await sendBulk(mars.url, [event("m2"), event("m3")]);
  expect((await postJson(`${mars.url}/api/event/bulk`, { events: [event("m4"), {}] })).status).toBe(207);
  expect((await postJson(`${mars.url}/api/event`, {})).status).toBe(422);
  expect((await postJson(`${mars.url}/api/event/bulk`, { events: [{}] })).status).toBe(422);
  expect((await fetch(`${mars.url}/api/apps/a/messages/nothing`)).status).toBe(404);
  expect((await fetch(`${mars.url}/nothing`)).status).toBe(404);
  const over = (name: string) =>
    createClient(IngestService, transports.find(([one]) => one === name)![1](mars));
  const proto = { appId: "a", messageId: "m5", event: "e" };
  for (const name of ["gRPC", "gRPC with JSON", "gRPC-Web", "Connect with JSON"])
    await over(name).collectEvent(proto);
  await over("gRPC").collectEvents({ events: [proto, {}] });
  for (const name of ["gRPC", "gRPC with JSON", "gRPC-Web", "Connect with JSON"])
    await failure(over(name).collectEvent({}));
  const { totals } = await statsWhen(mars.url, ({ totals: { accepted, stored } }) => stored === accepted);
  const after = await scrape();
  const grew = (name: string, labels: Record<string, string> = {}) =>
    sumOf(after, name, labels) - sumOf(before, name, labels);

  expect(grew("mars_events_accepted_total")).toBe(9);
  expect(sumOf(after, "mars_events_stored_total")).toBe(totals.stored);
  const events = "mars_ingest_events_total";
  expect(grew(events, { door: "rest", outcome: "accepted" })).toBe(4);
  expect(grew(events, { door: "rest", outcome: "rejected" })).toBe(1);
  expect(grew(events, { door: "grpc", outcome: "accepted" })).toBe(3);
  expect(grew(events, { door: "grpc", outcome: "rejected" })).toBe(1);
  expect(grew(events, { door: "grpc-web" })).toBe(1);
  expect(grew(events, { door: "connect" })).toBe(1);
  const refused = "mars_ingest_refused_requests_total";
  const reason = "invalid_argument";
  expect(["rest", "grpc", "grpc-web", "connect"].map((door) => grew(refused, { door, reason }))).toEqual([
    2, 2, 1, 1,
  ]);

  const requests = "mars_http_requests_total";
  expect(grew(requests, { method: "POST", route: "/api/event", status: "2xx" })).toBe(1);
  expect(grew(requests, { route: "/api/event", status: "4xx" })).toBe(1);
  expect(grew(requests, { route: "/api/apps/:app_id/messages/:message_id", status: "4xx" })).toBe(1);
  expect(grew(requests, { route: "none", status: "4xx" })).toBe(1);
  expect(grew(requests, { route: "/mars.v1.IngestService/CollectEvent", method: "POST" })).toBe(4);
  const calls = "mars_rpc_calls_total";
  const method = "mars.v1.IngestService/CollectEvent";
  expect(grew(calls, { method, code: "ok" })).toBe(2);
  expect(grew(calls, { method, code: "invalid_argument" })).toBe(2);
  expect(grew("mars_journal_write_seconds", {})).toBeGreaterThan(0);
  const ended = after
    .get("mars_http_request_seconds")
    ?.samples.find(({ name, labels }) => name.endsWith("_count") && labels.route === "/api/event");
  expect(ended?.value).toBe(sumOf(after, requests, { route: "/api/event" }));
});

test("apps have series of their own, and what is missing of each", async () => {
  const stages = [{ event: "A" }, { event: "B", after: "A", within: "1ms" }];
  const lifecycle = { stages, complete_on: ["B"], grace: "0s" };
  const put = {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(lifecycle),
  };
  expect((await fetch(`${mars.url}/api/apps/shop%22/lifecycle`, put)).status).toBe(200);
  for (const message_id of ["m1", "m2"]) await send(mars.url, { app_id: 'shop"', message_id, event: "A" });
  const labels = { app: 'shop"' };
  const missing = (families: Families) => sumOf(families, "mars_app_open_findings", labels);
  let after = await scrape();
  await until(async () => {
    after = await scrape();
    return missing(after) === 2;
  });
  expect(sumOf(after, "mars_app_open_messages", labels)).toBe(2);
  expect(sumOf(after, "mars_app_events_total", labels)).toBe(2);
  expect(sumOf(after, "mars_findings_raised_total", { kind: "missing" })).toBe(2);
  expect(sumOf(after, "mars_apps")).toBe(after.get("mars_app_events_total")!.samples.length);
  expect(sumOf(after, "mars_database_read")).toBe(1);
});

test("each metric of the dashboard and of the alert rules is there", async () => {
  const families = await scrape();
  const known = new Set(
    [...families].flatMap(([name, { type }]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((suffix) => name + suffix) : [name],
    ),
  );
  for (const path of ["deploy/grafana/mars.json", "deploy/prometheus/alerts.yml"]) {
    const text = await Bun.file(path).text();
    const named = new Set(text.match(/\b(mars|process)_[a-z_]+\b/g));
    expect(named.size).toBeGreaterThan(15);
    expect([path, [...named].filter((name) => !known.has(name))]).toEqual([path, []]);
  }
});

test("each alert rule has a case in which it fires", async () => {
  const namesIn = async (path: string, pattern: RegExp) =>
    [...(await Bun.file(path).text()).matchAll(pattern)].map(([, name]) => name);
  const rules = await namesIn("deploy/prometheus/alerts.yml", /alert: (\w+)/g);
  const cases = await namesIn("test/prometheus/alerts.test.yml", /alertname="(\w+)"/g);
  expect(cases).toEqual(rules);
});

test("labels keep their number however many paths and methods are asked for", async () => {
  const before = await scrape();
  for (let n = 0; n < 20; n++) {
    await fetch(`${mars.url}/api/apps/app-${n}/messages/x`);
    await fetch(`${mars.url}/nothing-${n}`, { method: n % 2 === 0 ? "PUT" : "GET" });
  }
  const count = (families: Families) => families.get("mars_http_requests_total")?.samples.length ?? 0;
  expect(count(await scrape()) - count(before)).toBeLessThanOrEqual(2);
});

test("they are for a key that reads every app", async () => {
  await using closed = await startMars({ adminKey: admin });
  const make = async (kind: string, apps: string[]) => {
    const response = await fetch(`${closed.url}/api/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
      body: JSON.stringify({ kind, apps, name: kind }),
    });
    return ((await response.json()) as { token: string }).token;
  };
  const statusOf = async (token?: string) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await fetch(`${closed.url}/metrics`, { headers })).status;
  };
  expect(await statusOf()).toBe(401);
  expect(await statusOf(admin)).toBe(200);
  expect(await statusOf(await make("ro", ["*"]))).toBe(200);
  expect(await statusOf(await make("ro", ["shop"]))).toBe(403);
  expect(await statusOf(await make("in", ["*"]))).toBe(403);
});
