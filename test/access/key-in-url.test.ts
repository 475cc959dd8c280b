/** A key in an address would be in logs of proxies, in histories and in referrers: nobody is let in by one there. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { postJson } from "../support/rest.ts";
import { adminKey } from "./doors.ts";
import { PageClient } from "./page-client.ts";

const names = ["key", "token", "access_token", "api_key", "authorization", "session", "mars_session"];
const reads = ["/api/messages", "/api/stream?topic=all", "/api/session", "/api/q/stats", "/openapi.json"];
const event = { app_id: "shop", message_id: "m", event: "e" };

const withKey = (path: string, name: string) => `${path}${path.includes("?") ? "&" : "?"}${name}=${adminKey}`;

let closed: TestMars;
let open: TestMars;
beforeAll(async () => {
  [closed, open] = await Promise.all([startMars({ adminKey }), startMars()]);
});
afterAll(() => Promise.all([closed[Symbol.asyncDispose](), open[Symbol.asyncDispose]()]));

test.each(names)("?%s= lets nobody in", async (name) => {
  for (const path of reads) {
    const { status } = await fetch(closed.url + withKey(path, name));
    expect([path, [401, 422].includes(status)]).toEqual([path, true]);
  }
  for (const path of ["/api/event", "/mars.v1.MessageService/ListMessages", "/mcp"]) {
    expect((await postJson(closed.url + withKey(path, name), event)).status).toBe(401);
  }
  const signIn = `/api/sessions?${name}=${adminKey}`;
  expect((await new PageClient(closed).send("POST", signIn, { token: adminKey })).status).toBe(422);
  const socket = await LiveClient.open(closed, withKey("/ws", name));
  expect((await socket.closed).code).toBeOneOf([4401, 4422]);
});

test.each(names)("?%s= is refused where nobody needs a key, too: so that it is noticed", async (name) => {
  for (const path of reads) {
    expect([path, (await fetch(open.url + withKey(path, name))).status]).toEqual([path, 422]);
  }
  expect((await postJson(open.url + withKey("/api/event", name), event)).status).toBe(422);
  const socket = await LiveClient.open(open, withKey("/ws", name));
  expect((await socket.closed).code).toBe(4422);
});
