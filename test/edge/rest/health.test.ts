import { expect, test } from "bun:test";
import { adminKey, bearer, call } from "../../access/doors.ts";
import { startMars } from "../../support/mars.ts";

test("warnings of /readyz are for who may read every app; for others it says that Mars is ready", async () => {
  await using mars = await startMars({ adminKey, limitEvents: 1, limitBurst: 1 });
  const events = Array.from({ length: 5 }, (_, n) => ({ app_id: "a", message_id: `${n}`, event: "e" }));
  expect((await call(mars, "POST /api/event/bulk", adminKey, { events })).status).toBe(200);
  expect((await call(mars, "POST /api/event", adminKey, events[0])).status).toBe(429);
  const keys = { some: { kind: "rw", apps: ["a"] }, ingest: { kind: "in", apps: ["*"] } };
  const made = await Promise.all(
    Object.entries(keys).map(async ([name, key]) => {
      return String((await call(mars, "POST /api/keys", adminKey, { ...key, name })).body.token);
    }),
  );
  const ready = async (headers: Record<string, string>) => {
    const response = await fetch(`${mars.url}/readyz`, { headers });
    return [response.status, await response.json()];
  };
  const warnings = [expect.stringContaining("beyond the limit of events: admin")];
  expect(await ready(bearer(adminKey))).toEqual([200, { status: "ready", warnings }]);
  for (const headers of [{}, bearer("wrong"), ...made.map(bearer)]) {
    expect(await ready(headers)).toEqual([200, { status: "ready" }]);
  }
});
