/** A key in an address would be in logs of proxies, in histories and in referrers: nobody is let in by one there. */
import { expect, test } from "bun:test";
import { LiveClient } from "../support/live-client.ts";
import { startMars } from "../support/mars.ts";
import { postJson } from "../support/rest.ts";
import { adminKey } from "./doors.ts";
import { PageClient } from "./page-client.ts";

const names = ["key", "token", "access_token", "api_key", "authorization", "session", "mars_session"];
const reads = ["/api/messages", "/api/stream?topic=all", "/api/session", "/api/q/stats", "/openapi.json"];
const event = { app_id: "shop", message_id: "m", event: "e" };

const withKey = (path: string, name: string) => `${path}${path.includes("?") ? "&" : "?"}${name}=${adminKey}`;

test.each(names)("?%s= lets nobody in", async (name) => {
  await using mars = await startMars({ adminKey });
  for (const path of reads) {
    const { status } = await fetch(mars.url + withKey(path, name));
    expect([path, [401, 422].includes(status)]).toEqual([path, true]);
  }
  for (const path of ["/api/event", "/mars.v1.MessageService/ListMessages"]) {
    expect((await postJson(mars.url + withKey(path, name), event)).status).toBe(401);
  }
  const signIn = `/api/sessions?${name}=${adminKey}`;
  expect((await new PageClient(mars).send("POST", signIn, { token: adminKey })).status).toBe(422);
  const socket = await LiveClient.open(mars, withKey("/ws", name));
  expect((await socket.closed).code).toBeOneOf([4401, 4422]);
});

test.each(names)("?%s= is refused where nobody needs a key, too: so that it is noticed", async (name) => {
  await using mars = await startMars();
  for (const path of reads) {
    expect([path, (await fetch(mars.url + withKey(path, name))).status]).toEqual([path, 422]);
  }
  expect((await postJson(mars.url + withKey("/api/event", name), event)).status).toBe(422);
  const socket = await LiveClient.open(mars, withKey("/ws", name));
  expect((await socket.closed).code).toBe(4422);
});
