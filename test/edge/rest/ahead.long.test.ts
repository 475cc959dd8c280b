/** Events dated ahead of their receipt, through the front door: kept, marked, and counted as of their receipt. */
import { expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { MessageService } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { LiveClient } from "../../support/live-client.ts";
import { startMars } from "../../support/mars.ts";
import { getJson, messageUrl, send, sendBulk, statsWhen } from "../../support/rest.ts";
import { until } from "../../support/until.ts";
import { get, type Json } from "./client.ts";

const hour = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * hour).toISOString();
const rounded = (ms: number) => Math.round(ms / hour);

test("an event from ahead is kept as it came, marked in every answer, and moves nothing into the future", async () => {
  await using mars = await startMars();
  const live = await LiveClient.open(mars);
  await live.subscribe("apps/shop");
  const created_at = inHours(5);
  const of = { app_id: "shop", message_id: "m" };
  await send(mars.url, { ...of, event: "SENT", created_at });
  const frame = await live.next();
  expect(frame.event).toMatchObject({ event: "SENT", created_at: created_at.replace("Z", "000Z") });
  expect(rounded(frame.event.ahead_by_ms)).toBe(5);
  // Dated ahead by less than is tolerated.
  const near = new Date(Date.now() + 60_000).toISOString();
  const seq = await sendBulk(mars.url, [
    { ...of, event: "PAID" },
    { app_id: "near", message_id: "n", event: "SENT", created_at: near },
  ]);
  expect((await live.next()).event).not.toHaveProperty("ahead_by_ms");

  const message = await getJson<Json>(`${messageUrl(mars.url, "shop", "m")}?min_seq=${seq}`);
  expect(message).toMatchObject({ skewed: true, last_event: "PAID", stages: ["SENT", "PAID"] });
  // Its events stay in the order of what they say.
  expect(message.events.map(({ event }: Json) => event)).toEqual(["PAID", "SENT"]);
  const [paid, sent] = message.events;
  expect(rounded(sent.ahead_by_ms)).toBe(5);
  expect(paid).not.toHaveProperty("ahead_by_ms");
  expect([message.created_at, message.updated_at]).toEqual([sent.received_at, paid.created_at]);
  const { messages } = await getJson<Json>(`${mars.url}/api/messages`);
  expect(messages.map(({ app_id, skewed }: Json) => [app_id, skewed])).toEqual([
    ["near", undefined],
    ["shop", true],
  ]);

  const rpc = createClient(MessageService, createConnectTransport({ baseUrl: mars.url, httpVersion: "1.1" }));
  const answer = await rpc.getMessage({ appId: "shop", messageId: "m" });
  expect(answer.message?.summary?.skewed).toBe(true);
  expect(rounded(Number(answer.message?.events[1]?.aheadBy?.seconds) * 1_000)).toBe(5);

  const app = async () => (await getJson<Json>(`${mars.url}/api/apps`)).apps.at(-1);
  await until(async () => (await app())?.events === 2);
  expect(await app()).toMatchObject({ last_event: "PAID", last_event_at: paid.created_at, events_ahead: 1 });
  const rates = await getJson<Json>(`${mars.url}/api/apps/shop/rates?since=5m`);
  expect(rates.stages.map(({ event }: Json) => event).sort()).toEqual(["PAID", "SENT"]);
  expect((await statsWhen(mars.url, () => true)).events_ahead).toBe(1);
  expect(JSON.stringify((await get(`${mars.url}/readyz`)).body)).toContain("dated ahead of their receipt");
});

test("a deadline runs from the receipt of an event from ahead, and such an event meets one by its receipt", async () => {
  await using mars = await startMars();
  const put = await get(`${mars.url}/api/apps/shop/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      stages: [{ event: "SENT" }, { event: "SEEN", after: "SENT", within: "100ms" }],
      complete_on: ["SEEN"],
      grace: "0s",
    }),
  });
  expect(put.status).toBe(200);
  await sendBulk(mars.url, [
    { app_id: "shop", message_id: "missing", event: "SENT", created_at: inHours(5) },
    { app_id: "shop", message_id: "done", event: "SENT", created_at: inHours(-5) },
    { app_id: "shop", message_id: "done", event: "SEEN", created_at: inHours(7) },
  ]);
  const findings = async () => (await getJson<Json>(`${mars.url}/api/findings?app_id=shop`)).findings;
  await until(async () => (await findings()).length === 2);
  const [late, missing] = (await findings()).sort((a: Json, b: Json) => (a.kind < b.kind ? -1 : 1));
  expect([missing.kind, missing.message_id]).toEqual(["missing", "missing"]);
  expect([late.kind, late.message_id, rounded(late.late_by_ms)]).toEqual(["late", "done", 5]);
});

test("the mark of an event stays when another tolerance is set", async () => {
  await using mars = await startMars();
  const seq = await send(mars.url, {
    app_id: "shop",
    message_id: "m",
    event: "SENT",
    created_at: inHours(1),
  });
  await get(`${mars.url}/api/messages?min_seq=${seq}`);
  await using again = await mars.restart({ skewMaxMs: 2 * hour });
  const later = await send(again.url, {
    app_id: "shop",
    message_id: "n",
    event: "SENT",
    created_at: inHours(1),
  });
  const { messages } = await getJson<Json>(`${again.url}/api/messages?order=updated&min_seq=${later}`);
  expect(messages.map(({ message_id, skewed }: Json) => [message_id, skewed])).toEqual([
    ["n", undefined],
    ["m", true],
  ]);
});

test("a report from ahead proves when its event had happened, whichever of its repeats counts", async () => {
  await using mars = await startMars();
  const put = await get(`${mars.url}/api/apps/shop/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stages: [{ event: "SENT" }], complete_on: ["SENT"], fail_on: ["LOST"] }),
  });
  expect(put.status).toBe(200);
  const of = (message_id: string, created_at: string) => ({
    ...{ app_id: "shop", message_id, event: "LOST", event_id: "1", created_at },
  });
  // As near as is tolerated, and so behind the receipt of the other report.
  const near = new Date(Date.now() + 60_000).toISOString();
  const findings = async () =>
    (await getJson<Json>(`${mars.url}/api/findings?app_id=shop&min_seq=${seq}`)).findings;
  let seq = await sendBulk(mars.url, [of("ahead first", inHours(5)), of("ahead last", near)]);
  await until(async () => (await findings()).length === 2);
  seq = await sendBulk(mars.url, [of("ahead first", near), of("ahead last", inHours(5))]);

  const found = Map.groupBy(await findings(), ({ message_id }: Json) => message_id);
  for (const message_id of ["ahead first", "ahead last"]) {
    const { events, ...message } = await getJson<Json>(
      `${messageUrl(mars.url, "shop", message_id)}?min_seq=${seq}`,
    );
    expect(events).toMatchObject([{ created_at: near.replace("Z", "000Z"), duplicates: 1 }]);
    expect(message).toMatchObject({ state: "failed", skewed: true });
    // Both had happened a minute before the time that they say.
    expect(Math.round(events[0].ahead_by_ms / 10_000)).toBe(6);
    expect(found.get(message_id)).toMatchObject([{ kind: "failed", due_at: message.created_at }]);
  }
});
