import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { startMars, type TestMars } from "../support/mars.ts";
import { until } from "../support/until.ts";
import { adminKey, bearer, call, localToken } from "./doors.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ adminKey });
});
afterAll(() => mars[Symbol.asyncDispose]());

interface Made {
  readonly id: string;
  readonly token: string;
}

async function make(fields: Record<string, unknown> = {}): Promise<Made> {
  const wanted = { kind: "ro", apps: ["*"], name: "test", ...fields };
  const { status, body } = await call(mars, "POST /api/keys", adminKey, wanted);
  expect([status, body.success]).toEqual([200, true]);
  return body as unknown as Made;
}

const statusWith = async (token: string) => (await call(mars, "GET /api/messages", token)).status;

describe("a key", () => {
  test("has a text with a check, by which scanners know it, and is listed without it", async () => {
    const { id, token } = await make({ kind: "rw", apps: ["shop", "shop-*"], name: "the shop's team" });
    const [, random = "", check = ""] = /^mars_rw_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/.exec(token) ?? [];
    const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const value = [...check].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
    expect(value).toBe(crc32(random));
    const { body } = await call(mars, "GET /api/keys", adminKey);
    const listed = (body.keys as Made[]).find((key) => key.id === id);
    expect(listed).toMatchObject({
      kind: "rw",
      apps: ["shop", "shop-*"],
      name: "the shop's team",
      shown: token.slice(0, 12),
      expires_at: null,
    });
    expect(JSON.stringify(body)).not.toContain(token);
  });

  test("is kept as a hash", async () => {
    const { token } = await make();
    expect(await statusWith(token)).toBe(200);
    for (const file of ["messages.db", "messages.db-wal", "keys.json"]) {
      expect([file, (await readFile(join(mars.dataDir, file))).includes(token)]).toEqual([file, false]);
    }
  });

  test("ends when it is revoked, at once", async () => {
    const { id, token } = await make();
    expect(await statusWith(token)).toBe(200);
    expect((await call(mars, `DELETE /api/keys/${id}`, adminKey)).status).toBe(200);
    expect(await statusWith(token)).toBe(401);
    expect((await call(mars, `DELETE /api/keys/${id}`, adminKey)).status).toBe(404);
  });

  test("ends when it has expired", async () => {
    const { token } = await make({ expires_at: new Date(Date.now() + 700).toISOString() });
    expect(await statusWith(token)).toBe(200);
    await until(async () => (await statusWith(token)) === 401);
  });

  test("gets a new text, and the old one stays good for as long as is asked", async () => {
    const first = await make();
    const second = (await call(mars, `POST /api/keys/${first.id}/rotate?overlap=800ms`, adminKey))
      .body as unknown as Made;
    expect(second.id).toBe(first.id);
    expect([await statusWith(first.token), await statusWith(second.token)]).toEqual([200, 200]);
    await until(async () => (await statusWith(first.token)) === 401);
    const third = (await call(mars, `POST /api/keys/${first.id}/rotate`, adminKey)).body as unknown as Made;
    expect([await statusWith(second.token), await statusWith(third.token)]).toEqual([401, 200]);
  });

  test("gets a new text by a request whose fields are in the body, too", async () => {
    const { id, token } = await make();
    const rotate = (body: unknown) => call(mars, `POST /api/keys/${id}/rotate`, adminKey, body);
    expect((await rotate({ overlapp: "1h" })).body.errors).toMatchObject([{ field: "overlapp" }]);
    expect((await rotate({ id: "another" })).status).toBe(422);
    expect((await rotate({ overlap: "1h" })).body.previous_until).not.toBeNull();
    expect(await statusWith(token)).toBe(200);
    expect((await rotate({})).status).toBe(200);
    expect(await statusWith(token)).toBe(401);
  });

  test("shows when it was last used, to the minute", async () => {
    const { id, token } = await make();
    await statusWith(token);
    const { body } = await call(mars, "GET /api/keys?limit=1000", adminKey);
    const used = (body.keys as (Made & { last_used_at: string })[]).find(
      (key) => key.id === id,
    )?.last_used_at;
    expect(used).toMatch(/:00\.000000Z$/);
  });

  test("is refused where something of it is wrong", async () => {
    for (const [field, value] of [
      ["kind", "xx"],
      ["apps", []],
      ["apps", [""]],
      ["apps", ["a*b"]],
      ["apps", ["**"]],
      ["apps", ["a", "a"]],
      ["name", ""],
      ["expires_at", "2020-01-01T00:00:00Z"],
    ] as const) {
      const wanted = { kind: "ro", apps: ["*"], name: "x", [field]: value };
      const { status, body } = await call(mars, "POST /api/keys", adminKey, wanted);
      expect([field, status, body.errors?.[0]?.field.split(/[.[]/)[0]]).toEqual([field, 422, field]);
    }
  });

  test("outlives a restart, and so does its end", async () => {
    await using other = await startMars({ adminKey });
    const made = async (name: string) => {
      const wanted = { kind: "ro", apps: ["*"], name };
      return (await call(other, "POST /api/keys", adminKey, wanted)).body as unknown as Made;
    };
    const [kept, gone] = [await made("kept"), await made("gone")];
    await call(other, `DELETE /api/keys/${gone.id}`, adminKey);
    await using again = await other.restart();
    const statuses = [kept, gone].map(
      async ({ token }) => (await call(again, "GET /api/apps", token)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 401]);
  });
});

test("with the first key a loopback Mars asks every caller for one, and ends the streams of those without", async () => {
  await using open = await startMars();
  const stream = await fetch(`${open.url}/api/stream?topic=all`);
  expect(stream.status).toBe(200);
  const wanted = { kind: "in", apps: ["shop"], name: "first" };
  const made = await fetch(`${open.url}/api/keys`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(wanted),
  });
  expect(made.status).toBe(200);
  expect(await stream.text()).toContain('"code":"unauthenticated"');
  expect((await fetch(`${open.url}/api/messages`)).status).toBe(401);
});

