/** The attempts of a caller that has a key, and wants more than it gives. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMars, type TestMars } from "../support/mars.ts";
import { adminKey, call, localToken } from "./doors.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ adminKey });
});
afterAll(() => mars[Symbol.asyncDispose]());

async function makeKey(fields: object): Promise<{ id: string; token: string }> {
  const { status, body } = await call(mars, "POST /api/keys", adminKey, { name: "test", ...fields });
  expect(status).toBe(200);
  return body as unknown as { id: string; token: string };
}

describe("members that nobody may give", () => {
  const wanted = { kind: "ro", apps: ["shop"], name: "mine" };

  test.each([
    '"id":"AAAAAAAAAAAA"',
    '"hash":"x"',
    '"token":"mars_ad_x"',
    '"scopes":["admin"]',
    '"created_at":"2020-01-01T00:00:00Z"',
    '"previous":{"hash":"x","until":9e15}',
    '"__proto__":{"kind":"ad","apps":["*"]}',
    '"constructor":{"prototype":{"kind":"ad"}}',
  ])("make no key: %s", async (member) => {
    const body = `${JSON.stringify(wanted).slice(0, -1)},${member}}`;
    const response = await fetch(`${mars.url}/api/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body,
    });
    expect(response.status).toBe(422);
  });

  test("change no key: by a query, or twice", async () => {
    const { id } = await makeKey(wanted);
    for (const query of ["kind=ad", "apps=*", "id=x", "overlap=1h&overlap=2h"]) {
      const { status } = await call(mars, `POST /api/keys/${id}/rotate?${query}`, adminKey);
      expect([query, status]).toEqual([query, 422]);
    }
  });

  test("do not move a rule to another app by an id in its body", async () => {
    const { token } = await makeKey({ kind: "rw", apps: ["shop"] });
    const rule = { id: "other", app_id: "shop", sinks: ["s"] };
    expect((await call(mars, "PUT /api/alerts/rules/mine", token, rule)).status).toBe(422);
  });

  test("of an event say nothing: its seq and its receipt are those of Mars", async () => {
    const event = { app_id: "forged", message_id: "m", event: "e" };
    const forged = {
      ...event,
      seq: 1,
      received_at: "2020-01-01T00:00:00Z",
      duplicates: 9,
      identity: "admin",
    };
    const { body } = await call(mars, "POST /api/event", adminKey, forged);
    const read = await call(mars, `GET /api/apps/forged/messages/m?min_seq=${body.seq}`, adminKey);
    const [stored] = read.body.events as { seq: number; received_at: string; duplicates: number }[];
    expect([stored?.seq, stored?.duplicates]).toEqual([body.seq as number, 0]);
    expect(Date.parse(stored?.received_at ?? "")).toBeGreaterThan(Date.now() - 60_000);
  });
});

test("ids of keys are random, so that none leads to another", async () => {
  const ids = await Promise.all(
    Array.from({ length: 20 }, async () => (await makeKey({ kind: "ro", apps: ["a"] })).id),
  );
  for (const id of ids) expect(id).toMatch(/^[0-9A-Za-z]{12}$/);
  expect(new Set(ids.map((id) => id.slice(0, 4))).size).toBeGreaterThan(18);
});

test("the cursor of an administrator's list shows another key nothing that is not its own", async () => {
  const events = Array.from({ length: 40 }, (_, n) => ({
    app_id: n % 2 === 0 ? "mine" : "theirs",
    message_id: `m-${n}`,
    event: "e",
  }));
  const { body } = await call(mars, "POST /api/event/bulk", adminKey, { events });
  const { token } = await makeKey({ kind: "ad", apps: ["mine"] });
  await makeKey({ kind: "ro", apps: ["theirs"] });
  for (const [path, member] of [
    [`/api/messages?min_seq=${body.seq}&limit=1`, "messages"],
    [`/api/messages?order=updated&limit=1`, "messages"],
    ["/api/apps?limit=1", "apps"],
    ["/api/keys?limit=1", "keys"],
  ] as const) {
    const first = await call(mars, `GET ${path}`, adminKey);
    const cursor = encodeURIComponent(String(first.body.next_cursor));
    const next = await call(mars, `GET ${path.replace("limit=1", "limit=1000")}&cursor=${cursor}`, token);
    // A cursor may be of its own list only; then it is refused.
    expect([path, next.status]).toEqual([path, expect.any(Number)]);
    expect([200, 422]).toContain(next.status);
    expect([path, JSON.stringify(next.body[member] ?? []).includes("theirs")]).toEqual([path, false]);
  }
});

test("a figure, a funnel's link and an example are of the caller's own apps", async () => {
  const { token } = await makeKey({ kind: "rw", apps: ["mine"] });
  for (const path of [
    "/api/apps",
    "/api/apps/mine/funnel",
    "/api/apps/mine/latency",
    "/api/apps/mine/rates",
  ]) {
    const { status, body } = await call(mars, `GET ${path}`, token);
    expect([path, status, JSON.stringify(body).includes("theirs")]).toEqual([path, 200, false]);
  }
  for (const path of ["/api/q/stats", "/api/set-aside", "/api/audit", "/api/alerts/sinks"]) {
    expect([path, (await call(mars, `GET ${path}`, token)).status]).toEqual([path, 403]);
  }
});

describe("the token of this run", () => {
  test("is never written through a link, nor into a file that others can read", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "mars-test-"));
    const elsewhere = await mkdtemp(join(tmpdir(), "mars-test-"));
    const [file, next] = [join(dataDir, "admin-token"), join(dataDir, "admin-token.next")];
    await symlink(join(elsewhere, "taken"), file);
    await writeFile(next, "", { mode: 0o644 });
    {
      await using started = await startMars({ dataDir });
      expect((await call(started, "GET /api/keys", await localToken(started))).status).toBe(200);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      await started.stop();
    }
    await symlink(join(elsewhere, "taken"), next).catch(() => undefined);
    await expect(readFile(join(elsewhere, "taken"))).rejects.toThrow("ENOENT");
    await rm(elsewhere, { recursive: true });
  });

  test("is another one at each start, and ends with it", async () => {
    await using first = await startMars({ adminKey });
    const token = await localToken(first);
    await using second = await first.restart();
    expect(await localToken(second)).not.toBe(token);
    expect((await call(second, "GET /api/keys", token)).status).toBe(401);
  });
});
