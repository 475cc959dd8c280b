/** Messages that their lifecycle gives up, through the front door. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";
import { getJson, messageUrl, send } from "../../support/rest.ts";
import { get, type Json } from "./client.ts";

let mars: TestMars;
let receiver: Receiver;
beforeAll(async () => {
  mars = await startMars({ alertAllow: ["127.0.0.1"] });
  receiver = startReceiver();
});
afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

function put(path: string, body: unknown) {
  const headers = { "content-type": "application/json" };
  return get(`${mars.url}/api/${path}`, { method: "PUT", body: JSON.stringify(body), headers });
}

const lifecycle = {
  stages: [
    { event: "A" },
    { event: "B", after: "A", within: "1s" },
    { event: "C", after: "A", within: "1h" },
  ],
  complete_on: ["B"],
  grace: "0ms",
};

async function appMessages(app: string): Promise<Json> {
  const { apps } = await getJson<Json>(`${mars.url}/api/apps`);
  return apps.find(({ app_id }: Json) => app_id === app).messages;
}

test("a message that is overdue for too long is abandoned, and judged by its events when they come after all", async () => {
  const made = await put("apps/shop/lifecycle", { ...lifecycle, give_up: "3s" });
  expect(made).toMatchObject({ status: 200, body: { lifecycle: { give_up: "3s" } } });
  await put("alerts/sinks/hook", { type: "webhook", url: receiver.url });
  await put("alerts/rules/stuck", { sinks: ["hook"], app_id: "shop", window: "1s" });
  const live = await LiveClient.open(mars);
  await live.subscribe("apps/shop/findings");
  const at = Date.now() - 2_000;
  const time = (seconds: number) => new Date(at + seconds * 1_000).toISOString();
  const of = { app_id: "shop", message_id: "m" };
  await send(mars.url, { ...of, event: "A", created_at: new Date(at).toISOString() });

  const missing = { message_id: "m", kind: "missing", stage: "B" };
  expect((await live.next()).finding).toMatchObject({ ...missing, state: "current", ended_by: null });
  const ended = (await live.next()).finding as Json;
  expect(ended).toMatchObject({ ...missing, state: "retracted", ended_by: "abandoned", late_by_ms: null });
  const abandoned = { message_id: "m", kind: "abandoned", stage: "B", state: "current" };
  expect((await live.next()).finding).toMatchObject({ ...abandoned, due_at: `${time(1).slice(0, -1)}000Z` });

  const message = await getJson<Json>(messageUrl(mars.url, "shop", "m"));
  expect(message).toMatchObject({ state: "abandoned", overdue_since: null });
  expect(message.lifecycle.abandoned_at).toBe(`${time(4).slice(0, -1)}000Z`);
  expect(message.lifecycle.stages.map(({ status }: Json) => status)).toEqual([
    "done",
    "unreached",
    "unreached",
  ]);
  const list = await getJson<Json>(`${mars.url}/api/messages?app_id=shop&state=abandoned`);
  expect(list.messages.map(({ message_id, state }: Json) => [message_id, state])).toEqual([
    ["m", "abandoned"],
  ]);
  expect((await getJson<Json>(`${mars.url}/api/overdue?app_id=shop`)).overdue).toEqual([]);
  expect((await getJson<Json>(`${mars.url}/api/overdue/groups?app_id=shop`)).groups).toEqual([]);
  expect(await appMessages("shop")).toMatchObject({ open: 0, overdue: 0, abandoned: 1 });
  const { stages } = await getJson<Json>(`${mars.url}/api/apps/shop/funnel?since=1h`);
  expect(stages.map(({ never }: Json) => never.count)).toEqual([0, 1, 1]);

  // What it was about has not come: the incident is closed, and not resolved.
  const [, closed] = (await receiver.count(2)).map(({ body }) => JSON.parse(body) as Json);
  expect(closed).toMatchObject({
    type: "incident.closed",
    data: { incident: { reason: "abandoned", count: 0, abandoned: 1 } },
  });
  expect(JSON.stringify(closed)).toContain("1 message stuck at A → B abandoned, as the lifecycle gives up");

  await send(mars.url, { ...of, event: "B", created_at: time(5) });
  const changes = [await live.next(), await live.next()].map(({ finding }) => finding as Json);
  expect(changes.map(({ kind, state, ended_by }) => [kind, state, ended_by])).toEqual([
    ["abandoned", "retracted", null],
    ["late", "current", null],
  ]);
  expect((await getJson<Json>(messageUrl(mars.url, "shop", "m"))).state).toBe("complete");
  expect(await appMessages("shop")).toMatchObject({ abandoned: 0, complete: 1 });
});

test("the time after which a lifecycle gives up has bounds", async () => {
  for (const give_up of ["0ms", "366d", "soon", 5]) {
    expect(await put("apps/bounds/lifecycle", { ...lifecycle, give_up })).toMatchObject({
      status: 422,
      body: { errors: [{ field: "give_up" }] },
    });
  }
  expect((await put("apps/bounds/lifecycle", { ...lifecycle, give_up: "365d" })).status).toBe(200);
});
