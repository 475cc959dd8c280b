/** Lists as lines of JSON, over many pages. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "../../../src/db/database.ts";
import { migrate } from "../../../src/db/migrate.ts";
import { storeMigrations } from "../../../src/gen/sql.ts";
import { adminKey, bearer, call } from "../../access/doors.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

const entries = 20_000;

let mars: TestMars;
beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-lines-"));
  const database = new Database({
    url: `file:${dataDir}/messages.db`,
    authToken: "",
    timeoutMs: 1_000,
    pragmas: [],
  });
  await migrate(database, storeMigrations, "the test's database");
  await database.execute(`
    INSERT INTO audit (at, who, name, address, protocol, action, target, app_id, old, new)
    SELECT ${Date.now()} * 1000 + value, 'key:x', 'x', '127.0.0.1', 'rest', 'putLifecycle', 'shop', 'shop', '',
      json_object('text', printf('%.*c', 1000, 'x'))
    FROM generate_series(1, ${entries})`);
  database.close();
  mars = await startMars({ adminKey, dataDir });
});
afterAll(() => mars[Symbol.asyncDispose]());

function lines(token: string): Promise<Response> {
  const headers = { ...bearer(token), accept: "application/x-ndjson" };
  return fetch(`${mars.url}/api/audit?limit=1000`, { headers });
}

test("all items of all pages come, each once and in order", async () => {
  const text = await (await lines(adminKey)).text();
  const ids = text
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { id: number }).id);
  expect(ids.length).toBe(entries);
  expect(ids.every((id, index) => id === entries - index)).toBe(true);
});

test("an answer that breaks off does not look complete: here its caller's key is revoked", async () => {
  const { body } = await call(mars, "POST /api/keys", adminKey, { kind: "ad", apps: ["*"], name: "reader" });
  const response = await lines(String(body.token));
  const reader = response.body!.getReader();
  let bytes = (await reader.read()).value?.byteLength ?? 0;
  expect(bytes).toBeGreaterThan(0);
  expect((await call(mars, `DELETE /api/keys/${body.id}`, adminKey)).status).toBe(200);
  const rest = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.byteLength;
    }
  };
  await expect(rest()).rejects.toThrow();
  expect(bytes).toBeLessThan(entries * 1_000);
});
