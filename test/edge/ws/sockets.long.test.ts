import { expect, test } from "bun:test";
import { createEdgeShares } from "../../../src/edge/edge-shares.ts";
import { startBunServer } from "../../../src/edge/http/bun-server.ts";
import type { Front } from "../../../src/edge/http/front.ts";
import { createGate } from "../../../src/edge/http/gate.ts";
import type { EdgeParts } from "../../../src/edge/parts.ts";
import { createSockets, type SocketOptions } from "../../../src/edge/ws/sockets.ts";
import { createLive } from "../../../src/live/hub.ts";
import { SendBudget } from "../../../src/runtime/send-budget.ts";
import { Shares } from "../../../src/runtime/shares.ts";
import { eventAt, StoreModel } from "../../live/store-model.ts";
import { openAccess } from "../../support/caller.ts";
import { LiveClient, StubbornClient } from "../../support/live-client.ts";

/** Sockets with limits that no operator would set, over a store that is an array. */
function start(options: SocketOptions, socketsMax = 100) {
  const store = new StoreModel();
  store.pageEvents = 1000;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const live = createLive(store, { log });
  live.publish([], 0);
  const shares = { ...createEdgeShares(), sockets: new Shares({ max: socketsMax }) };
  const sockets = createSockets(
    {
      access: openAccess,
      live,
      log,
      gate: createGate(),
      shares,
      budget: new SendBudget({ lookMs: 10 }),
    } as Partial<EdgeParts> as EdgeParts,
    options,
  );
  const front: Front = {
    answer: () => new Response(null, { status: 404 }),
    accept: (request, _host, peer) => sockets.accept(request, peer),
    finish: (_request, response) => response,
  };
  const server = startBunServer(front, sockets, {
    budget: new SendBudget({ lookMs: 10 }),
    host: "127.0.0.1",
    port: 0,
    idleTimeoutMs: 90_000,
  });
  return {
    live,
    sockets,
    httpPort: server.port,
    url: `http://127.0.0.1:${server.port}`,
    publish(count: number) {
      const attributes = JSON.stringify({ text: "x".repeat(4000) });
      const from = live.seq;
      const events = Array.from({ length: count }, (_, index) => ({
        ...eventAt(from + index + 1),
        attributes,
      }));
      store.events.push(...events);
      live.publish(events, from + count);
    },
    [Symbol.asyncDispose]: () => server.stop(0),
  };
}

test("a client that stops reading is closed with a code that says so, and can resume completely", async () => {
  // Long enough for a client that does read, on a busy machine too.
  await using served = start({ pauseBytes: 64 * 1024, stallTimeoutMs: 500 });
  const slow = await StubbornClient.open(served);
  slow.send({ type: "subscribe", topic: "all" });
  await slow.next();
  slow.stopReading();
  // As long as the system's own buffers take what is sent, it does not show that the client does not read.
  while (served.live.subscriptions > 0) {
    served.publish(500);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  slow.readOn();
  const { code, reason } = await slow.closed;
  expect(code).toBe(4008);
  expect(reason).toStartWith("too slow: ");
  const seqs: number[] = [];
  while (slow.waiting > 0) seqs.push((await slow.next()).seq);
  expect(seqs.length).toBeLessThan(served.live.seq);

  const again = await LiveClient.open(served);
  await again.subscribe("all", seqs.at(-1) ?? 0);
  seqs.push(...(await again.events(served.live.seq - seqs.length)).map((frame) => frame.seq));
  expect(seqs).toEqual(Array.from({ length: served.live.seq }, (_, index) => index + 1));
  await again.answered();
  await again.close();
});

test("a client that reads slowly is not closed, however long it takes", async () => {
  const stallTimeoutMs = 600;
  await using served = start({ pauseBytes: 64 * 1024, stallTimeoutMs });
  const slow = await StubbornClient.open(served);
  slow.send({ type: "subscribe", topic: "all" });
  await slow.next();
  slow.stopReading();
  for (let n = 0; n < 40; n++) served.publish(500);
  // Longer than a stall may last, in steps that are much shorter.
  const end = performance.now() + stallTimeoutMs * 1.5;
  let closed = false;
  void slow.closed.then(() => {
    closed = true;
  });
  while (performance.now() < end && !closed) {
    slow.readOn();
    await Bun.sleep(1);
    slow.stopReading();
    await Bun.sleep(30);
  }
  expect(closed).toBe(false);
  slow.end();
});

test("a client that does not read its answers is closed", async () => {
  const anyRate = { burst: 1_000_000, perSecond: 0 };
  const frames = { socket: anyRate, peer: anyRate };
  await using served = start({ pauseBytes: 64 * 1024, stallTimeoutMs: 10_000, frames });
  const rude = await StubbornClient.open(served);
  rude.stopReading();
  let closed = false;
  void rude.closed.then(() => {
    closed = true;
  });
  const topic = `apps/${"a".repeat(80)}`;
  for (let sent = 0; sent < 400_000 && !closed; sent++) {
    rude.send({ type: "unsubscribe", topic });
    if (sent % 20_000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  rude.readOn();
  expect((await rude.closed).code).toBe(4008);
});

test("beyond the bound on connections a client is refused", async () => {
  await using served = start({}, 1);
  const first = await LiveClient.open(served);
  await expect(LiveClient.open(served)).rejects.toThrow("refused");
  await first.close();
  let second: LiveClient | undefined;
  // The server sees the close a moment after the client.
  while (second === undefined) second = await LiveClient.open(served).catch(() => undefined);
  await second.close();
});

test("stopping closes every socket with a code that means connect again, and refuses new ones", async () => {
  await using served = start({});
  const clients = await Promise.all([1, 2, 3].map(() => LiveClient.open(served)));
  served.sockets.close();
  for (const client of clients) {
    expect(await client.closed).toEqual({ code: 1012, reason: "Mars is stopping; connect again" });
  }
  await expect(LiveClient.open(served)).rejects.toThrow("refused");
});

test("a client that sends frames without an end is closed, and others are served", async () => {
  await using served = start({ frames: { socket: { burst: 10, perSecond: 1 } } });
  const other = await LiveClient.open(served);
  const greedy = await LiveClient.open(served);
  for (let n = 0; n < 50; n++) greedy.send({ type: "ping" });
  expect(await greedy.closed).toMatchObject({
    code: 1013,
    reason: expect.stringContaining("too many frames"),
  });
  other.send({ type: "ping" });
  expect(await other.next()).toEqual({ type: "pong" });
  await other.close();
});
