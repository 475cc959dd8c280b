/** Sources from their definition to stored events, and back: what is refused, kept, tried and replayed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { startMars, type TestMars } from "../../support/mars.ts";
import { until } from "../../support/until.ts";

/** Answers are looked at member by member. */
// biome-ignore lint/suspicious/noExplicitAny: their forms are those of the operations, which check them.
type Json = any;

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
  const response = await fetch(mars.url + path, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  return { status: response.status, json: await response.json() };
}

async function deliver(id: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${mars.url}/in/${id}`, { method: "POST", body, headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: JSON.parse(text) };
}

async function messageOf(app: string, id: string, seq: number): Promise<Json> {
  return (await call("GET", `/api/apps/${app}/messages/${encodeURIComponent(id)}?min_seq=${seq}`)).json;
}

const own = {
  app_id: "shop",
  verify: { scheme: "github", secret: "a secret" },
  each: "body.items",
  when: 'item.kind != "noise"',
  message_id: "item.order",
  event: 'item.kind + "." + item.state',
  created_at: "item.at",
  event_id: "item.id",
  attributes: { region: "item.region", large: "item.text" },
};

const sign = (body: string, secret = "a secret") => ({
  "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
});

const item = (id: string, more: object = {}) => ({
  id,
  order: 7,
  kind: "order",
  state: "paid",
  at: 1_780_000_000,
  region: "north",
  ...more,
});
const bodyOf = (...items: object[]) => JSON.stringify({ items });

test("a delivery becomes events, which are there once however often it comes", async () => {
  const put = await call("PUT", "/api/sources/own", own);
  expect([put.status, put.json.verify]).toEqual([200, { scheme: "github", secret: "(hidden)" }]);
  const body = bodyOf(item("a"), item("b", { kind: "noise" }), item("c", { text: "x".repeat(20_000) }));
  const first = await deliver("own", body, sign(body));
  expect([first.status, first.json]).toEqual([
    200,
    { success: true, accepted: 2, ignored: 1, rejected: 0, seq: expect.any(Number) },
  ]);
  const again = await deliver("own", body, sign(body));
  const message = await messageOf("shop", "7", again.json.seq);
  expect(
    message.events.map(({ event_id, event, created_at, duplicates, attributes }: Json) => ({
      ...{ event_id, event, created_at, duplicates, region: attributes.region },
      large: attributes.large?.length,
    })),
  ).toEqual([
    {
      event_id: "a",
      event: "order.paid",
      created_at: "2026-05-28T20:26:40.000000Z",
      duplicates: 1,
      region: "north",
    },
    {
      event_id: "c",
      event: "order.paid",
      created_at: "2026-05-28T20:26:40.000000Z",
      duplicates: 1,
      region: "north",
      large: expect.any(Number),
    },
  ] as never);
});

test("one that is not the sender's is refused, and counted", async () => {
  const body = bodyOf(item("z"));
  for (const headers of [{}, sign(body, "another"), { "x-hub-signature-256": "sha256=00" }]) {
    const { status, json } = await deliver("own", body, headers);
    expect([status, json.success]).toEqual([401, false]);
  }
  const { json } = await call("GET", "/api/sources/own");
  expect([json.stats.deliveries.unverified, json.stats.last_error]).toEqual([
    3,
    expect.stringContaining("signature"),
  ]);
  expect((await deliver("nobody", body)).status).toBe(404);
  expect((await deliver("own", "x".repeat(1_100_000), sign(body))).status).toBe(413);
});

test("a secret is replaced with an overlap, and kept where it comes back hidden", async () => {
  const hidden = { ...own, verify: { scheme: "github", secret: "(hidden)" } };
  expect((await call("PUT", "/api/sources/own", hidden)).status).toBe(200);
  const body = bodyOf(item("r"));
  expect((await deliver("own", body, sign(body))).status).toBe(200);
  const rotated = { ...own, verify: { scheme: "github", secret: "the next" } };
  const { json } = await call("PUT", "/api/sources/own", rotated);
  expect(json.verify.former_secret_until).toBeString();
  for (const secret of ["a secret", "the next"])
    expect((await deliver("own", body, sign(body, secret))).status).toBe(200);
  await call("PUT", "/api/sources/own", { ...own, verify: { scheme: "github", overlap: "off" } });
  expect((await deliver("own", body, sign(body))).status).toBe(401);
  expect((await deliver("own", body, sign(body, "the next"))).status).toBe(200);
  await call("PUT", "/api/sources/own", own);
});

describe("otherwise", () => {
  const bad = bodyOf(item("1", { order: undefined }), item("2", { order: 8 }));
  test("ignore takes the others", async () => {
    const { status, json } = await deliver("own", bad, sign(bad));
    expect([status, json.accepted, json.rejected]).toEqual([200, 1, 1]);
  });
  test("reject takes none, and names the item and the rule", async () => {
    await call("PUT", "/api/sources/strict", { ...own, app_id: "strict", otherwise: "reject" });
    const { status, json } = await deliver("strict", bad, sign(bad));
    expect([status, json.errors]).toEqual([
      422,
      [{ index: 0, field: "message_id", message: expect.stringContaining("not there") }],
    ]);
    expect((await call("GET", "/api/messages?app_id=strict")).json.messages).toEqual([]);
  });
  test("keep makes an event of it", async () => {
    await call("PUT", "/api/sources/keep", { ...own, app_id: "keep", otherwise: "keep" });
    const { json } = await deliver("keep", bad, sign(bad));
    expect([json.accepted, json.rejected]).toEqual([2, 0]);
    const { messages } = (await call("GET", `/api/messages?app_id=keep&event=unmapped&min_seq=${json.seq}`))
      .json;
    expect(messages).toHaveLength(1);
  });
});

test("what is no JSON is refused, also where its source ignores", async () => {
  for (const body of ["{", "", "[".repeat(100_000), "\xff"]) {
    const { status } = await deliver("own", body, sign(body));
    expect([body.slice(0, 9), status]).toEqual([body.slice(0, 9), 422]);
  }
});

test("an expression at fault is refused with its place", async () => {
  const wrong = { ...own, when: "item.kind ==", attributes: { a: "item.x.foo()" }, message_id: "nobody.id" };
  const { status, json } = await call("PUT", "/api/sources/wrong", wrong);
  expect([status, json.errors]).toEqual([
    422,
    [
      { field: "when", message: "unexpected token: EOF at column 13" },
      { field: "message_id", message: "unknown variable: nobody at column 1" },
      { field: "attributes.a", message: "there is no function foo() at column 1" },
    ],
  ]);
});

test("a try shows what would come out, of a definition that is not put too", async () => {
  const body = bodyOf(item("a"), item("b", { kind: "noise" }), item("c", { order: null }));
  const { json } = await call("POST", "/api/sources/own/try", { body, headers: { "X-Any": "1" } });
  expect([
    json.event_count,
    json.ignored,
    json.faulty,
    json.drops.map(({ index, rule }: Json) => [index, rule]),
  ]).toEqual([
    1,
    1,
    1,
    [
      [1, "when"],
      [2, "message_id"],
    ],
  ]);
  const definition = { ...own, event: '"SEEN"', verify: undefined, preset: "github" };
  const tried = await call("POST", "/api/sources/unborn/try", { body, definition });
  expect(tried.json.events[0]).toMatchObject({ app_id: "shop", message_id: "7", event: "SEEN" });
  const refused = await call("POST", "/api/sources/unborn/try", {
    body,
    definition: { ...definition, whn: "1" },
  });
  expect([refused.status, refused.json.errors[0].field]).toEqual([422, "definition.whn"]);
});

test("what was dropped is mapped again when the definition is corrected, and what was not is no repeat", async () => {
  const app_id = "corrected";
  await call("PUT", "/api/sources/corrected", {
    ...own,
    app_id,
    message_id: "item.number",
    event_id: undefined,
    created_at: undefined,
  });
  const body = bodyOf(item("a"), item("b", { number: 9 }));
  const first = await deliver("corrected", body, sign(body));
  expect([first.status, first.json.accepted]).toEqual([200, 1]);
  const { deliveries } = (await call("GET", "/api/sources/corrected/deliveries")).json;
  expect(deliveries).toMatchObject([
    { outcome: "partly", items: 2, event_count: 1, body, reason: expect.stringContaining("message_id") },
  ]);
  expect(Object.keys(deliveries[0].headers)).toContain("x-hub-signature-256");
  const corrected = {
    ...own,
    app_id,
    message_id: "has(item.number) ? item.number : item.order",
    event_id: undefined,
    created_at: undefined,
  };
  await call("PUT", "/api/sources/corrected", corrected);
  for (const replay of [1, 2]) {
    const { json } = await call("POST", "/api/sources/corrected/replay");
    expect([replay, json]).toMatchObject([replay, { deliveries: 1, failed: 0, accepted: 2 }]);
    const events = async (id: string) => (await messageOf(app_id, id, json.seq)).events;
    expect([(await events("7")).length, (await events("9")).length]).toEqual([1, 1]);
  }
  const after = (await call("GET", "/api/sources/corrected/deliveries")).json.deliveries;
  expect(after).toMatchObject([{ outcome: "accepted", event_count: 2, replayed_at: expect.any(String) }]);
  expect((await call("POST", "/api/sources/corrected/replay?delivery=999999")).status).toBe(404);
});

test("an expression that takes too long costs its own delivery, and no other", async () => {
  const slow =
    "body.items.all(a, body.items.all(b, item.n >= 0.0 && item.n + 1.0 > 0.0 && size(string(item.n)) > 0))";
  await call("PUT", "/api/sources/slow", { ...own, app_id: "slow", when: slow });
  const items = Array.from({ length: 5_000 }, (_, n) => ({ ...item(String(n)), n }));
  const body = JSON.stringify({ items });
  const slowly = deliver("slow", body, sign(body));
  const quick = bodyOf(item("quick"));
  const began = performance.now();
  expect((await deliver("own", quick, sign(quick))).status).toBe(200);
  expect((await fetch(`${mars.url}/status`)).status).toBe(200);
  expect(performance.now() - began).toBeLessThan(900);
  const { status, headers, json } = await slowly;
  expect([status, headers.get("retry-after"), json.detail]).toEqual([
    503,
    "30",
    expect.stringContaining("longer than"),
  ]);
  expect((await deliver("own", quick, sign(quick))).status).toBe(200);
  expect((await call("GET", "/api/sources/slow")).json.stats.deliveries.late).toBe(1);
  const { warnings } = (await call("GET", "/readyz")).json;
  expect(JSON.stringify(warnings)).toContain("source slow");
});

test("erasing a message or an app erases what is kept of its app's deliveries, and of no other", async () => {
  const put = (app_id: string) => call("PUT", `/api/sources/${app_id}`, { ...own, app_id });
  const kept = async (id: string) =>
    (await call("GET", `/api/sources/${id}/deliveries`)).json.deliveries.length;
  const body = bodyOf(item("secret"));
  for (const app of ["erased", "spared"]) {
    await put(app);
    const { json } = await deliver(app, body, sign(body));
    await messageOf(app, "7", json.seq);
    expect([app, await kept(app)]).toEqual([app, 1]);
  }
  expect((await call("DELETE", "/api/apps/erased/messages/7")).status).toBe(200);
  expect([await kept("erased"), await kept("spared")]).toEqual([0, 1]);
  expect((await call("DELETE", "/api/apps/spared")).status).toBe(200);
  expect(await kept("spared")).toBe(0);
});

test("figures and metrics have each source", async () => {
  const { sources } = (await call("GET", "/api/q/stats")).json;
  expect(sources.own.deliveries.accepted).toBeGreaterThan(0);
  const text = await (await fetch(`${mars.url}/metrics`)).text();
  expect(text).toContain('mars_source_deliveries_total{source="own",outcome="unverified"}');
});

test("sources and what they have kept are there after a restart, and a deleted one is gone", async () => {
  const body = bodyOf(item("kept"));
  expect((await deliver("own", body, sign(body))).status).toBe(200);
  mars = await mars.restart();
  const { deliveries } = (await call("GET", "/api/sources/own/deliveries?limit=1")).json;
  expect(deliveries).toMatchObject([{ body }]);
  // It is refused for a moment, until all sources have been read.
  await until(async () => (await deliver("own", body, sign(body))).status === 200);
  expect((await call("DELETE", "/api/sources/own")).status).toBe(200);
  expect((await deliver("own", body, sign(body))).status).toBe(404);
  expect((await call("GET", "/api/sources/own/deliveries")).status).toBe(404);
  expect((await call("DELETE", "/api/sources/own")).status).toBe(404);
});
