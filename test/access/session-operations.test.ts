/** Who is signed in: what a key, a session and an admin see of sessions, and may end. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { adminKey, bearer, call } from "./doors.ts";
import { PageClient } from "./page-client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ adminKey });
});
afterAll(() => mars[Symbol.asyncDispose]());

async function makeKey(kind = "ro", apps = ["shop"]): Promise<{ id: string; token: string }> {
  const { body } = await call(mars, "POST /api/keys", adminKey, { kind, apps, name: `${kind} ${apps}` });
  return body as never;
}

async function signIn(token: string): Promise<PageClient & { id: string }> {
  const page = new PageClient(mars);
  const answer = await page.signIn(token);
  expect(answer.status).toBe(200);
  return Object.assign(page, (await answer.json()) as { id: string });
}

const idsSeenBy = async (token: string) =>
  ((await call(mars, "GET /api/sessions", token)).body.sessions as { id: string }[]).map(({ id }) => id);

test("a page asks who it is", async () => {
  const { token } = await makeKey("rw", ["shop", "shop-*"]);
  const page = await signIn(token);
  expect(await (await page.call("/api/session")).json()).toEqual({
    id: `session:${page.id}`,
    name: "rw shop,shop-*",
    kind: "rw",
    apps: ["shop", "shop-*"],
    open_to_all: false,
  });
  const nobody = new PageClient(mars);
  expect(await nobody.status("/api/session")).toBe(401);
  expect(await (await nobody.call("/api/sign-in")).json()).toMatchObject({ caller: null });
  const { caller } = (await (await page.call("/api/sign-in")).json()) as { caller: unknown };
  expect(caller).toEqual(await (await page.call("/api/session")).json());
});

test("a page is shown where everyone may do everything", async () => {
  await using open = await startMars({ host: "0.0.0.0", anonymous: true });
  expect(await (await fetch(`${open.url}/api/session`)).json()).toMatchObject({
    id: "anonymous",
    open_to_all: true,
  });
  await using near = await startMars({ anonymous: true });
  expect(await (await fetch(`${near.url}/api/session`)).json()).toMatchObject({ open_to_all: false });
});

test("a key that only reports events signs nobody in", async () => {
  const { token } = await makeKey("in", ["*"]);
  expect((await new PageClient(mars).signIn(token)).status).toBe(403);
});

describe("sessions", () => {
  test("are listed for their key, and for an admin of all of their apps", async () => {
    const [shop, other, shopAdmin] = [await makeKey(), await makeKey(), await makeKey("ad", ["shop"])];
    const [one, two] = [await signIn(shop.token), await signIn(other.token)];
    const wide = await signIn(adminKey);
    expect(await idsSeenBy(shop.token)).toEqual([one.id]);
    expect(await idsSeenBy(shopAdmin.token)).toEqual(expect.arrayContaining([one.id, two.id]));
    expect(await idsSeenBy(shopAdmin.token)).not.toContain(wide.id);
    expect(await idsSeenBy(adminKey)).toEqual(expect.arrayContaining([one.id, two.id, wide.id]));
    const { sessions } = (await (await one.call("/api/sessions")).json()) as { sessions: unknown[] };
    expect(sessions).toEqual([
      {
        id: one.id,
        owner: `key:${shop.id}`,
        name: "ro shop",
        kind: "ro",
        apps: ["shop"],
        address: "127.0.0.1",
        created_at: expect.any(String),
        last_used_at: expect.any(String),
        expires_at: expect.any(String),
        current: true,
      },
    ]);
  });

  test("come in pages", async () => {
    const { token } = await makeKey();
    const pages = [await signIn(token), await signIn(token), await signIn(token)];
    const first = await call(mars, "GET /api/sessions?limit=2", token);
    const second = await call(mars, `GET /api/sessions?cursor=${first.body.next_cursor}`, token);
    const ids = [first, second].flatMap(({ body }) =>
      (body.sessions as { id: string }[]).map(({ id }) => id),
    );
    expect(ids).toEqual(pages.map(({ id }) => id));
    expect(second.body.next_cursor).toBeNull();
    expect((await call(mars, "GET /api/sessions?cursor=x", token)).status).toBe(422);
  });

  test("are ended by their own key and by an admin, and by nobody else", async () => {
    const [shop, other] = [await makeKey(), await makeKey()];
    const [one, two] = [await signIn(shop.token), await signIn(shop.token)];
    expect((await call(mars, `DELETE /api/sessions/${one.id}`, other.token)).status).toBe(404);
    expect(await one.status()).toBe(200);
    const ended = await two.send("DELETE", `/api/sessions/${one.id}`);
    expect([ended.status, await ended.json()]).toEqual([200, { success: true }]);
    expect([await one.status(), await two.status()]).toEqual([401, 200]);
    expect((await call(mars, `DELETE /api/sessions/${two.id}`, adminKey)).status).toBe(200);
    expect((await call(mars, `DELETE /api/sessions/${two.id}`, adminKey)).status).toBe(404);
    expect(await two.status()).toBe(401);
  });

  test("are ended by their own browser for its own page alone", async () => {
    const { token } = await makeKey();
    const [one, two] = [await signIn(token), await signIn(token)];
    two.headers = {};
    expect((await two.send("DELETE", `/api/sessions/${one.id}`)).status).toBe(403);
    expect(await one.status()).toBe(200);
  });

  test("end within a second after their key is revoked, with their sockets and streams", async () => {
    const { id, token } = await makeKey();
    const page = await signIn(token);
    const cookie = `mars_session=${page.cookies.get("mars_session")}`;
    const socket = await LiveClient.open(mars, "/ws", { cookie, origin: mars.url });
    await socket.subscribe("apps/shop");
    const stream = await page.call("/api/stream?topic=apps/shop");
    expect(stream.status).toBe(200);
    const start = performance.now();
    await fetch(`${mars.url}/api/keys/${id}`, { method: "DELETE", headers: bearer(adminKey) });
    expect(await socket.closed).toEqual({ code: 4401, reason: "this key was revoked" });
    expect(await stream.text()).toContain("unauthenticated");
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await page.status()).toBe(401);
  });

  test("of a rotated key end with its former text", async () => {
    const { id, token } = await makeKey();
    const page = await signIn(token);
    await call(mars, `POST /api/keys/${id}/rotate?overlap=1h`, adminKey);
    expect(await page.status()).toBe(200);
    await call(mars, `POST /api/keys/${id}/rotate`, adminKey);
    expect(await page.status()).toBe(401);
  });
});

test("a session reads and changes what its key may, and no more", async () => {
  const page = await signIn((await makeKey("ro", ["shop"])).token);
  expect(await page.status("/api/messages?app_id=shop")).toBe(200);
  expect(await page.status("/api/messages?app_id=bank")).toBe(404);
  const event = { app_id: "shop", message_id: "m", event: "e" };
  expect((await page.send("POST", "/api/event", event)).status).toBe(403);
  expect((await page.send("PUT", "/api/apps/shop/lifecycle", { stages: [{ event: "e" }] })).status).toBe(403);
  expect(await page.status("/api/keys")).toBe(403);
});
