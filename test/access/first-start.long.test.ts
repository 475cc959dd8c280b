import { describe, expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { startMars } from "../support/mars.ts";
import { postJson } from "../support/rest.ts";
import { adminKey, bearer, localToken } from "./doors.ts";

const event = { app_id: "shop", message_id: "m", event: "e" };

function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  return fetch(`${url}/api/messages`, { headers }).then(({ status }) => status);
}

describe("without any key", () => {
  test("on a loopback address every caller is served, and a wrong key is refused all the same", async () => {
    await using mars = await startMars();
    expect((await postJson(`${mars.url}/api/event`, event)).status).toBe(200);
    expect(await statusOf(mars.url)).toBe(200);
    expect(await statusOf(mars.url, bearer("mars_ro_0"))).toBe(401);
  });

  test("beyond this machine Mars does not start, and says what to do", async () => {
    const start = startMars({ host: "0.0.0.0" });
    await expect(start).rejects.toThrow(
      /set MARS_ADMIN_KEY, or start on 127\.0\.0\.1 and run `mars keys create/,
    );
  });

  test("beyond this machine Mars serves every caller only where the operator insists", async () => {
    await using mars = await startMars({ host: "0.0.0.0", anonymous: true });
    expect(await statusOf(mars.url)).toBe(200);
  });
});

describe("with an admin key", () => {
  test("a caller needs one: as Bearer, or as the password of Basic", async () => {
    await using mars = await startMars({ adminKey });
    const refused = await fetch(`${mars.url}/api/messages`);
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="mars"']);
    expect(await refused.json()).toMatchObject({ success: false, code: "unauthenticated" });
    expect((await postJson(`${mars.url}/api/event`, event)).status).toBe(401);
    expect(await statusOf(mars.url, bearer(adminKey))).toBe(200);
    const basic = Buffer.from(`any:${adminKey}`).toString("base64");
    expect(await statusOf(mars.url, { authorization: `Basic ${basic}` })).toBe(200);
    expect(await statusOf(mars.url, { authorization: adminKey })).toBe(401);
    expect(await statusOf(mars.url, bearer(adminKey.slice(1)))).toBe(401);
  });

  test("health needs none", async () => {
    await using mars = await startMars({ adminKey });
    for (const path of ["/status", "/livez", "/readyz"]) {
      expect([path, (await fetch(mars.url + path)).status]).toEqual([path, 200]);
    }
  });

  test("Mars may listen beyond this machine", async () => {
    await using mars = await startMars({ adminKey, host: "0.0.0.0" });
    expect(await statusOf(mars.url)).toBe(401);
    expect(await statusOf(mars.url, bearer(adminKey))).toBe(200);
  });
});

test("who can read the data directory may administer, by a token of this run that nobody else can read", async () => {
  await using mars = await startMars({ adminKey });
  const token = await localToken(mars);
  expect(token).toMatch(/^mars_ad_[0-9A-Za-z]{36}$/);
  expect((await stat(join(mars.dataDir, "admin-token"))).mode & 0o777).toBe(0o600);
  expect(await statusOf(mars.url, bearer(token))).toBe(200);
  await using again = await mars.restart();
  expect(await statusOf(again.url, bearer(token))).toBe(401);
  expect(await statusOf(again.url, bearer(await localToken(again)))).toBe(200);
});
