/** One answer is bounded in bytes, for every size of a message, and all of it can be read in pages, both ways. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { toBinary } from "@bufbuild/protobuf";
import { EventOrder, GetMessageResponseSchema } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { messageUrl, type RestEvent, sendBulk, statsWhen } from "../../support/rest.ts";
import { rpcClients, transports } from "../rpc/clients.ts";
import { get, type Json } from "./client.ts";

/** An answer's bytes: 1 MiB of events as they are kept, and what JSON and the summary add. */
const answerBytesMax = 1.6 * 1024 * 1024;

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
}, 30_000);
afterAll(() => mars[Symbol.asyncDispose]());

async function store(events: readonly RestEvent[]): Promise<void> {
  // A request has 8 MiB at most.
  for (let at = 0; at < events.length; at += 800) await sendBulk(mars.url, events.slice(at, at + 800));
  await statsWhen(mars.url, ({ store }) => store.behind === 0);
}

async function pageOf(messageId: string, query: string): Promise<Json> {
  const response = await fetch(`${messageUrl(mars.url, "app", messageId)}?${query}`);
  const text = await response.text();
  expect([response.status, text.length < answerBytesMax]).toEqual([200, true]);
  return JSON.parse(text) as Json;
}

async function pagesOf(messageId: string, query: string): Promise<Json[]> {
  const pages: Json[] = [];
  for (let cursor = ""; ; ) {
    const page = await pageOf(messageId, `${query}${cursor && `&cursor=${cursor}`}`);
    pages.push(page);
    if (page.next_cursor === null) return pages;
    expect(page.events.length).toBeGreaterThan(0);
    cursor = page.next_cursor;
  }
}

const eventsOf = (pages: readonly Json[]): Json[] => pages.flatMap(({ events }) => events);
const second = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString();

test("every event of a long message is reached, from either end", async () => {
  const message = { app_id: "app", message_id: "long" };
  const events = Array.from({ length: 12_000 }, (_, n) => ({
    ...message,
    event: `s${n % 3}`,
    // Three of one time each, so that pages end between them.
    created_at: second(Math.floor(n / 3)),
  }));
  await store([...events, { ...message, event: "final", created_at: second(10_000) }]);
  const oldest = await pagesOf("long", "");
  const names = eventsOf(oldest).map(({ event, created_at }) => `${created_at} ${event}`);
  expect(names.length).toBe(12_001);
  expect(names).toEqual([...new Set(names)].sort());
  expect(oldest.map(({ event_count, last_event }) => [event_count, last_event])).toEqual(
    oldest.map(() => [12_001, "final"]),
  );
  const newest = await pagesOf("long", "order=newest&limit=5000");
  expect(newest[0]!.events[0].event).toBe("final");
  expect(eventsOf(newest).reverse()).toEqual(eventsOf(oldest));
  const { events: last } = await pageOf("long", "order=newest&limit=1");
  expect(last).toMatchObject([{ event: "final" }]);
}, 60_000);

test("large attributes make pages short, over gRPC too", async () => {
  const message = { app_id: "app", message_id: "heavy", event: "s" };
  const attributes = { text: 'x"'.repeat(2_700) };
  await store(Array.from({ length: 500 }, (_, n) => ({ ...message, created_at: second(n), attributes })));
  for (const query of ["", "order=newest", "limit=10000"]) {
    const pages = await pagesOf("heavy", query);
    expect(pages.length).toBeGreaterThan(2);
    expect(eventsOf(pages).length).toBe(500);
  }
  const { messages } = rpcClients(transports[0]![1](mars));
  const seqs = new Set<bigint>();
  for (let cursor = ""; ; ) {
    const request = { appId: "app", messageId: "heavy", order: EventOrder.NEWEST, cursor };
    const { message, nextCursor } = await messages.getMessage(request);
    for (const { seq } of message!.events) seqs.add(seq);
    if (nextCursor === "") break;
    cursor = nextCursor;
  }
  expect(seqs.size).toBe(500);
}, 30_000);

