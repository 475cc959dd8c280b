import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:http2";
import { openBeside } from "../support/beside.ts";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { adminKey, bearer, localToken } from "./doors.ts";
import { PageClient } from "./page-client.ts";

const event = { app_id: "shop", message_id: "m", event: "e" };

async function signedIn(mars: TestMars, token = adminKey): Promise<PageClient> {
  const page = new PageClient(mars);
  const answer = await page.signIn(token);
  expect([answer.status, await answer.json()]).toMatchObject([200, { success: true }]);
  return page;
}

describe("a sign-in by a key", () => {
  test("gives a cookie with the key's rights, which scripts cannot read and other sites cannot send", async () => {
    await using mars = await startMars({ adminKey });
    const page = new PageClient(mars);
    expect(await page.status()).toBe(401);
    const answer = await page.signIn(adminKey);
    expect(await answer.json()).toEqual({
      success: true,
      id: expect.stringMatching(/^\w{12}$/),
      name: "MARS_ADMIN_KEY",
      kind: "ad",
      apps: ["*"],
    });
    expect(page.set.get("mars_session")).toMatch(
      /^mars_session=mars_se_[0-9A-Za-z]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    );
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await page.status()).toBe(200);
    expect((await page.send("POST", "/api/event", event)).status).toBe(200);
    expect((await page.send("POST", "/mars.v1.AdminService/GetStats", {})).status).toBe(200);
  });

  test("over TLS gives a cookie that only this host can set, and no other is read", async () => {
    const publicUrl = "https://mars.example.com";
    await using mars = await startMars({ adminKey, publicUrl });
    const page = new PageClient(mars);
    page.headers.origin = publicUrl;
    await page.signIn(adminKey);
    expect(page.set.get("__Host-mars")).toMatch(
      /^__Host-mars=mars_se_\w+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(await page.status()).toBe(200);
    page.cookies.set("mars_session", page.cookies.get("__Host-mars") ?? "");
    page.cookies.delete("__Host-mars");
    expect(await page.status()).toBe(401);
  });

  test("behind a proxy that Mars knows nothing of, the page's origin says that there is TLS", async () => {
    await using mars = await startMars({ adminKey, allowedHosts: ["mars.test"] });
    const page = new PageClient(mars);
    page.headers = { origin: "https://mars.test", host: "mars.test" };
    expect((await page.signIn(adminKey)).status).toBe(200);
    expect([...page.cookies.keys()]).toEqual(["__Host-mars"]);
  });

  test("never goes on with a cookie that was there before, and ends its session", async () => {
    await using mars = await startMars({ adminKey });
    const victim = new PageClient(mars);
    const chosen = `mars_se_${"x".repeat(43)}`;
    victim.cookies.set("mars_session", chosen);
    await victim.signIn(adminKey);
    expect(victim.cookies.get("mars_session")).not.toBe(chosen);
    const attacker = await signedIn(mars);
    const known = attacker.cookies.get("mars_session")!;
    victim.cookies.set("mars_session", known);
    await victim.signIn(adminKey);
    expect(victim.cookies.get("mars_session")).not.toBe(known);
    expect([await victim.status(), await attacker.status()]).toEqual([200, 401]);
  });

  test("is refused by a wrong key, a body that is none, and a field that is not known", async () => {
    await using mars = await startMars({ adminKey });
    const page = new PageClient(mars);
    expect((await page.signIn("mars_ro_0")).status).toBe(401);
    expect((await page.signIn("")).status).toBe(422);
    expect((await page.send("POST", "/api/sessions", { token: adminKey, name: "x" })).status).toBe(422);
    expect((await page.send("POST", "/api/sessions", [])).status).toBe(422);
    expect((await page.send("POST", "/api/sessions?token=x", { token: adminKey })).status).toBe(422);
    expect(page.cookies.size).toBe(0);
    page.headers = { origin: "https://evil.test", "sec-fetch-site": "cross-site" };
    expect((await page.signIn(adminKey)).status).toBe(403);
  });

  test("is refused for a minute after ten failures, with the right key too", async () => {
    await using mars = await startMars({ adminKey });
    const page = new PageClient(mars);
    for (let i = 0; i < 10; i++) expect((await page.signIn(`wrong-${i}`)).status).toBe(401);
    const refused = await page.signIn(adminKey);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeWithin(50, 61);
    expect((await fetch(`${mars.url}/api/messages`, { headers: bearer(adminKey) })).status).toBe(200);
  });
});

