import { afterAll, beforeAll, expect, test } from "bun:test";
import { LiveClient, report, StubbornClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
});

afterAll(() => mars[Symbol.asyncDispose]());

let ids = 0;

/** A message of its own for each test, so that they do not receive each other's events. */
function newMessage() {
  ids++;
  const [app_id, message_id] = [`app ${ids}`, `m/${ids}`];
  return {
    app_id,
    message_id,
    appTopic: `apps/${encodeURIComponent(app_id)}`,
    topic: `apps/${encodeURIComponent(app_id)}/messages/${encodeURIComponent(message_id)}`,
    timeline: `event_timeline:${message_id}`,
    event: (event: string, more: object = {}) => ({ app_id, message_id, event, ...more }),
    named: (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => ({
        app_id,
        message_id,
        event: `e${from + index}`,
      })),
  };
}

const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `e${from + index}`);

const namesOf = (frames: readonly { event: { event: string } }[]) => frames.map(({ event }) => event.event);

test("an event reaches those who follow its message, its app, its message id, and everything", async () => {
  const message = newMessage();
  const client = await LiveClient.open(mars);
  const topics = [message.topic, message.appTopic, message.timeline, "all"];
  for (const topic of topics) await client.subscribe(topic);
  const other = await LiveClient.open(mars);
  await other.subscribe("apps/other");
  const seq = await report(mars, message.event("created", { created_at: "2026-01-02T03:04:05.678901Z" }));
  const frames = await client.events(4);
  expect(frames.map((frame) => frame.topic).sort()).toEqual([...topics].sort());
  for (const frame of frames) {
    expect(frame.seq).toBe(seq);
    expect(frame.event).toMatchObject({
      app_id: message.app_id,
      message_id: message.message_id,
      event: "created",
      created_at: "2026-01-02T03:04:05.678901Z",
      seq,
      attributes: null,
    });
  }
  await other.answered();
  await Promise.all([client.close(), other.close()]);
});

test("an event that comes again is not published again", async () => {
  const message = newMessage();
  const client = await LiveClient.open(mars);
  await client.subscribe(message.topic);
  const event = message.event("created", { event_id: "1" });
  await report(mars, event, event);
  await report(mars, event);
  await report(mars, message.event("done"));
  expect(namesOf(await client.events(2))).toEqual(["created", "done"]);
  await client.close();
});

test("after a read, subscribing after its as_of_seq misses nothing and repeats nothing", async () => {
  const message = newMessage();
  const seq = await report(mars, ...message.named(1, 5));
  const path = `/api/${message.topic}?min_seq=${seq}`;
  const read = (await (await fetch(mars.url + path)).json()) as { events: object[]; as_of_seq: number };
  expect(read.events).toHaveLength(5);
  await report(mars, ...message.named(6, 9));
  const client = await LiveClient.open(mars);
  const answer = await client.subscribe(message.topic, read.as_of_seq);
  expect(answer).toEqual({ type: "subscribed", topic: message.topic, seq: read.as_of_seq, recovered: true });
  expect(namesOf(await client.events(4))).toEqual(names(6, 9));
  await client.close();
});

test("a subscription after an acknowledged event that is not stored yet begins behind it", async () => {
  const message = newMessage();
  const client = await LiveClient.open(mars);
  const seq = await report(mars, ...message.named(1, 3));
  expect(await client.subscribe(message.topic, seq)).toMatchObject({ seq, recovered: true });
  await report(mars, ...message.named(4, 6));
  expect(namesOf(await client.events(3))).toEqual(names(4, 6));
  await client.close();
});

test("a subscriber that comes during heavy ingest, from any seq, misses nothing and gets nothing twice", async () => {
  const message = newMessage();
  const [rounds, size] = [30, 200];
  const first = (await report(mars, message.event("e0"))) + 1;
  const clients: Promise<string[]>[] = [];
  const follow = async (topic: string, after: number) => {
    const client = await LiveClient.open(mars);
    expect((await client.subscribe(topic, after)).recovered).toBe(true);
    const total = rounds * size - (after - first + 1);
    const got = (await client.events(total)).map((frame) => frame.event.event);
    await client.answered();
    await client.close();
    return got;
  };
  for (let round = 0; round < rounds; round++) {
    const last = await report(mars, ...message.named(round * size + 1, (round + 1) * size));
    if (round % 3 === 0) {
      const topic = [message.topic, message.appTopic, "all"][clients.length % 3]!;
      clients.push(follow(topic, Math.max(first - 1, last - 700)));
    }
  }
  for (const got of await Promise.all(clients)) {
    expect(got).toEqual(names(rounds * size - got.length + 1, rounds * size));
  }
});

