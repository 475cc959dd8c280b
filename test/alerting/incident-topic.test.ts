/** Topics of incidents: what findings and people do with them, live over every protocol and resumed without a gap. */
import { expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { nowMicros } from "../../src/core/time.ts";
import { AlertService } from "../../src/gen/mars/v1/alert_service_pb.ts";
import { adminKey, call as keyCall } from "../access/doors.ts";
import { startAlerting } from "../support/alerting.ts";
import { author } from "../support/caller.ts";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { until } from "../support/until.ts";

const lifecycle = {
  stages: [{ event: "PAID" }, { event: "SHIPPED", after: "PAID", within: "10ms" }],
  complete_on: ["SHIPPED"],
  grace: "0s",
};

async function call(mars: TestMars, request: string, body?: object): Promise<Record<string, unknown>> {
  const [method = "", path = ""] = request.split(" ");
  const headers = { "content-type": "application/json" };
  const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(`${mars.url}/api/${path}`, sent);
  expect([request, response.status]).toEqual([request, 200]);
  return (await response.json()) as Record<string, unknown>;
}

async function follow(mars: TestMars, topic: string, after?: number): Promise<LiveClient> {
  const client = await LiveClient.open(mars);
  client.send({ type: "subscribe", topic, ...(after !== undefined && { after }) });
  return client;
}

/** The next incident that is as wanted; those before it are of other changes. */
async function incident(client: LiveClient, wanted: (one: Record<string, unknown>) => boolean) {
  for (;;) {
    const frame = await client.next();
    expect(frame).toMatchObject({ type: "incident", seq: frame.incident?.seq });
    if (wanted(frame.incident)) return frame.incident as Record<string, unknown> & { seq: number };
  }
}

test("what people and findings do with an incident is live, over every protocol", async () => {
  await using first = await startMars();
  await call(first, "PUT apps/shop/lifecycle", lifecycle);
  await call(first, "PUT alerts/sinks/live", { type: "topic" });
  await call(first, "PUT alerts/rules/stuck", { sinks: ["live"], window: "1s" });
  const all = await follow(first, "incidents");
  const other = await follow(first, "apps/other/incidents");
  expect(await all.next()).toEqual({ type: "subscribed", topic: "incidents", seq: 0, recovered: true });
  expect(await other.next()).toMatchObject({ type: "subscribed", seq: 0 });

  await call(first, "POST event", { app_id: "shop", message_id: "m", event: "PAID" });
  const opened = await incident(all, ({ notified_at }) => notified_at !== null);
  expect(opened).toMatchObject({ id: 1, rule: "stuck", app_id: "shop", stage: "SHIPPED", state: "active" });

  const one = await follow(first, "incidents/1", opened.seq);
  expect(await one.next()).toMatchObject({ type: "subscribed", seq: opened.seq, recovered: true });
  await call(first, "POST alerts/incidents/1/acknowledge", {});
  const acknowledged = await incident(one, ({ acknowledged_at }) => acknowledged_at !== null);
  expect(acknowledged).toMatchObject({ acknowledged_by: "anonymous", seq: opened.seq + 1 });
  await call(first, "POST alerts/incidents/1/assign", { to: "Ann" });
  expect(await incident(one, () => true)).toMatchObject({ assigned_to: "Ann" });
  await call(first, "POST alerts/incidents/1/note", { text: "It is the courier." });
  expect(await incident(one, () => true)).toMatchObject({ note_count: 1 });
  const { incident: snoozed } = await call(first, "POST alerts/incidents/1/snooze", { for: "1h" });
  expect(await incident(all, ({ snoozed_until }) => snoozed_until !== null)).toMatchObject({
    ...{ acknowledged_by: "anonymous", assigned_to: "Ann", note_count: 1 },
    seq: (snoozed as { seq: number }).seq,
  });

  const { silence } = await call(first, "POST alerts/silences", { app_id: "shop", for: "2h" });
  const { id: silenceId, until: silencedUntil } = silence as { id: number; until: string };
  expect(await incident(one, ({ silenced_until }) => silenced_until !== null)).toMatchObject({
    silenced_until: silencedUntil,
  });
  await call(first, `DELETE alerts/silences/${silenceId}`);
  expect(await incident(one, () => true)).toMatchObject({ silenced_until: null });

  // Of all that was missed the last change is sent, once, and the answers say where they are.
  const listed = await call(first, "GET alerts/incidents");
  await using second = await first.restart();
  const resumed = await follow(second, "apps/shop/incidents", acknowledged.seq);
  expect(await resumed.next()).toMatchObject({ seq: acknowledged.seq, recovered: true });
  expect(await resumed.next()).toMatchObject({ seq: listed.incident_seq, incident: { note_count: 1 } });
  const late = await follow(second, "incidents", 99);
  expect(await late.next()).toMatchObject({ seq: listed.incident_seq, recovered: false });

  const rpc = createClient(
    AlertService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${second.grpcPort}` }),
  );
  const stop = new AbortController();
  const stream = await fetch(
    `${second.url}/api/stream?topic=incidents/1&after=${String(listed.incident_seq)}`,
    {
      signal: stop.signal,
    },
  );
  await call(second, "POST triage", { action: "resolve", incident: 1 });
  const ended = await incident(resumed, ({ state }) => state === "closed");
  expect(ended).toMatchObject({ reason: "closed_by_people", closed_at: expect.any(String) });
  let text = "";
  for await (const chunk of stream.body!) {
    text += new TextDecoder().decode(chunk);
    if (text.includes('"state":"closed"')) break;
  }
  stop.abort();
  expect(text).toContain(`id: ${ended.seq}\nevent: incident\ndata: {"id":1,`);
  for await (const { item } of rpc.watchIncidents({ topic: "incidents", afterSeq: BigInt(ended.seq - 1) })) {
    if (item.case !== "batch") continue;
    expect(item.value.incidents).toMatchObject([
      { id: 1n, seq: BigInt(ended.seq), rule: "stuck", assignedTo: "Ann", noteCount: 1 },
    ]);
    break;
  }
  expect(other.waiting).toBe(0);
  for (const client of [all, other, one, resumed, late]) client.close();
});

test("an answer that was lost loses no change, and what is deleted is not resumed", async () => {
  await using alerting = await startAlerting([{ type: "topic" }]);
  const { store, queries } = alerting.opened;
  const got: number[] = [];
  const ended = alerting.incidents.subscribe({ name: "incidents", incidents: true }, undefined, {
    subscribed: () => {},
    events: (items) => {
      got.push(...items.map(({ json }) => JSON.parse(json).note_count));
      return undefined;
    },
    failed: (error) => {
      throw error;
    },
  });
  let lost = 0;
  await alerting.restart({
    store: {
      ...store,
      async careForIncident(record, by) {
        const seq = await store.careForIncident(record, by);
        if (lost++ === 0) throw new Error("the answer was lost");
        return seq;
      },
    },
  });
  await alerting.stick(1);
  await until(async () => (await queries.alertIncident(1)) !== undefined);
  await expect(alerting.alerts.care(1, { type: "note", text: "one" }, author)).rejects.toThrow("lost");
  await alerting.alerts.care(1, { type: "note", text: "two" }, author);
  await until(
    () => got.includes(2),
    () => `got ${got}`,
  );
  ended();

  const { seq } = (await queries.alertIncident(1))!;
  expect(await queries.incidentHistory({ after: 0, upTo: seq })).toMatchObject({
    incidents: [{ id: 1, seq, noteCount: 2 }],
    ...{ to: seq, prunedTo: 0 },
  });
  await alerting.release();
  await until(async () => ((await queries.alertIncident(1))?.closedAt ?? 0) > 0);
  await store.pruneAlerts(nowMicros() + 1_000_000);
  const last = await queries.lastIncidentSeq();
  expect(await queries.incidentHistory({ after: 0, upTo: last })).toEqual({
    ...{ incidents: [], to: last, prunedTo: last },
  });
});

test("a key for some apps gets the incidents of these only", async () => {
  await using mars = await startMars({ adminKey });
  const as = (token: string, request: string, body?: object) => keyCall(mars, request, token, body);
  const key = { kind: "ro", apps: ["shop"], name: "shop's" };
  const token = String((await as(adminKey, "POST /api/keys", key)).body.token);
  await as(adminKey, "PUT /api/alerts/sinks/live", { type: "topic" });
  await as(adminKey, "PUT /api/alerts/rules/stuck", { sinks: ["live"] });
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  const stream = await fetch(`${mars.url}/api/stream?topic=incidents&after=0`, {
    headers,
    signal: stop.signal,
  });
  for (const app of ["other", "shop"]) {
    await as(adminKey, `PUT /api/apps/${app}/lifecycle`, lifecycle);
    await as(adminKey, "POST /api/event", { app_id: app, message_id: "m", event: "PAID" });
    await until(async () => {
      const { body } = await as(adminKey, `GET /api/alerts/incidents?app_id=${app}`);
      return (body.incidents as unknown[]).length === 1;
    });
  }
  let text = "";
  for await (const chunk of stream.body!) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("event: incident")) break;
  }
  stop.abort();
  expect(new Set([...text.matchAll(/"app_id":"(\w+)"/g)].map(([, app]) => app))).toEqual(new Set(["shop"]));
  const refused = await fetch(`${mars.url}/api/stream?topic=apps/other/incidents`, { headers });
  expect(refused.status).toBe(403);
});
