/** Notifications to a sink of type topic: live over every protocol, and resumed without a gap. */
import { expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { nowMicros } from "../../src/core/time.ts";
import { parseTopic } from "../../src/core/topic.ts";
import { AlertService } from "../../src/gen/mars/v1/alert_service_pb.ts";
import { adminKey, call as keyCall } from "../access/doors.ts";
import { startAlerting } from "../support/alerting.ts";
import { author } from "../support/caller.ts";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";

const lifecycle = {
  stages: [{ event: "PAID" }, { event: "SHIPPED", after: "PAID", within: "10ms" }],
  complete_on: ["SHIPPED"],
  grace: "0s",
};
const events = (event: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ app_id: "shop", message_id: `m${index}`, event }));

async function call(mars: TestMars, request: string, body: object = {}): Promise<void> {
  const [method = "", path = ""] = request.split(" ");
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${mars.url}/api/${path}`, { method, headers, body: JSON.stringify(body) });
  expect([request, response.status, await response.text()]).toEqual([request, 200, expect.anything()]);
}

async function follow(mars: TestMars, topic: string, after?: number): Promise<LiveClient> {
  const client = await LiveClient.open(mars);
  client.send({ type: "subscribe", topic, ...(after !== undefined && { after }) });
  return client;
}

/** The types of so many notifications, with their seqs. */
async function typesOf(client: LiveClient, count: number): Promise<[number, string][]> {
  const found: [number, string][] = [];
  while (found.length < count) {
    const frame = await client.next();
    expect(frame).toMatchObject({ type: "alert" });
    found.push([frame.seq, frame.alert.type.replace("incident.", "")]);
  }
  return found;
}

test("what happens to an incident is live, and resumed after a restart", async () => {
  await using first = await startMars();
  await call(first, "PUT apps/shop/lifecycle", lifecycle);
  await call(first, "PUT alerts/sinks/live", { type: "topic" });
  await call(first, "PUT alerts/rules/stuck", { sinks: ["live"], window: "1s" });
  const all = await follow(first, "alerts");
  const other = await follow(first, "alerts/another");
  expect(await all.next()).toEqual({ type: "subscribed", topic: "alerts", seq: 0, recovered: true });
  expect(await other.next()).toMatchObject({ type: "subscribed", seq: 0 });

  await call(first, "POST alerts/sinks/live/test");
  expect(await all.next()).toMatchObject({ type: "alert", seq: 0, alert: { type: "test" } });
  await sendBulk(first.url, events("PAID", 2));
  const opened = await all.next();
  expect(opened).toMatchObject({
    ...{ type: "alert", topic: "alerts", seq: 1 },
    alert: {
      type: "incident.opened",
      data: {
        text: expect.stringContaining("shop: 2 messages stuck at PAID → SHIPPED"),
        incident: { id: 1, rule: "stuck", count: 2 },
      },
    },
  });
  await call(first, "POST alerts/incidents/1/acknowledge");
  await call(first, "POST alerts/incidents/1/assign", { to: "Ann" });
  await call(first, "POST alerts/incidents/1/note", { text: "It is the courier." });
  await call(first, "POST alerts/incidents/1/snooze", { for: "1h" });
  const cared: [number, string][] = [
    [2, "acknowledged"],
    [3, "assigned"],
    [4, "noted"],
    [5, "snoozed"],
  ];
  expect(await typesOf(all, 4)).toEqual(cared);

  await using second = await first.restart();
  const resumed = await follow(second, "alerts", 1);
  expect(await resumed.next()).toMatchObject({ type: "subscribed", seq: 1, recovered: true });
  expect(await typesOf(resumed, 4)).toEqual(cared);
  const late = await follow(second, "alerts", 99);
  expect(await late.next()).toMatchObject({ type: "subscribed", seq: 5, recovered: false });
  await sendBulk(second.url, events("SHIPPED", 2));
  expect(await typesOf(resumed, 1)).toEqual([[6, "resolved"]]);
  expect(await typesOf(late, 1)).toEqual([[6, "resolved"]]);

  const stuck = await follow(second, "alerts/stuck", 4);
  expect(await stuck.next()).toMatchObject({ topic: "alerts/stuck", seq: 4, recovered: true });
  expect((await typesOf(stuck, 2)).map(([seq]) => seq)).toEqual([5, 6]);
  const another = await follow(second, "alerts/another", 0);
  expect(await another.next()).toMatchObject({ topic: "alerts/another", recovered: true });

  const stop = new AbortController();
  const stream = await fetch(`${second.url}/api/stream?topic=alerts&after=5`, { signal: stop.signal });
  let text = "";
  for await (const chunk of stream.body!) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("event: alert")) break;
  }
  stop.abort();
  expect(text).toContain('id: 6\nevent: alert\ndata: {"type":"incident.resolved"');

  const rpc = createClient(
    AlertService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${second.grpcPort}` }),
  );
  const seen: [bigint, string][] = [];
  for await (const { item } of rpc.watchAlerts({ topic: "alerts", afterSeq: 4n })) {
    if (item.case !== "batch") continue;
    seen.push(...item.value.alerts.map(({ seq, type }): [bigint, string] => [seq, type]));
    expect(item.value.alerts[0]!.data).toMatchObject({ incident: { rule: "stuck" } });
    if (seen.length === 2) break;
  }
  expect(seen).toEqual([
    [5n, "incident.snoozed"],
    [6n, "incident.resolved"],
  ]);
  for (const client of [all, other, resumed, late, stuck, another]) client.close();
  expect(another.waiting).toBe(0);
}, 60_000);

