/** The overview: what is wrong now, in one answer. */
import { expect, test } from "bun:test";
import { get, post } from "../edge/rest/client.ts";
import { startMars } from "../support/mars.ts";
import { until } from "../support/until.ts";

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

test("shows the hops and incidents with the most trouble, and counts the others too", async () => {
  await using mars = await startMars();
  const put = (path: string, body: unknown) =>
    fetch(`${mars.url}${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const stages = Array.from({ length: 35 }, (_, n) => ({ event: `S${n}`, after: "A", within: "1s" }));
  await put("/api/apps/shop/lifecycle", { stages: [{ event: "A" }, ...stages], complete_on: ["S0"] });
  await put("/api/alerts/sinks/own", { type: "topic" });
  await put("/api/alerts/rules/stuck", { sinks: ["own"], at_least: 1, window: "15m" });
  const created_at = new Date(Date.now() - 60_000).toISOString();
  await post(`${mars.url}/api/event`, { app_id: "shop", message_id: "m", event: "A", created_at });
  const shown = async () => (await get(`${mars.url}/api/overview`)).body;
  await until(async () => (await shown()).active_incidents === 35);
  const { groups, incidents, new_overdue, apps } = await shown();
  expect([groups.length, incidents.length, new_overdue, apps[0].new_overdue]).toEqual([30, 5, 35, 35]);
  for (const group of groups) {
    expect(group).toMatchObject({ total: 1, new: 1, longest: { message_id: "m" } });
    expect(group.ages[0]).toEqual({ over: "0s", count: 1 });
  }
});
