/** Messages of several apps that belong together: one answer, one time axis, one topic. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { adminKey, call } from "../../access/doors.ts";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { mulberry32 } from "../../support/random.ts";
import { type RestEvent, send, sendBulk } from "../../support/rest.ts";
import { get, type Json } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
}, 30_000);
afterAll(() => mars[Symbol.asyncDispose]());

const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString();
const journeyUrl = (name: string, query = "") => `/api/journeys/${encodeURIComponent(name)}?${query}`;

test("a journey has the messages of all apps, and their events by time", async () => {
  const name = "order/7 é";
  await sendBulk(mars.url, [
    { app_id: "shop", message_id: "o-7", event: "ORDERED", created_at: at(0), external_id: name },
    { app_id: "payments", message_id: "p-1", event: "AUTHORIZED", created_at: at(1) },
    { app_id: "shop", message_id: "o-7", event: "SHIPPED", created_at: at(3) },
    { app_id: "payments", message_id: "p-1", event: "CAPTURED", created_at: at(2), external_id: name },
    { app_id: "stock", message_id: "other", event: "PICKED", created_at: at(1), external_id: "order/8" },
  ]);
  const seq = await send(mars.url, {
    ...{ app_id: "stock", message_id: "s-1", event: "PICKED", created_at: at(2) },
    ...{ external_id: name, parent_id: "wave-3" },
  });
  const { status, body } = await get(mars.url + journeyUrl(name, `min_seq=${seq}`));
  expect([status, body.external_id, body.as_of_seq, body.next_cursor]).toEqual([200, name, seq, null]);
  expect(body.messages.map((one: Json) => [one.app_id, one.message_id, one.state, one.parent_id])).toEqual([
    ["payments", "p-1", "untracked", null],
    ["shop", "o-7", "untracked", null],
    ["stock", "s-1", "untracked", "wave-3"],
  ]);
  expect(body.events.map((one: Json) => [one.app_id, one.message_id, one.event])).toEqual([
    ["shop", "o-7", "ORDERED"],
    ["payments", "p-1", "AUTHORIZED"],
    ["payments", "p-1", "CAPTURED"],
    ["stock", "s-1", "PICKED"],
    ["shop", "o-7", "SHIPPED"],
  ]);
  expect((await get(mars.url + journeyUrl("order/9"))).status).toBe(404);
});

test("its events come in pages, each once and in order, with equal times among messages", async () => {
  const random = mulberry32(7);
  const events = Array.from({ length: 700 }, (_, n): RestEvent => {
    const message = n % 13;
    return {
      ...{ app_id: `app-${message % 3}`, message_id: `m-${message}`, event: `E${n}` },
      ...{ created_at: at(100 + Math.floor(random() * 60)), external_id: "paged" },
      ...(n % 2 === 0 && { event_id: `id-${n}` }),
    };
  });
  const seq = await sendBulk(mars.url, events);
  const found: Json[] = [];
  for (let cursor = ""; ; ) {
    const query = `limit=37&min_seq=${seq}${cursor && `&cursor=${cursor}`}`;
    const { body } = await get(mars.url + journeyUrl("paged", query));
    expect([body.messages.length, body.partial]).toEqual([13, undefined]);
    found.push(...body.events);
    if (body.next_cursor === null) break;
    expect(body.events.length).toBe(37);
    cursor = body.next_cursor;
  }
  const key = (one: Json | RestEvent) => [one.created_at, one.app_id, one.message_id, one.event].join(" ");
  const micros = (one: RestEvent) => ({ ...one, created_at: one.created_at!.replace("Z", "000Z") });
  expect(found.map(key)).toEqual(events.map(micros).map(key).sort());
});

test("of more than a thousand messages those are looked at that began first, and the answer says so", async () => {
  const events = Array.from({ length: 1_001 }, (_, n) => {
    return { app_id: "many", message_id: `m-${n}`, event: "E", created_at: at(n), external_id: "popular" };
  });
  await sendBulk(mars.url, events.slice(1));
  // The last to begin, with the earliest time.
  const seq = await sendBulk(mars.url, events.slice(0, 1));
  const { body } = await get(mars.url + journeyUrl("popular", `min_seq=${seq}`));
  expect([body.messages.length, body.partial, body.events.length]).toEqual([1_000, true, 1_000]);
  expect(body.events[0].message_id).toBe("m-1");
});

test("a caller sees the messages of its apps only, and no others in the topic", async () => {
  await using keyed = await startMars({ adminKey });
  const key = { kind: "ro", apps: ["shop-a"], name: "one app" };
  const { token } = (await call(keyed, "POST /api/keys", adminKey, key)).body as { token: string };
  const of = (app_id: string, event: string) => ({ app_id, message_id: "m", event, external_id: "shared" });
  const report = async (...events: RestEvent[]) =>
    (await call(keyed, "POST /api/event/bulk", adminKey, { events })).body.seq;
  const seq = await report(of("shop-a", "A"), of("shop-b", "B"));
  const { status, body } = await call(keyed, `GET ${journeyUrl("shared", `min_seq=${seq}`)}`, token);
  expect([status, body.apps]).toEqual([200, ["shop-a"]]);
  expect((body.messages as Json[]).map(({ app_id }) => app_id)).toEqual(["shop-a"]);
  expect((body.events as Json[]).map(({ event }) => event)).toEqual(["A"]);
  const client = await LiveClient.open(keyed, "/ws", { authorization: `Bearer ${token}` });
  await client.subscribe("journeys/shared", 0);
  await report(of("shop-b", "C"), of("shop-a", "D"));
  expect((await client.events(2)).map(({ event }) => event.event)).toEqual(["A", "D"]);
  await client.answered();
  await client.close();
});

test("its topic has each event once from the one on that made its message a part, live and resumed", async () => {
  const topic = `journeys/${encodeURIComponent("live/1")}`;
  const of = (message: number, event: string, more: object = {}) => ({
    ...{ app_id: `live-${message}`, message_id: `m-${message}`, event, created_at: at(message), ...more },
  });
  const named = { external_id: "live/1" };
  const client = await LiveClient.open(mars);
  expect(await client.subscribe(topic)).toMatchObject({ topic, recovered: true });
  await sendBulk(mars.url, [of(1, "A"), of(2, "A", named), of(3, "A", { external_id: "live/2" })]);
  await sendBulk(mars.url, [of(1, "B", named), of(2, "B"), of(3, "B")]);
  await sendBulk(mars.url, [of(1, "C"), of(1, "C")]);
  const frames = await client.events(4);
  const seen = frames.map(({ event }) => `${event.message_id} ${event.event}`);
  expect(seen).toEqual(["m-2 A", "m-1 B", "m-2 B", "m-1 C"]);
  await client.answered();
  for (const [index, { seq }] of frames.entries()) {
    const again = await LiveClient.open(mars);
    await again.subscribe(topic, seq);
    const rest = await again.events(3 - index);
    expect(rest.map(({ event }) => `${event.message_id} ${event.event}`)).toEqual(seen.slice(index + 1));
    await again.answered();
    await again.close();
  }
  await client.close();
});