describe("a session", () => {
  test("ends with a sign-out, and its cookie and its sockets with it", async () => {
    await using mars = await startMars({ adminKey });
    const page = await signedIn(mars);
    const cookie = `mars_session=${page.cookies.get("mars_session")}`;
    const socket = await LiveClient.open(mars, "/ws", { cookie, origin: mars.url });
    await socket.subscribe("all");
    expect((await page.send("DELETE", "/api/sessions/current")).status).toBe(200);
    expect(await socket.closed).toMatchObject({ code: 4401 });
    expect(page.cookies.size).toBe(0);
    expect((await fetch(`${mars.url}/api/messages`, { headers: { cookie } })).status).toBe(401);
    expect((await page.send("DELETE", "/api/sessions/current")).status).toBe(200);
  });

  test("does not end by a page from elsewhere", async () => {
    await using mars = await startMars({ adminKey, allowedOrigins: ["https://a.test"] });
    const page = await signedIn(mars);
    const own = page.headers;
    for (const headers of [{}, { origin: "https://a.test" }, { "sec-fetch-site": "same-site" }]) {
      page.headers = headers as Record<string, string>;
      expect((await page.send("DELETE", "/api/sessions/current")).status).toBe(403);
    }
    page.headers = own;
    expect(await page.status()).toBe(200);
  });

  test("goes on after a restart, if its key does", async () => {
    await using mars = await startMars({ adminKey });
    const page = await signedIn(mars);
    const local = await signedIn(mars, await localToken(mars));
    await using again = await mars.restart();
    const at = (client: PageClient) => {
      const moved = new PageClient(again);
      for (const [name, value] of client.cookies) moved.cookies.set(name, value);
      return moved;
    };
    expect([await at(page).status(), await at(local).status()]).toEqual([200, 401]);
    await using other = await again.restart({ adminKey: `${adminKey}-another` });
    const later = new PageClient(other);
    later.cookies.set("mars_session", page.cookies.get("mars_session")!);
    expect(await later.status()).toBe(401);
  });

  test("that was ended is not back after a restart", async () => {
    await using mars = await startMars({ adminKey });
    const page = await signedIn(mars);
    const secret = page.cookies.get("mars_session")!;
    await page.send("DELETE", "/api/sessions/current");
    await using again = await mars.restart();
    const later = new PageClient(again);
    later.cookies.set("mars_session", secret);
    expect(await later.status()).toBe(401);
  });

  test("is in the database without its secret", async () => {
    await using mars = await startMars({ adminKey });
    const page = await signedIn(mars);
    const database = openBeside(mars);
    const { rows } = await database.execute("SELECT record FROM sessions");
    database.close();
    expect(rows).toHaveLength(1);
    expect(String(rows[0]?.record)).not.toContain(page.cookies.get("mars_session")!.slice(8, 20));
  });

  test("does not help where an Authorization header is", async () => {
    await using mars = await startMars({ adminKey });
    const page = await signedIn(mars);
    expect((await page.call("/api/messages", { headers: bearer("mars_ro_0") })).status).toBe(401);
  });

  test("that is not known hinders nobody where no key is needed", async () => {
    await using mars = await startMars();
    const page = new PageClient(mars);
    page.cookies.set("mars_session", "mars_se_old");
    expect(await page.status()).toBe(200);
    await signedIn(mars, await localToken(mars));
    expect(await page.status()).toBe(200);
  });
});

describe("what a session's cookie may do", () => {
  const changes: readonly (readonly [string, string, unknown])[] = [
    ["POST", "/api/event", event],
    ["POST", "/api/event/bulk", { events: [event] }],
    ["PUT", "/api/apps/shop/lifecycle", { stages: [{ event: "e" }] }],
    ["DELETE", "/api/apps/shop/lifecycle", undefined],
    ["POST", "/mars.v1.IngestService/CollectEvent", { appId: "shop", messageId: "m", event: "e" }],
    ["GET", "/api/create_event", undefined],
  ];

  test.each([
    ["nothing that says where it comes from", {}],
    ["an origin that is allowed, and not Mars' own", { origin: "https://app.test" }],
    ["another port of the same host", { origin: "http://127.0.0.1:1", "sec-fetch-site": "same-site" }],
    ["another site", { origin: "https://evil.test", "sec-fetch-site": "cross-site" }],
  ])("changes nothing with %s", async (_, headers) => {
    await using mars = await startMars({ adminKey, allowedOrigins: ["https://app.test"] });
    const page = await signedIn(mars);
    page.headers = headers as Record<string, string>;
    for (const [method, path, body] of changes) {
      const { status } = await page.send(method, path, body);
      expect([method, path, status]).toEqual([method, path, 403]);
    }
  });

  test("changes things for Mars' own page, in an old browser too", async () => {
    await using mars = await startMars({ adminKey });
    const page = await signedIn(mars);
    for (const headers of [{ origin: mars.url }, { "sec-fetch-site": "same-origin" }]) {
      page.headers = headers as Record<string, string>;
      expect((await page.send("POST", "/api/event", event)).status).toBe(200);
    }
  });

  test.each([
    ["without an origin", {}],
    ["of an allowed origin", { origin: "https://app.test" }],
  ])("opens no socket %s", async (_, headers) => {
    await using mars = await startMars({ adminKey, allowedOrigins: ["https://app.test"] });
    const page = await signedIn(mars);
    const cookie = `mars_session=${page.cookies.get("mars_session")}`;
    const socket = await LiveClient.open(mars, "/ws", { cookie, ...headers });
    expect(await socket.closed).toMatchObject({ code: 4403 });
  });

  test("is nothing over native gRPC, and something over Connect for Mars' own page", async () => {
    await using mars = await startMars({ adminKey });
    const page = await signedIn(mars);
    const method = "/mars.v1.MessageService/ListMessages";
    expect((await page.send("POST", method, {})).status).toBe(200);
    page.headers = {};
    expect((await page.send("POST", method, {})).status).toBe(403);
    const session = connect(`http://127.0.0.1:${mars.grpcPort}`);
    const stream = session.request({
      ":method": "POST",
      ":path": method,
      "content-type": "application/grpc",
      te: "trailers",
      cookie: `mars_session=${page.cookies.get("mars_session")}`,
      origin: mars.url,
      "sec-fetch-site": "same-origin",
    });
    stream.end(Buffer.alloc(5));
    const [headers] = (await once(stream, "response")) as [Record<string, string>];
    expect(headers["grpc-status"]).toBe("16");
    session.destroy();
  });
});