test("cut off again and again, a client that resumes has every event once and in order", async () => {
  const message = newMessage();
  const total = 3000;
  let cursor = await report(mars, message.event("e0"));
  const got: string[] = [];
  const reporting = (async () => {
    for (let from = 1; from <= total; from += 100) await report(mars, ...message.named(from, from + 99));
  })();
  for (let cut = 0; got.length < total; cut++) {
    const client = await LiveClient.open(mars);
    expect((await client.subscribe(message.appTopic, cursor)).recovered).toBe(true);
    for (let left = 137 + cut; left > 0 && got.length < total; left--) {
      const [frame] = await client.events(1);
      got.push(frame.event.event);
      cursor = frame.seq;
    }
    await client.close();
  }
  await reporting;
  expect(got).toEqual(names(1, total));
});

test("a restart is announced as such, and a client that resumes has every event once and in order", async () => {
  const message = newMessage();
  let own = await startMars();
  const seqs: number[] = [];
  try {
    const client = await LiveClient.open(own);
    await client.subscribe(message.topic);
    await report(own, ...message.named(1, 10));
    const before = await client.events(10);
    seqs.push(...before.map((frame) => frame.seq));
    await report(own, ...message.named(11, 20));
    const last = before.at(-1)!.seq;
    own = await own.restart();
    expect(await client.closed).toMatchObject({ code: 1012 });
    await report(own, ...message.named(21, 30));
    const again = await LiveClient.open(own);
    expect(await again.subscribe(message.topic, last)).toMatchObject({ seq: last, recovered: true });
    const after = await again.events(20);
    expect(namesOf([...before, ...after])).toEqual(names(1, 30));
    seqs.push(...after.map((frame) => frame.seq));
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    await again.answered();
    await again.close();
  } finally {
    await own[Symbol.asyncDispose]();
  }
});

test("a seq that Mars never gave out is not recovered, and what comes from now on comes", async () => {
  const message = newMessage();
  const client = await LiveClient.open(mars);
  const answer = await client.subscribe(message.topic, 2 ** 50);
  expect(answer.recovered).toBe(false);
  expect(answer.seq).toBeLessThan(2 ** 50);
  await report(mars, message.event("created"));
  expect(namesOf(await client.events(1))).toEqual(["created"]);
  await client.close();
});

test("what is unsubscribed from stops, what is not goes on", async () => {
  const message = newMessage();
  const client = await LiveClient.open(mars);
  await client.subscribe(message.topic);
  await client.subscribe(message.timeline);
  await report(mars, message.event("first"));
  await client.events(2);
  client.send({ type: "unsubscribe", topic: message.topic });
  expect(await client.next()).toEqual({ type: "unsubscribed", topic: message.topic });
  await report(mars, message.event("second"));
  const [frame] = await client.events(1);
  expect(frame.topic).toBe(message.timeline);
  await client.answered();
  client.send({ type: "unsubscribe", topic: message.topic });
  expect(await client.next()).toEqual({ type: "unsubscribed", topic: message.topic });
  await client.close();
});

test("a test event reaches those who follow its message now, and is not stored", async () => {
  const message = newMessage();
  const client = await LiveClient.open(mars);
  await client.subscribe(message.timeline);
  const asked = `${mars.url}/api/test_socket?message_id=${encodeURIComponent(message.message_id)}`;
  expect((await fetch(asked)).status).toBe(200);
  const [frame] = await client.events(1);
  expect(frame).toMatchObject({ topic: message.timeline, seq: 0, event: { message_id: message.message_id } });
  const list = await fetch(`${mars.url}/api/messages?message_id=${encodeURIComponent(message.message_id)}`);
  expect(await list.json()).toMatchObject({ messages: [] });
  await client.close();
});

test("a topic comes back in the client's own spelling", async () => {
  const message = newMessage();
  const client = await LiveClient.open(mars);
  const spelling = message.topic.replace("/app", "/%61pp");
  await client.subscribe(spelling);
  await report(mars, message.event("created"));
  expect((await client.events(1))[0].topic).toBe(spelling);
  client.send({ type: "subscribe", topic: message.topic });
  expect(await client.next()).toMatchObject({
    type: "error",
    code: "invalid_argument",
    topic: message.topic,
  });
  client.send({ type: "unsubscribe", topic: message.topic });
  expect((await client.next()).type).toBe("unsubscribed");
  await client.close();
});

test("a client that asks for batches gets the frames of others as arrays, and answers as they are", async () => {
  const message = newMessage();
  const [batched, plain] = [await LiveClient.open(mars), await LiveClient.open(mars)];
  batched.send({ type: "subscribe", topic: message.appTopic, batch: true });
  expect((await batched.next()).type).toBe("subscribed");
  await plain.subscribe(message.appTopic);
  await report(mars, ...message.named(1, 500));
  const frames = await plain.events(500);
  const batches: object[][] = [];
  while (batches.flat().length < 500) batches.push(await batched.next());
  expect(batches.flat()).toEqual(frames);
  // Some of the 500 are of one commit, and no message is longer than its bound and the brackets.
  expect(batches.length).toBeLessThan(100);
  for (const batch of batches) expect(JSON.stringify(batch).length).toBeLessThan(65 * 1024);
  await Promise.all([batched.close(), plain.close()]);
});

