import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import type { Delivery } from "../../../src/alerting/delivery.ts";
import { openStore, type TestStore } from "../../support/store.ts";

/** Writes deliveries whose sinks have refused them with a long text eight times. */
async function insertRefused(opened: TestStore, count: number): Promise<void> {
  const client = createClient({ url: opened.url });
  const notification = JSON.stringify({ type: "test", at: 1, text: "a test" });
  await client.execute({
    sql: `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
      INSERT INTO alert_deliveries (sink, state, webhook_id, notification, created_at, next_at, attempts)
      SELECT 'ops', 'failed', 'msg_' || n, ?2, n, 0, 8 FROM n`,
    args: [count, notification],
  });
  await client.execute(`WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 8)
    INSERT INTO alert_attempts (delivery, number, at, duration_ms, outcome, status, error, response)
    SELECT d.id, n.n, n.n, 1, 'failed', 500, 'x', hex(zeroblob(512)) FROM alert_deliveries d, n`);
  client.close();
}

test("a page of deliveries with long refusals is short, and the next one goes on behind it", async () => {
  using opened = await openStore();
  await insertRefused(opened, 500);
  const all: Delivery[] = [];
  const sizes: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await opened.queries.alertDeliveries({ limit: 1_000, ...(cursor && { cursor }) });
    sizes.push(JSON.stringify(page).length);
    all.push(...page.deliveries);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(sizes.length).toBeGreaterThan(3);
  expect(Math.max(...sizes)).toBeLessThan(1.5 * 1024 * 1024);
  expect(all.map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_, n) => 500 - n));
  expect(all.every(({ attempts }) => attempts.length === 8)).toBe(true);
});