test("an answer over gRPC fits into what clients take by default", async () => {
  const message = { app_id: "app", message_id: "numbers", event: "s" };
  const attributes = { n: Array.from({ length: 4_000 }, () => 1) };
  await store(Array.from({ length: 200 }, (_, n) => ({ ...message, created_at: second(n), attributes })));
  const { messages } = rpcClients(transports[0]![1](mars));
  const response = await messages.getMessage({ appId: "app", messageId: "numbers" });
  expect(toBinary(GetMessageResponseSchema, response).length).toBeLessThan(4 * 1024 * 1024);
  expect(response.nextCursor).not.toBe("");
});

test("what a summary lists is bounded, and says when it is not all", async () => {
  const message = { app_id: "app", message_id: "many names" };
  await store(
    Array.from({ length: 3_000 }, (_, n) => ({
      ...message,
      event: n < 300 ? `stage ${n}` : "more",
      external_id: `${n} ${"x".repeat(480)}`,
      created_at: second(n),
    })),
  );
  await store([{ app_id: "app", message_id: "few names", event: "a", external_id: "x" }]);
  for (const summary of [
    await pageOf("many names", "limit=1&order=newest"),
    (await get(`${mars.url}/api/messages?message_id=many+names`)).body.messages[0],
  ]) {
    const { stages, external_ids, partial, event_count, last_event } = summary;
    expect([stages.length, external_ids.length, partial, event_count, last_event]).toEqual([
      256,
      256,
      true,
      3_000,
      "more",
    ]);
    expect(external_ids).toEqual([...external_ids].sort());
  }
  const { body } = await get(`${mars.url}/api/messages?message_id=few+names`);
  expect("partial" in body.messages[0]).toBe(false);
});

test("a page of a list is bounded in bytes, and goes on where it ended", async () => {
  const names = Array.from({ length: 30 }, (_, n) => `wide ${n}`);
  for (const message_id of names) {
    await store(
      Array.from({ length: 256 }, (_, n) => ({
        app_id: "wide",
        message_id,
        event: `${n}`,
        external_id: `${n} ${"x".repeat(400)}`,
      })),
    );
  }
  const seen: string[] = [];
  let pages = 0;
  for (let cursor = ""; ; pages++) {
    const response = await fetch(
      `${mars.url}/api/messages?app_id=wide&limit=1000${cursor && `&cursor=${cursor}`}`,
    );
    const text = await response.text();
    expect(text.length).toBeLessThan(answerBytesMax);
    const page = JSON.parse(text) as Json;
    seen.push(...page.messages.map((message: Json) => message.message_id));
    if (page.next_cursor === null) break;
    cursor = page.next_cursor;
  }
  expect(seen).toEqual(names.toReversed());
  expect(pages).toBeGreaterThan(1);
}, 30_000);

test("a cursor is good for the order that it was made for", async () => {
  const page = await pageOf("long", "limit=10");
  const { status, body } = await get(
    `${messageUrl(mars.url, "app", "long")}?order=newest&cursor=${page.next_cursor}`,
  );
  expect([status, body.errors[0].field]).toEqual([422, "cursor"]);
});

test("at equal times the lifecycle's order decides, by itself and in lists", async () => {
  const lifecycle = {
    stages: [
      { event: "processed" },
      { event: "delivered", after: "processed", within: "1h" },
      { event: "click", after: "delivered", within: "1h" },
    ],
    complete_on: ["click"],
    fail_on: ["bounced"],
  };
  const put = await fetch(`${mars.url}/api/apps/mail/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(lifecycle),
  });
  expect(put.status).toBe(200);
  const time = "2026-03-01T10:00:05Z";
  const message = { app_id: "mail", message_id: "one second", created_at: time };
  const order = ["annotated", "processed", "delivered", "click", "bounced"];
  const seq = await sendBulk(
    mars.url,
    order.toReversed().map((event) => ({ ...message, event })),
  );
  await statsWhen(mars.url, ({ projector }) => projector.projected_seq >= seq);
  const one = (await get(messageUrl(mars.url, "mail", "one second"))).body;
  expect(one.events.map(({ event }: Json) => event)).toEqual(order);
  const [listed] = (await get(`${mars.url}/api/messages?app_id=mail`)).body.messages;
  for (const { stages, last_event } of [one, listed])
    expect([stages, last_event]).toEqual([order, "bounced"]);
});
