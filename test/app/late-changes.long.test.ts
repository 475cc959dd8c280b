/** A change that is made after its caller's time holds at once, and not from the next start on. */
import { expect, spyOn, test } from "bun:test";
import { Changes } from "../../src/ingest/changes.ts";
import { adminKey, call } from "../access/doors.ts";
import { startMars } from "../support/mars.ts";
import { until } from "../support/until.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of all kinds
type Json = any;

test("settings that the store makes late are gone by in the same run", async () => {
  await using mars = await startMars({ adminKey });
  const ask = async (request: string, body?: object, token = adminKey) => {
    const answer = await call(mars, request, token, body);
    return { status: answer.status, body: answer.body as Json };
  };
  const key = (await ask("POST /api/keys", { kind: "rw", apps: ["*"], name: "k" })).body;
  const gone = (await ask("POST /api/keys", { kind: "rw", apps: ["*"], name: "gone" })).body;
  await ask("PUT /api/alerts/sinks/s", { type: "topic" });
  const rule = { app_id: "other", kinds: ["missing"], sinks: ["s"] };
  expect((await ask("PUT /api/alerts/rules/first", rule)).status).toBe(200);
  const stages = [{ event: "A" }, { event: "B", within: "1s" }];
  await ask("PUT /api/apps/app/lifecycle", { stages, complete_on: ["B"], grace: "0s" });

  const { promise: caughtUp, resolve: catchUp } = Promise.withResolvers<void>();
  const { make } = Changes.prototype;
  using slow = spyOn(Changes.prototype, "make").mockImplementation(async function (this: Changes, step) {
    await caughtUp;
    return make.call(this, step);
  });
  const asked = await Promise.all([
    ask("PUT /api/alerts/rules/late", { ...rule, app_id: "app" }),
    ask("PUT /api/apps/app/retention", { retention: "400d" }),
  ]);
  expect(asked.map(({ status }) => status)).toEqual([504, 504]);
  const collector = { url: "mqtt://127.0.0.1:1", app_id: "app", topic: "t" };
  const others = await Promise.all([
    ask("PUT /api/sources/s", { preset: "github", app_id: "app", verify: { secret: "0123456789abcdef" } }),
    ask("PUT /api/collectors/c", collector),
  ]);
  expect(others).toMatchObject([{ status: 504 }, { status: 504 }]);
  const more = await Promise.all([
    ask(`PUT /api/keys/${key.id}/limits`, { events_per_second: 5 }),
    // It ends at once, and in the copy on disk.
    ask(`DELETE /api/keys/${gone.id}`),
  ]);
  catchUp();
  expect(more.map(({ status }) => status)).toEqual([504, 200]);
  expect((await ask("GET /api/messages", undefined, gone.token)).status).toBe(401);
  expect(slow).toHaveBeenCalled();

  await until(async () => (await ask("GET /api/apps/app/retention")).body.retention === "400d");
  await until(async () => {
    const { keys } = (await ask("GET /api/keys")).body;
    return keys.length === 1 && JSON.stringify(keys[0].limits ?? "").includes("5");
  });
  await until(async () => (await ask("GET /api/sources/s")).status === 200);
  await until(async () => (await ask("GET /api/collectors")).body.collectors.length === 1);
  await ask("POST /api/event", { app_id: "app", message_id: "m", event: "A" });
  await until(async () => (await ask("GET /api/alerts/incidents")).body.incidents.length === 1);
}, 60_000);
