/** The overview: what is wrong now, in one answer. */
import { expect, test } from "bun:test";
import { get, post } from "../edge/rest/client.ts";
import { startMars } from "../support/mars.ts";

test("an app's day has each of its events in one of its half hours", async () => {
  await using mars = await startMars();
  const minutesAgo = [1, 7, 44, 45, 46, 200, 201, 1_000];
  const events = minutesAgo.map((minutes) => ({
    app_id: "shop",
    message_id: `order-${minutes}`,
    event: "created",
    created_at: new Date(Date.now() - minutes * 60_000).toISOString(),
  }));
  const { seq } = (await post(`${mars.url}/api/event/bulk`, { events })).body;
  await get(`${mars.url}/api/apps?min_seq=${seq}`);
  const { apps } = (await get(`${mars.url}/api/overview`)).body;
  const steps: number[] = apps[0].event_steps;
  expect(steps.length).toBe(48);
  expect(steps.reduce((sum, count) => sum + count, 0)).toBe(events.length);
  expect(steps.at(-1)! + steps.at(-2)!).toBeGreaterThanOrEqual(2);
});
