/** What is normal for a stage is one figure, wherever it is shown. */
import { expect, test } from "bun:test";
import { type Latency, normalTimes, type Stage, stageViews } from "../../src/api/stage-views.ts";
import { startMars } from "../support/mars.ts";
import { getJson } from "../support/rest.ts";

const second = 1_000;
const day = 86_400 * second;

test("a message's stages and the lists of what is stuck go by the same days", async () => {
  await using mars = await startMars();
  const put = (method: string, path: string, body: unknown) =>
    fetch(mars.url + path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }).then((answer) => answer.json() as Promise<{ seq: number }>);
  const stages = [{ event: "A" }, { event: "B", within: "30s" }];
  await put("PUT", "/api/apps/shop/lifecycle", { stages, complete_on: ["B"] });
  const now = Date.now();
  const at = (ms: number) => new Date(ms).toISOString();
  const took = (message_id: string, startedAt: number, ms: number) => [
    { app_id: "shop", message_id, event: "A", created_at: at(startedAt) },
    { app_id: "shop", message_id, event: "B", created_at: at(startedAt + ms) },
  ];
  const events = [
    ...took("today", now - 40 * second, 2 * second),
    ...took("three days ago", now - 3 * day, 20 * second),
    ...took("weeks ago", now - 20 * day, 29 * second),
    { app_id: "shop", message_id: "stuck", event: "A", created_at: at(now - 60 * second) },
  ];
  const { seq } = await put("POST", "/api/event/bulk", { events });
  const read = <Answer>(path: string) => getJson<Answer>(`${mars.url}${path}`);
  type Groups = { readonly groups: readonly { readonly normal_p99_ms: number | null }[] };
  const stuck = () => read<Groups>(`/api/overdue/groups?min_seq=${seq}`);
  let { groups } = await stuck();
  while (groups.length === 0) ({ groups } = await stuck());
  const latency = await read<Latency>(`/api/apps/shop/latency?${new URLSearchParams(normalTimes(now))}`);
  const { lifecycle } = await read<{ lifecycle: { stages: Stage[] } }>("/api/apps/shop/messages/stuck");
  const [, waiting] = stageViews(lifecycle.stages, latency, now);
  expect(waiting?.p99Ms).toBe(groups[0]!.normal_p99_ms!);
  // The one of three days ago is in it, that of weeks ago is not.
  expect(waiting?.p99Ms).toBeGreaterThan(19 * second);
  expect(waiting?.p99Ms).toBeLessThan(22 * second);
});