test("what was stored and not published is published with the next one, and nothing twice", async () => {
  await using alerting = await startAlerting([{ type: "topic" }]);
  const got: number[] = [];
  let lost = 0;
  const { store } = alerting.opened;
  await alerting.restart({
    store: {
      ...store,
      async publishAlert(delivery) {
        const seq = await store.publishAlert(delivery);
        if (lost++ === 0) throw new Error("the answer was lost");
        return seq;
      },
    },
  });
  const ended = alerting.topic.subscribe(parseTopic("alerts"), undefined, {
    subscribed: () => {},
    events: (items) => {
      got.push(...items.map(({ seq }) => seq));
      return undefined;
    },
    failed: (error) => {
      throw error;
    },
  });
  await alerting.stick(1);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  await alerting.release();
  await alerting.deliveries(
    ({ deliveries }) => deliveries.length === 2 && deliveries.every(({ state }) => state === "delivered"),
  );
  expect(got).toEqual([1, 2]);
  ended();
});

test("what is deleted is not resumed", async () => {
  await using alerting = await startAlerting([{ type: "topic" }]);
  const { store, queries } = alerting.opened;
  await alerting.stick(1);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  expect(await queries.publishedAlerts({ after: 0, upTo: 1 })).toMatchObject({ to: 1, prunedTo: 0 });
  await store.pruneAlerts(nowMicros() + 1_000_000);
  expect(await queries.publishedAlerts({ after: 0, upTo: 1 })).toEqual({ published: [], to: 1, prunedTo: 1 });
  await alerting.alerts.care(1, { type: "acknowledge" }, author);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  expect((await queries.publishedAlerts({ after: 1, upTo: 2 })).published.map(({ seq }) => seq)).toEqual([2]);
});

test("a key for some apps gets the notifications of these only", async () => {
  await using mars = await startMars({ adminKey });
  const as = (token: string, request: string, body?: object) => keyCall(mars, request, token, body);
  const key = { kind: "rw", apps: ["shop"], name: "shop's" };
  const token = String((await as(adminKey, "POST /api/keys", key)).body.token);
  await as(adminKey, "PUT /api/alerts/sinks/live", { type: "topic" });
  await as(adminKey, "PUT /api/alerts/rules/stuck", { sinks: ["live"] });
  for (const app of ["other", "shop"]) {
    await as(adminKey, `PUT /api/apps/${app}/lifecycle`, lifecycle);
    await as(adminKey, "POST /api/event", { app_id: app, message_id: "m", event: "PAID" });
  }
  await until(
    async () => {
      const { body } = await as(adminKey, "GET /api/alerts/deliveries?state=delivered");
      return (body.deliveries as unknown[]).length === 2;
    },
    () => "not both were delivered",
  );
  const { body } = await as(token, "GET /api/alerts/incidents");
  const [incident] = body.incidents as { id: number }[];
  expect((await as(token, `POST /api/alerts/incidents/${incident!.id}/acknowledge`)).status).toBe(200);
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  const stream = await fetch(`${mars.url}/api/stream?topic=alerts&after=0`, { headers, signal: stop.signal });
  let text = "";
  for await (const chunk of stream.body!) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("incident.acknowledged")) break;
  }
  stop.abort();
  expect([...text.matchAll(/"app_id":"(\w+)"/g)].map(([, app]) => app)).toEqual(["shop", "shop"]);
});
