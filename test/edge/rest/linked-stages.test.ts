/** Stages that events of another app make, through the front door. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { adminKey, call } from "../../access/doors.ts";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { until } from "../../support/until.ts";
import type { Json } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ adminKey });
});
afterAll(() => mars[Symbol.asyncDispose]());

const lifecycle = {
  stages: [
    { event: "ORDERED" },
    { app: "payments", event: "CAPTURED", after: "ORDERED", within: "5m" },
    { event: "SHIPPED", after: "payments/CAPTURED", within: "1h" },
    { app: "nobody yet", any_of: ["X", "Y"], after: "ORDERED", optional: true },
  ],
  complete_on: ["SHIPPED"],
  grace: "500ms",
};

const start = Date.now() - 600_000;
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();
const asAdmin = async (request: string, body?: unknown): Promise<Json> =>
  (await call(mars, request, adminKey, body)).body;
const report = async (...events: object[]): Promise<number> =>
  (await asAdmin("POST /api/event/bulk", { events })).seq;

test("a stage waits for an event of another app, and says which message has made it", async () => {
  const put = await asAdmin("PUT /api/apps/shop/lifecycle", lifecycle);
  expect(put.lifecycle).toEqual(lifecycle);
  const live = await LiveClient.open(mars, "/ws", { authorization: `Bearer ${adminKey}` });
  await live.subscribe("apps/shop/findings");
  const order = { app_id: "shop", message_id: "o-1", external_id: "order-1" };
  const payment = { app_id: "payments", message_id: "p-1" };
  await report(
    { ...order, event: "ORDERED", created_at: at(0) },
    // An own event that is called like it is none of another app.
    { ...order, event: "payments/CAPTURED", created_at: at(1) },
    { ...payment, event: "CAPTURED", created_at: at(60) },
  );
  const missing = { message_id: "o-1", kind: "missing", stage: "payments/CAPTURED" };
  expect((await live.next()).finding).toMatchObject({ ...missing, state: "current" });
  // What joins the two comes last.
  const seq = await report({ ...payment, event: "AUTHORIZED", created_at: at(30), external_id: "order-1" });
  expect((await live.next()).finding).toMatchObject({ ...missing, state: "retracted", late_by_ms: null });
  const messageOf = async (token: string) =>
    (await call(mars, `GET /api/apps/shop/messages/o-1?min_seq=${seq}`, token)).body as Json;
  const [, captured, shipped] = (await messageOf(adminKey)).lifecycle.stages;
  const time = (seconds: number) => at(seconds).replace("Z", "000Z");
  expect(captured).toMatchObject({
    ...{ stage: "payments/CAPTURED", stage_events: ["payments/CAPTURED"], after: "ORDERED", status: "done" },
    ...{ done_at: time(60), done_by: { app_id: "payments", message_id: "p-1" } },
  });
  expect(shipped).toMatchObject({ after: "payments/CAPTURED", due_at: time(3_660), done_by: null });

  const key = { kind: "ro", apps: ["shop"], name: "without payments" };
  const { token } = await asAdmin("POST /api/keys", key);
  const [, seen] = (await messageOf(token)).lifecycle.stages;
  expect(seen).toMatchObject({ status: "done", done_at: time(60), done_by: null });

  await until(async () => {
    const { stages } = await asAdmin(`GET /api/apps/shop/funnel?since=${at(-60)}`);
    return stages[1].stage === "payments/CAPTURED" && stages[1].reached.count === 1;
  });
  const { hops } = await asAdmin(`GET /api/apps/shop/latency?since=${at(-60)}`);
  expect(hops[0]).toMatchObject({
    stage: "payments/CAPTURED",
    after: "ORDERED",
    now: { count: 1, max_ms: 60_000 },
  });
  const tried = await asAdmin(`POST /api/apps/shop/lifecycle/dry-run?since=${at(-60)}`, lifecycle);
  // Judged as it happened, which the other app's event was in time for.
  expect([tried.messages, tried.states.open, tried.findings]).toEqual([1, 1, []]);
  await live.close();
});

test("messages of apps that say so belong together by their ids", async () => {
  await asAdmin("PUT /api/apps/a/lifecycle", {
    stages: [{ event: "A" }, { app: "b", event: "B", after: "A", within: "1s" }],
    complete_on: ["b/B"],
    journey_by: "message_id",
  });
  await asAdmin("PUT /api/apps/b/lifecycle", {
    stages: [{ event: "B" }],
    complete_on: ["B"],
    journey_by: "message_id",
  });
  const live = await LiveClient.open(mars, "/ws", { authorization: `Bearer ${adminKey}` });
  await live.subscribe("journeys/same-id");
  const of = (app_id: string, event: string) => ({ app_id, message_id: "same-id", event });
  const seq = await report({ ...of("a", "A"), created_at: at(0) }, { ...of("b", "B"), created_at: at(1) });
  await report(of("c", "C"));
  expect((await live.events(2)).map(({ event }) => event.app_id)).toEqual(["a", "b"]);
  await live.answered();
  await live.close();
  await until(async () => {
    const { state } = await asAdmin(`GET /api/apps/a/messages/same-id?min_seq=${seq}`);
    return state === "complete";
  });
  const journey = await asAdmin(`GET /api/journeys/same-id?min_seq=${seq}`);
  expect(journey.messages.map(({ app_id }: Json) => app_id)).toEqual(["a", "b"]);
});

test("a key lets a lifecycle wait for no app that the key is not for, unless the one in force does", async () => {
  const waiting = (app: string, event: string, within: string) => ({
    stages: [{ event: "A" }, { app, event, after: "A", within }],
    complete_on: [`${app}/${event}`],
    grace: "500ms",
  });
  const { token } = await asAdmin("POST /api/keys", { kind: "rw", apps: ["own", "own-*"], name: "own" });
  const statuses = async (definition: object) => {
    const answers = [];
    for (const request of ["POST /api/apps/own/lifecycle/dry-run", "PUT /api/apps/own/lifecycle"]) {
      answers.push(await call(mars, request, token, definition));
    }
    return answers.map(({ status, body }) => (body as Json).detail ?? status);
  };
  const refused = 'this key is not for the app "payroll"';
  const first = await report({ app_id: "own", message_id: "m", event: "A" });
  await asAdmin(`GET /api/apps/own/messages/m?min_seq=${first}`);
  expect(await statuses(waiting("payroll", "PAID", "1s"))).toEqual([refused, refused]);
  expect(await statuses(waiting("own-parts", "PAID", "1s"))).toEqual([200, 200]);

  await asAdmin("PUT /api/apps/own/lifecycle", waiting("payroll", "PAID", "1s"));
  expect(await statuses(waiting("payroll", "PAID", "2s"))).toEqual([200, 200]);
  expect(await statuses(waiting("payroll", "FIRED", "2s"))).toEqual([refused, refused]);
});
