import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { type Channel, Socket } from "phoenix";
import { timelineTime, timelineWords } from "../../../src/edge/phoenix/phoenix-serializer.ts";
import { LiveClient, report } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

let mars: TestMars;
const sockets: Socket[] = [];

beforeAll(async () => {
  mars = await startMars();
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});

afterAll(() => mars[Symbol.asyncDispose]());

/** The npm package as it is. */
function connect(options: object = {}, to = mars): Socket {
  const socket = new Socket(`${to.url.replace("http", "ws")}/socket`, options);
  sockets.push(socket);
  socket.connect();
  return socket;
}

/** The package dropped this serializer of its own; clients of old have it, and it is given as an option here. */
const version1 = {
  vsn: "1.0.0",
  encode: ({ topic, event, payload, ref }: Record<string, unknown>, callback: (text: string) => void) =>
    callback(JSON.stringify({ topic, event, payload, ref })),
  decode: (text: string, callback: (message: object) => void) => callback(JSON.parse(text)),
};

function join(channel: Channel): Promise<unknown> {
  return new Promise((resolve, reject) => {
    channel.join().receive("ok", resolve).receive("error", reject).receive("timeout", reject);
  });
}

function nextPush(channel: Channel): Promise<unknown> {
  return new Promise((resolve) => channel.on("add_to_timeline", resolve));
}

for (const [name, options] of [
  ["2.0.0", {}],
  ["1.0.0", version1],
] as const) {
  test(`the npm client joins a timeline and is pushed its events (vsn ${name})`, async () => {
    const channel = connect(options).channel(`event_timeline:order ${name}`);
    expect(await join(channel)).toEqual({});
    const push = nextPush(channel);
    const created_at = "2026-03-04T15:06:07.089Z";
    await report(mars, { app_id: "shop", message_id: "another", event: "no" });
    await report(mars, { app_id: "shop", message_id: `order ${name}`, event: "order_paid", created_at });
    expect(await push).toEqual({ event: "ORDER PAID", time: "15:03:06:07:089 - 04 / Mar / 2026" });
  });

  test(`the npm client's heartbeat is answered (vsn ${name})`, async () => {
    const socket = connect(options);
    await new Promise<void>((resolve) => socket.onOpen(resolve));
    await new Promise<void>((resolve) => {
      expect(socket.ping(() => resolve())).toBe(true);
    });
  });

  test(`the npm client leaves, and receives no more (vsn ${name})`, async () => {
    const channel = connect(options).channel("event_timeline:left");
    await join(channel);
    const closed = new Promise<void>((resolve) => channel.onClose(() => resolve()));
    const left = new Promise((resolve) => channel.leave().receive("ok", resolve));
    await Promise.all([left, closed]);
    expect(channel.state as string).toBe("closed");
  });

  test(`the npm client gets an error for a topic that is not served (vsn ${name})`, async () => {
    const socket = connect(options);
    for (const topic of ["rooms:lobby", "event_timeline:", "all", "apps/a"]) {
      const channel = socket.channel(topic);
      expect(join(channel)).rejects.toEqual({ reason: "unmatched topic" });
      await join(channel).catch(() => undefined);
      channel.leave();
    }
  });
}

test("the npm client joins again by itself when Mars was restarted", async () => {
  const own = await startMars();
  let again: TestMars | undefined;
  try {
    const socket = connect({ reconnectAfterMs: () => 5, rejoinAfterMs: () => 5 }, own);
    const channel = socket.channel("event_timeline:m");
    await join(channel);
    const push = nextPush(channel);
    const closed = new Promise<{ code: number }>((resolve) => {
      socket.onClose((event: { code: number }) => resolve(event));
    });
    again = await own.restart({ httpPort: own.httpPort });
    expect((await closed).code).toBe(1012);
    while (channel.state !== "joined") await new Promise((resolve) => setTimeout(resolve, 1));
    await report(again, { app_id: "a", message_id: "m", event: "back_again" });
    expect(await push).toMatchObject({ event: "BACK AGAIN" });
  } finally {
    await (again ?? own)[Symbol.asyncDispose]();
  }
});