test("an admin of some apps makes, sees and ends keys of these only", async () => {
  const { token } = await make({ kind: "ad", apps: ["shop-*"] });
  const attempt = (apps: string[]) =>
    call(mars, "POST /api/keys", token, { kind: "ro", apps, name: "by it" });
  expect((await attempt(["*"])).status).toBe(403);
  expect((await attempt(["shop"])).status).toBe(403);
  expect((await attempt(["shop-*"])).status).toBe(200);
  expect((await attempt(["shop-eu", "shop-us-*"])).status).toBe(200);
  // Limits divide what all apps share.
  const unlimited = { kind: "in", apps: ["shop-*"], name: "by it", limits: { events_per_second: 0 } };
  expect((await call(mars, "POST /api/keys", token, unlimited)).status).toBe(403);
  const other = await make({ apps: ["other"] });
  const hidden = await call(mars, `DELETE /api/keys/${other.id}`, token);
  const absent = await call(mars, "DELETE /api/keys/nobodys", token);
  const own = { request_id: expect.any(String) };
  expect(hidden).toEqual({ ...absent, body: { ...absent.body, ...own } });
  expect(hidden.status).toBe(404);
  const { body } = await call(mars, "GET /api/keys?limit=1000", token);
  for (const { apps } of body.keys as { apps: string[] }[]) {
    expect(apps.every((app) => app.startsWith("shop-"))).toBe(true);
  }
});

test("the last key, after which callers need none, is ended by an admin of all apps only", async () => {
  await using open = await startMars();
  const post = { method: "POST", headers: { "content-type": "application/json" } };
  const wanted = JSON.stringify({ kind: "ad", apps: ["shop"], name: "the shop's admin" });
  const made = (await (await fetch(`${open.url}/api/keys`, { ...post, body: wanted })).json()) as Made;
  const own = await call(open, `DELETE /api/keys/${made.id}`, made.token);
  expect([own.status, own.body.code]).toEqual([403, "permission_denied"]);
  expect((await fetch(`${open.url}/api/messages`)).status).toBe(401);
  const local = await localToken(open);
  expect((await call(open, `DELETE /api/keys/${made.id}`, local)).status).toBe(200);
  expect((await fetch(`${open.url}/api/messages`)).status).toBe(200);
});

test("a page of keys continues where the one before ended", async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const { body } = await call(mars, `GET /api/keys?limit=2${query}`, adminKey);
    seen.push(...(body.keys as Made[]).map(({ id }) => id));
    cursor = body.next_cursor as string | null;
  } while (cursor !== null);
  const { body } = await call(mars, "GET /api/keys?limit=1000", adminKey);
  expect(seen).toEqual((body.keys as Made[]).map(({ id }) => id));
  expect((await fetch(`${mars.url}/api/keys?cursor=x`, { headers: bearer(adminKey) })).status).toBe(422);
});
