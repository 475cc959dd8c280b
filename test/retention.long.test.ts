import { expect, test } from "bun:test";
import { LiveClient } from "./support/live-client.ts";
import { startMars } from "./support/mars.ts";
import { getJson, messageUrl, send, statsWhen } from "./support/rest.ts";
import { until } from "./support/until.ts";

const old = { app_id: "kept", message_id: "old", event: "CREATED" };

/** Waits until the message is gone. */
async function gone(url: string): Promise<void> {
  const end = Date.now() + 15_000;
  while ((await fetch(messageUrl(url, old.app_id, old.message_id))).status !== 404) {
    if (Date.now() > end) throw new Error("retention did not take the message");
    await Bun.sleep(20);
  }
}

test("a message goes when no event of it came for the retention time, however old its events say they are", async () => {
  await using mars = await startMars({ retentionMs: 1_500 });
  const seq = await send(mars.url, { ...old, created_at: "2001-01-01T00:00:00Z" });
  const url = `${messageUrl(mars.url, old.app_id, old.message_id)}?min_seq=${seq}`;
  const { events } = await getJson<{ events: { received_at: string }[] }>(url);
  await gone(mars.url);
  expect(Date.now() - Date.parse(events[0]!.received_at)).toBeGreaterThanOrEqual(1_500);
});

test("a subscriber who asks for what retention has taken gets `recovered: false`, and what comes next", async () => {
  await using mars = await startMars({ retentionMs: 400 });
  const seq = await send(mars.url, old);
  await statsWhen(mars.url, ({ store }) => store.stored_seq >= seq);
  await gone(mars.url);

  const client = await LiveClient.open(mars);
  client.send({ type: "subscribe", topic: "all", after: 0 });
  expect(await client.next()).toEqual({ type: "subscribed", topic: "all", seq, recovered: false });
  await send(mars.url, { ...old, event: "AGAIN" });
  expect(await client.next()).toMatchObject({ type: "event", seq: seq + 1, event: { event: "AGAIN" } });
  await client.close();
});

test("retention that is off keeps everything", async () => {
  await using mars = await startMars({ retentionMs: 0 });
  const seq = await send(mars.url, { ...old, created_at: "1999-01-01T00:00:00Z" });
  expect(await getJson(`${messageUrl(mars.url, old.app_id, old.message_id)}?min_seq=${seq}`)).toMatchObject({
    event_count: 1,
  });
});

test("a message stays until its deadline has been judged, and its finding could be read for as long", async () => {
  const retentionMs = 800;
  await using mars = await startMars({ retentionMs });
  const stages = [{ event: "CREATED" }, { event: "PAID", within: "1600ms" }];
  const response = await fetch(`${mars.url}/api/apps/kept/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stages, complete_on: ["PAID"], grace: "0s" }),
  });
  expect(response.status).toBe(200);
  const live = await LiveClient.open(mars);
  await live.subscribe("findings", 0);
  await send(mars.url, old);
  expect((await live.next()).finding).toMatchObject({ kind: "missing", stage: "PAID" });
  const raisedAt = Date.now();
  await gone(mars.url);
  expect(Date.now() - raisedAt).toBeGreaterThanOrEqual(retentionMs - 50);
  await live.close();
});

async function put(url: string, app: string, retention: string): Promise<void> {
  const response = await fetch(`${url}/api/apps/${app}/retention`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ retention }),
  });
  expect(await response.json()).toEqual({ success: true, retention, own: true });
}

const exists = async (url: string, app: string) => (await fetch(messageUrl(url, app, "old"))).status === 200;

test("an app's own retention is shorter or longer than that of others, also after a restart", async () => {
  await using mars = await startMars({ retentionMs: 1_000 });
  await put(mars.url, "long", "1d");
  await put(mars.url, "ever", "off");
  for (const app_id of ["kept", "long", "ever"]) await send(mars.url, { ...old, app_id });
  await gone(mars.url);
  expect([await exists(mars.url, "long"), await exists(mars.url, "ever")]).toEqual([true, true]);
  await using again = await mars.restart({ retentionMs: 0 });
  expect(await getJson(`${again.url}/api/apps/long/retention`)).toEqual({ retention: "1d", own: true });
  expect(await getJson(`${again.url}/api/apps/kept/retention`)).toEqual({ retention: "off", own: false });
  await send(again.url, old);
  await put(again.url, "long", "1s");
  await until(async () => !(await exists(again.url, "long")));
  expect([await exists(again.url, "kept"), await exists(again.url, "ever")]).toEqual([true, true]);
});

test("an app that gives up its own retention goes by that of others again", async () => {
  await using mars = await startMars({ retentionMs: 1_000 });
  await put(mars.url, "kept", "1d");
  await send(mars.url, { ...old, app_id: "other" });
  await send(mars.url, old);
  // The pass over all apps has been beyond it, by then.
  await until(async () => !(await exists(mars.url, "other")));
  expect(await exists(mars.url, "kept")).toBe(true);
  const answer = await fetch(`${mars.url}/api/apps/kept/retention`, { method: "DELETE" });
  expect(await answer.json()).toEqual({ success: true, retention: "1s", own: false });
  await gone(mars.url);
});

test("a retention of its own takes nothing of an app that is still owed", async () => {
  await using mars = await startMars({ retentionMs: 0 });
  await put(mars.url, "kept", "1s");
  const stages = [{ event: "CREATED" }, { event: "PAID", within: "2s" }];
  await fetch(`${mars.url}/api/apps/kept/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stages, complete_on: ["PAID"], grace: "0s" }),
  });
  const live = await LiveClient.open(mars);
  await live.subscribe("findings", 0);
  await send(mars.url, old);
  expect((await live.next()).finding).toMatchObject({ kind: "missing", stage: "PAID" });
  expect(await exists(mars.url, "kept")).toBe(true);
  await gone(mars.url);
});
