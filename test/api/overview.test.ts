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

  const looking = async (window: string) =>
    (await get(`${mars.url}/api/overview?window=${window}`)).body.apps[0];
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  const expected = { "15m": [60_000, 15, 2], "1h": [120_000, 30, 5], "7d": [14_400_000, 42, events.length] };
  for (const [window, [stepMs, length, count]] of Object.entries(expected)) {
    const { step_ms, event_steps } = await looking(window);
    expect([window, step_ms, event_steps.length, sum(event_steps)]).toEqual([window, stepMs, length, count]);
  }
  for (const window of ["14m", "8d"]) {
    expect((await get(`${mars.url}/api/overview?window=${window}`)).status).toBe(422);
  }
});

test("an app's p95 is of the window, against the window before", async () => {
  await using mars = await startMars();
  const lifecycle = {
    stages: [{ event: "A" }, { event: "B", after: "A", within: "1d" }],
    complete_on: ["B"],
  };
  await fetch(`${mars.url}/api/apps/shop/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(lifecycle),
  });
  // Began and took so many minutes.
  const took = [
    [30, 1],
    [100, 10],
    [300, 40],
  ] as const;
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const events = took.flatMap(([ago, lasting]) => [
    { app_id: "shop", message_id: `m-${ago}`, event: "A", created_at: at(ago) },
    { app_id: "shop", message_id: `m-${ago}`, event: "B", created_at: at(ago - lasting) },
  ]);
  const { seq } = (await post(`${mars.url}/api/event/bulk`, { events })).body;
  await get(`${mars.url}/api/apps?min_seq=${seq}`);
  const times = async (query: string) => {
    const { p95_ms, p95_before_ms } = (await get(`${mars.url}/api/overview${query}`)).body.apps[0];
    return [p95_ms, p95_before_ms].map((ms) => (ms === null ? null : Math.round(ms / 60_000)));
  };
  expect(await times("")).toEqual([1, 10]);
  expect(await times("?window=15m")).toEqual([null, 1]);
  expect(await times("?window=3h")).toEqual([10, 40]);
  expect(await times("?window=7d")).toEqual([40, null]);
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