test("a bad frame is answered by an error, and the connection goes on", async () => {
  const client = await LiveClient.open(mars);
  const cases: [frame: unknown, code: string][] = [
    ["{", "malformed"],
    [{ type: "subscribe", topic: "all", batch: 1 }, "invalid_argument"],
    ["[]", "malformed"],
    ["7", "malformed"],
    [{}, "invalid_argument"],
    [{ type: "publish" }, "invalid_argument"],
    [{ type: "subscribe" }, "invalid_argument"],
    [{ type: "subscribe", topic: 7 }, "invalid_argument"],
    [{ type: "subscribe", topic: "rooms/1" }, "invalid_argument"],
    [{ type: "subscribe", topic: "apps/%zz" }, "invalid_argument"],
    [{ type: "subscribe", topic: `apps/${"a".repeat(257)}` }, "invalid_argument"],
    [{ type: "subscribe", topic: "all", after: -1 }, "invalid_argument"],
    [{ type: "subscribe", topic: "all", after: "1" }, "invalid_argument"],
    [{ type: "subscribe", topic: "all", after: 1.5 }, "invalid_argument"],
    [{ type: "unsubscribe" }, "invalid_argument"],
  ];
  for (const [frame, code] of cases) {
    client.send(frame);
    const answer = await client.next();
    expect(answer).toMatchObject({ type: "error", code });
    expect(answer.message).toBeString();
  }
  await client.answered();
  await client.close();
});

test("a client that sends nothing but errors is closed", async () => {
  const client = await LiveClient.open(mars);
  for (let i = 0; i < 150; i++) client.send("{");
  expect(await client.closed).toEqual({ code: 4422, reason: "too many bad frames within a minute" });
});

test("a frame that is too big, or not text, closes the connection with a code that says so", async () => {
  const big = await LiveClient.open(mars);
  big.send({ type: "ping", padding: "x".repeat(64 * 1024) });
  expect((await big.closed).code).toBe(1009);
  const binary = await LiveClient.open(mars);
  binary.sendBytes(new Uint8Array([1, 2, 3]));
  expect(await binary.closed).toMatchObject({ code: 1003 });
});

test("a connection follows 1000 topics and no more", async () => {
  const client = await LiveClient.open(mars);
  for (let i = 0; i < 1000; i++) client.send({ type: "subscribe", topic: `apps/many/messages/${i}` });
  for (let i = 0; i < 1000; i++) expect((await client.next()).type).toBe("subscribed");
  client.send({ type: "subscribe", topic: "apps/many/messages/1000" });
  expect(await client.next()).toMatchObject({ type: "error", code: "overloaded" });
  await report(mars, { app_id: "many", message_id: "999", event: "created" });
  expect(namesOf(await client.events(1))).toEqual(["created"]);
  await client.close();
});

test("a client that does not read for a while delays no other, and then gets everything, in order", async () => {
  const message = newMessage();
  const attributes = { text: "x".repeat(4000) };
  const [stubborn, brisk] = [await StubbornClient.open(mars), await LiveClient.open(mars)];
  stubborn.send({ type: "subscribe", topic: message.topic });
  expect((await stubborn.next()).type).toBe("subscribed");
  await brisk.subscribe(message.topic);
  stubborn.stopReading();
  const total = 6000;
  for (let from = 1; from <= total; from += 500) {
    await report(mars, ...message.named(from, from + 499).map((event) => ({ ...event, attributes })));
  }
  expect(namesOf(await brisk.events(total))).toEqual(names(1, total));
  expect(stubborn.waiting).toBe(0);
  stubborn.readOn();
  const got: string[] = [];
  while (got.length < total) got.push((await stubborn.next()).event.event);
  expect(got).toEqual(names(1, total));
  stubborn.end();
  await brisk.close();
});

test("pages of other origins may not connect, unless they are allowed", async () => {
  const own = new URL(mars.url);
  const open = (from: TestMars, origin: string) => LiveClient.open(from, "/ws", { Origin: origin });
  await (await open(mars, own.origin)).close();
  for (const origin of ["https://evil.example", `http://127.0.0.1:${Number(own.port) + 1}`, "null"]) {
    await expect(open(mars, origin)).rejects.toThrow();
  }
  await using open2 = await startMars({ allowedOrigins: ["https://dash.example"] });
  await (await open(open2, "https://dash.example")).close();
  await expect(open(open2, "https://evil.example")).rejects.toThrow();
});

test("a request that asks for no WebSocket gets 426", async () => {
  const response = await fetch(`${mars.url}/ws`);
  expect(response.status).toBe(426);
  expect(response.headers.get("upgrade")).toBe("websocket");
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ success: false, code: "upgrade_required" });
});
