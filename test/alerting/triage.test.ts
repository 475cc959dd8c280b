/** What people end does not alert, and who was notified of it is notified that people have closed it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startMars, type TestMars } from "../support/mars.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { getJson, postJson, sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of all kinds
type Json = any;

let mars: TestMars;
let receiver: Receiver;
beforeAll(async () => {
  mars = await startMars({ alertAllow: ["127.0.0.1"] });
  receiver = startReceiver();
  await put("alerts/sinks/hook", { type: "webhook", url: receiver.url });
});
afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function put(path: string, body: unknown): Promise<void> {
  const response = await fetch(`${mars.url}/api/${path}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect([path, response.status]).toEqual([path, 200]);
}

async function triage(body: Json): Promise<Json> {
  const response = await postJson(`${mars.url}/api/triage`, body);
  expect(response.status).toBe(200);
  return response.json();
}

async function stuck(app: string, from: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => ({
    app_id: app,
    message_id: `m${from + n}`,
    event: "A",
  }));
  await sendBulk(mars.url, events);
  await until(async () => (await overdue(app)).length >= count);
}

async function overdue(app: string): Promise<Json[]> {
  return (await getJson<Json>(`${mars.url}/api/overdue?app_id=${app}`)).overdue;
}

const lifecycle = {
  stages: [{ event: "A" }, { event: "B", within: "1ms" }],
  complete_on: ["B"],
  grace: "0s",
};

test("an incident whose messages people have resolved is closed, and its sink is notified of that", async () => {
  await put("apps/shop/lifecycle", lifecycle);
  await put("alerts/rules/stuck", { sinks: ["hook"], app_id: "shop", window: "1s" });
  await stuck("shop", 0, 3);
  const [opened] = (await receiver.count(1)).map(({ body }) => JSON.parse(body) as Json);
  expect(opened).toMatchObject({ type: "incident.opened", data: { incident: { count: 3, closed: 0 } } });
  const { id } = opened.data.incident;

  // What is acknowledged still counts.
  expect(await triage({ action: "acknowledge", incident: id })).toMatchObject({ matched: 3, changed: 3 });
  const incident = () => getJson<Json>(`${mars.url}/api/alerts/incidents/${id}`);
  expect(await incident()).toMatchObject({ state: "active", figures: { count: 3 } });

  // One comes after all, and people resolve the others.
  await sendBulk(mars.url, [{ app_id: "shop", message_id: "m0", event: "B" }]);
  await until(async () => (await overdue("shop")).length === 2);
  expect(await triage({ action: "resolve", incident: id, note: "by phone" })).toMatchObject({
    matched: 2,
    changed: 2,
    applied: true,
  });
  const [, closed] = (await receiver.count(2)).map(({ body }) => JSON.parse(body) as Json);
  expect(closed).toMatchObject({
    type: "incident.closed",
    data: { incident: { id, reason: "closed_by_people", count: 0, closed: 2 } },
  });
  expect(closed.data.text).toContain("2 messages stuck at A → B resolved or ignored by people");
  expect(await incident()).toMatchObject({ state: "closed", reason: "closed_by_people" });
  expect((await getJson<Json>(`${mars.url}/api/alerts/incidents?state=resolved`)).incidents).toEqual([]);
});

test("what people had ended before does not count for the next incident", async () => {
  await put("apps/next/lifecycle", lifecycle);
  await stuck("next", 0, 2);
  await triage({ action: "ignore", group: { app_id: "next", stage: "B" } });
  await put("alerts/rules/next", { sinks: ["hook"], app_id: "next", window: "1s" });
  await stuck("next", 2, 1);
  const [, , opened] = (await receiver.count(3)).map(({ body }) => JSON.parse(body) as Json);
  expect(opened).toMatchObject({ type: "incident.opened", data: { incident: { count: 1, closed: 0 } } });
  await sendBulk(mars.url, [{ app_id: "next", message_id: "m2", event: "B" }]);
  const [, , , ended] = (await receiver.count(4)).map(({ body }) => JSON.parse(body) as Json);
  expect(ended).toMatchObject({ type: "incident.resolved", data: { incident: { closed: 0 } } });
});

test("what is ignored for good opens no incident when its message runs again, and hides no other", async () => {
  await put("apps/again/lifecycle", { ...lifecycle, reopen_on: ["AGAIN"] });
  await put("alerts/rules/again", { sinks: ["hook"], app_id: "again", at_least: 2, window: "1m" });
  await stuck("again", 0, 1);
  await triage({ action: "ignore", until: "always", app_id: "again", message_id: "m0" });
  await sendBulk(mars.url, [{ app_id: "again", message_id: "m0", event: "AGAIN" }]);
  const found = () => getJson<Json>(`${mars.url}/api/findings?app_id=again&state=any&triage=any`);
  await until(async () => (await found()).findings[0].run === 2);
  expect((await found()).findings[0]).toMatchObject({
    state: "retracted",
    ended_by: "ignored",
    triage: null,
  });
  await stuck("again", 1, 2);
  const [, , , , opened] = (await receiver.count(5)).map(({ body }) => JSON.parse(body) as Json);
  expect(opened).toMatchObject({ type: "incident.opened", data: { incident: { count: 2, closed: 0 } } });
  const { incidents } = await getJson<Json>(`${mars.url}/api/alerts/incidents?app_id=again`);
  expect(incidents).toMatchObject([{ state: "active", figures: { count: 2, closed: 0 } }]);
});