test("a test event is pushed to those who joined its message", async () => {
  const channel = connect().channel("event_timeline:tested");
  await join(channel);
  const push = nextPush(channel);
  await fetch(`${mars.url}/api/test_socket?message_id=tested`);
  expect(await push).toEqual({
    event: expect.any(String),
    time: expect.stringMatching(/^\d\d(:\d\d){3}:\d{3} - /),
  });
});

test("frames have the form of their vsn", async () => {
  const one = await LiveClient.open(mars, "/socket/websocket?vsn=1.0.0");
  one.send({ topic: "event_timeline:f", event: "phx_join", payload: {}, ref: "1" });
  const payload = { status: "ok", response: {} };
  expect(await one.next()).toEqual({ topic: "event_timeline:f", event: "phx_reply", payload, ref: "1" });
  const two = await LiveClient.open(mars, "/socket/websocket?vsn=2.0.0");
  two.send(["3", "4", "event_timeline:f", "phx_join", {}]);
  expect(await two.next()).toEqual(["3", "4", "event_timeline:f", "phx_reply", payload]);
  await report(mars, { app_id: "a", message_id: "f", event: "x", created_at: "2026-12-31T00:00:00Z" });
  const pushed = { event: "X", time: "00:12:00:00:000 - 31 / Dec / 2026" };
  expect(await one.next()).toEqual({
    topic: "event_timeline:f",
    event: "add_to_timeline",
    payload: pushed,
    ref: null,
  });
  expect(await two.next()).toEqual([null, null, "event_timeline:f", "add_to_timeline", pushed]);
  await Promise.all([one.close(), two.close()]);
});

test("joining again replaces the channel; a late leave of the old one is not meant for the new one", async () => {
  const client = await LiveClient.open(mars, "/socket/websocket?vsn=2.0.0");
  const topic = "event_timeline:twice";
  client.send(["1", "1", topic, "phx_join", {}]);
  await client.next();
  client.send(["2", "2", topic, "phx_join", {}]);
  expect(await client.next()).toEqual(["1", "1", topic, "phx_close", {}]);
  expect(await client.next()).toMatchObject(["2", "2", topic, "phx_reply", { status: "ok" }]);
  client.send(["1", "3", topic, "phx_leave", {}]);
  await report(mars, { app_id: "a", message_id: "twice", event: "x" });
  expect((await client.next())[3]).toBe("add_to_timeline");
  client.send(["2", "4", topic, "phx_leave", {}]);
  expect(await client.next()).toMatchObject(["2", "4", topic, "phx_reply", { status: "ok" }]);
  expect(await client.next()).toEqual(["2", "2", topic, "phx_close", {}]);
  client.send(["2", "5", topic, "shout", {}]);
  expect(await client.next()).toMatchObject(["2", "5", topic, "phx_reply", { status: "error" }]);
  await client.close();
});

test("what is no message of the vsn closes the socket, and an unknown vsn opens none", async () => {
  // A ref is kept with its topic.
  const longRef = JSON.stringify(["r".repeat(65), "1", "event_timeline:m", "phx_join", {}]);
  for (const text of ["{", "[]", '["1","1",7,"phx_join",{}]', '{"topic":"phoenix"}', longRef]) {
    const client = await LiveClient.open(mars, "/socket/websocket?vsn=2.0.0");
    client.send(text);
    expect((await client.closed).code).toBe(4400);
  }
  await expect(LiveClient.open(mars, "/socket/websocket?vsn=3.0.0")).rejects.toThrow("refused");
});

test("the wording is the original's", () => {
  expect(timelineWords("order_handed_to_carrier")).toBe("ORDER HANDED TO CARRIER");
  expect(timelineTime(Date.UTC(2026, 0, 2, 0, 3, 4, 5))).toBe("00:12:03:04:005 - 02 / Jan / 2026");
  expect(timelineTime(Date.UTC(2026, 10, 22, 12, 0, 0, 0))).toBe("12:12:00:00:000 - 22 / Nov / 2026");
  expect(timelineTime(Date.UTC(1999, 7, 9, 23, 59, 59, 999))).toBe("23:11:59:59:999 - 09 / Aug / 1999");
});
