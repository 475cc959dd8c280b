import { expect, test } from "bun:test";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, sendBulk } from "../support/rest.ts";

const definition = {
  stages: [{ event: "CREATED" }, { event: "SEEN", within: "200ms" }],
  complete_on: ["SEEN"],
  grace: "50ms",
};
const graceMs = 1_000;
const headers = { "content-type": "application/json" };

async function put(mars: TestMars): Promise<void> {
  const init = { method: "PUT", headers, body: JSON.stringify(definition) };
  expect((await fetch(`${mars.url}/api/apps/shop/lifecycle`, init)).status).toBe(200);
}

const created = (n: number) => ({ app_id: "shop", message_id: `m${n}`, event: "CREATED" });

test("after a start nothing is called missing until producers could try again, and then it is as one group", async () => {
  const first = await startMars();
  await put(first);
  const began = new Date().toISOString();
  await sendBulk(
    first.url,
    Array.from({ length: 30 }, (_, n) => created(n)),
  );
  await first.stop();
  await using mars = await first.restart({ startGraceMs: graceMs });
  const started = Date.now();
  const live = await LiveClient.open(mars);
  await live.subscribe("findings");
  // What a producer could not report while Mars was away.
  await sendBulk(mars.url, [{ ...created(0), event: "SEEN", created_at: began }]);

  const raised = [];
  while (raised.length < 29) raised.push((await live.next()).finding);
  expect(Date.now() - started).toBeGreaterThanOrEqual(graceMs - 50);
  expect(raised.map(({ message_id }) => message_id)).not.toContain("m0");
  expect(new Set(raised.map(({ raised_at }) => raised_at)).size).toBe(1);
  const { findings } = await getJson<{ findings: unknown[] }>(
    `${mars.url}/api/findings?state=any&app_id=shop`,
  );
  expect(findings.length).toBe(29);
  await live.close();
});

test("after a refusal nothing is called missing until producers could try again", async () => {
  await using mars = await startMars({ startGraceMs: graceMs, journalBytesMax: 1 });
  await put(mars);
  // The journal is over its bound with the first event in it, until that is stored and dropped from it.
  const sent = await fetch(`${mars.url}/api/event`, {
    method: "POST",
    headers,
    body: JSON.stringify(created(1)),
  });
  expect(sent.status).toBe(200);
  const refused = await fetch(`${mars.url}/api/event`, {
    method: "POST",
    headers,
    body: JSON.stringify(created(2)),
  });
  expect(refused.status).toBe(429);
  const refusedAt = Date.now();
  const live = await LiveClient.open(mars);
  await live.subscribe("findings", 0);
  expect((await live.next()).finding).toMatchObject({ message_id: "m1", kind: "missing" });
  expect(Date.now() - refusedAt).toBeGreaterThanOrEqual(graceMs - 50);
  await live.close();
});
