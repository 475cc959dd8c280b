import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Tickets, ticketMs } from "../../src/access/tickets.ts";
import { createAnonymous } from "../../src/core/identity.ts";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { adminKey, bearer, call } from "./doors.ts";

const appPage = "https://app.test";
let mars: TestMars;
let shop: { id: string; token: string };
beforeAll(async () => {
  mars = await startMars({ adminKey, allowedOrigins: [appPage] });
  const wanted = { kind: "rw", apps: ["shop"], name: "shop" };
  shop = (await call(mars, "POST /api/keys", adminKey, wanted)).body as never;
});
afterAll(() => mars[Symbol.asyncDispose]());

async function ticketFor(...topics: string[]): Promise<string> {
  const { status, body } = await call(mars, "POST /api/tickets", shop.token, { topics });
  expect([status, body]).toEqual([
    200,
    { ticket: expect.stringMatching(/^mars_tk_\w{43}$/), expires_in: 30 },
  ]);
  return body.ticket as string;
}

const open = (ticket: string, headers: Record<string, string> = { origin: appPage }) =>
  LiveClient.open(mars, "/ws", headers, { protocols: ["mars.v1", `ticket.${ticket}`] });

describe("a ticket", () => {
  test("opens a WebSocket once, as a subprotocol that the answer does not repeat", async () => {
    const ticket = await ticketFor("apps/shop");
    const socket = await open(ticket);
    expect(socket.protocol).toBe("mars.v1");
    await socket.subscribe("apps/shop");
    await reportEvent({ app_id: "shop", message_id: "m", event: "e" });
    expect((await socket.next()).event.message_id).toBe("m");
    expect(await (await open(ticket)).closed).toMatchObject({ code: 4401 });
    await socket.close();
  });

  test("opens one by the address, too, and an event stream", async () => {
    const socket = await LiveClient.open(mars, `/ws?ticket=${await ticketFor("apps/shop")}`, {
      origin: appPage,
    });
    await socket.subscribe("apps/shop");
    await socket.close();
    const ticket = await ticketFor("apps/shop");
    const url = `${mars.url}/api/stream?topic=apps/shop&ticket=${ticket}`;
    const headers = { origin: appPage, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
    const gone = new AbortController();
    const stream = await fetch(url, { headers, signal: gone.signal });
    expect([stream.status, stream.headers.get("access-control-allow-origin")]).toEqual([200, appPage]);
    gone.abort();
    expect((await fetch(url, { headers })).status).toBe(401);
  });

  test("is good for its topics alone, however they are spelt", async () => {
    const socket = await open(await ticketFor("apps/shop/messages/a%2Fb"));
    await socket.subscribe("apps/shop/messages/a%2fb");
    for (const topic of ["apps/shop", "all", "findings", "apps/shop/messages/c"]) {
      socket.send({ type: "subscribe", topic });
      expect(await socket.next()).toMatchObject({ type: "error", code: "permission_denied", topic });
    }
    await socket.close();
  });

  test("is made for topics that its maker may watch", async () => {
    for (const topics of [["apps/bank"], ["apps/shop", "apps/bank/messages/m"]]) {
      expect((await call(mars, "POST /api/tickets", shop.token, { topics })).status).toBe(403);
    }
    for (const topics of [[], ["nothing"], "all", undefined]) {
      expect((await call(mars, "POST /api/tickets", shop.token, { topics })).status).toBe(422);
    }
  });

  test("shows no more of a topic without an app than its maker sees", async () => {
    const socket = await open(await ticketFor("all"));
    await socket.subscribe("all");
    await reportEvent({ app_id: "bank", message_id: "m", event: "e" });
    await reportEvent({ app_id: "shop", message_id: "m2", event: "e" });
    expect((await socket.next()).event).toMatchObject({ app_id: "shop", message_id: "m2" });
    await socket.close();
  });

  test("is no key", async () => {
    const ticket = await ticketFor("all");
    expect((await fetch(`${mars.url}/api/messages`, { headers: bearer(ticket) })).status).toBe(401);
    const phoenix = await LiveClient.open(mars, `/socket/websocket?token=${ticket}`);
    expect(await phoenix.closed).toMatchObject({ code: 4401 });
  });

  test("is of no use to a page of another origin", async () => {
    await expect(open(await ticketFor("apps/shop"), { origin: "https://evil.test" })).rejects.toThrow();
  });

  test("ends with its maker's key, and the sockets that it has opened", async () => {
    const wanted = { kind: "ro", apps: ["shop"], name: "short" };
    const { id, token } = (await call(mars, "POST /api/keys", adminKey, wanted)).body as never as typeof shop;
    const made = async () =>
      (await call(mars, "POST /api/tickets", token, { topics: ["apps/shop"] })).body.ticket as string;
    const [used, unused] = [await made(), await made()];
    const socket = await open(used);
    await socket.subscribe("apps/shop");
    await call(mars, `DELETE /api/keys/${id}`, adminKey);
    expect(await socket.closed).toMatchObject({ code: 4401 });
    expect(await (await open(unused)).closed).toMatchObject({ code: 4401 });
  });
});

test("tickets end after 30 s, and are bounded for each caller and in all", () => {
  const clock = { now: 0 };
  const tickets = new Tickets(() => clock.now);
  const maker = createAnonymous();
  const early = tickets.issue(maker, ["all"]);
  clock.now = ticketMs;
  expect(tickets.redeem(early)).toBeUndefined();
  const last = Array.from({ length: 1_000 }, () => tickets.issue(maker, ["all"])).at(-1)!;
  expect(() => tickets.issue(maker, ["all"])).toThrow("too many tickets");
  expect(tickets.size).toBe(1_000);
  expect(tickets.redeem(last)).toBeDefined();
  tickets.issue(maker, ["all"]);
  clock.now += ticketMs;
  tickets.issue(maker, ["all"]);
  expect(tickets.size).toBe(1);
});

test("a socket without a ticket may speak the subprotocol, and one that offers others gets none", async () => {
  const named = await LiveClient.open(mars, "/ws", bearer(adminKey), { protocols: ["other", "mars.v1"] });
  expect(named.protocol).toBe("mars.v1");
  await named.subscribe("all");
  await named.close();
});

function reportEvent(event: object): Promise<number> {
  return fetch(`${mars.url}/api/event`, {
    method: "POST",
    headers: { ...bearer(adminKey), "content-type": "application/json" },
    body: JSON.stringify(event),
  }).then(async (response) => ((await response.json()) as { seq: number }).seq);
}
