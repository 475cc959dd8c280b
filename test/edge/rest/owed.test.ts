/** Stages that several owe, through the front door. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, messageUrl, postJson, sendBulk } from "../../support/rest.ts";
import { get, type Json } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const lifecycle = {
  stages: [
    { event: "SENT" },
    { event: "ACKED", after: "SENT", within: "30s", each: { of: "recipients", by: "client" } },
    { event: "COPIED", after: "SENT", within: "1h", times: 3 },
  ],
  complete_on: ["ACKED"],
  grace: "500ms",
};

const start = Date.now() - 60_000;
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();
const noMore = { extra: [], extra_count: 0, late: [], late_count: 0 };

test("a stage that several owe is missing until the last of them has acknowledged, and each answer says who has not", async () => {
  const put = await get(`${mars.url}/api/apps/push/lifecycle`, {
    method: "PUT",
    body: JSON.stringify(lifecycle),
    headers: { "content-type": "application/json" },
  });
  expect(put).toMatchObject({ status: 200, body: { lifecycle } });
  const live = await LiveClient.open(mars);
  await live.subscribe("findings");
  const of = { app_id: "push", message_id: "m" };
  const acked = (client: string, seconds: number) => {
    return { ...of, event: "ACKED", created_at: at(seconds), attributes: { client } };
  };
  const recipients = ["eu-east", "eu-west", "us"];
  const seq = await sendBulk(mars.url, [
    { ...of, event: "SENT", created_at: at(0), attributes: { recipients } },
    ...[acked("us", 5), acked("eu-east", 6)],
    { ...of, event: "COPIED", created_at: at(1) },
  ]);
  const owed = { ...noMore, expected: 3, received: 2, missing: ["eu-west"] };
  const { finding } = await live.next();
  expect(finding).toMatchObject({ message_id: "m", kind: "missing", stage: "ACKED", owed });
  const stages = async () => {
    const message = await getJson<Json>(`${messageUrl(mars.url, "push", "m")}?min_seq=${seq}`);
    return message.lifecycle.stages.map(({ status, owed: one }: Json) => [status, one]);
  };
  expect(await stages()).toEqual([
    ["done", null],
    ["overdue", owed],
    ["waiting", { ...noMore, expected: 3, received: 1, missing: [] }],
  ]);
  const overdue = await getJson<Json>(`${mars.url}/api/overdue?app_id=push`);
  expect(overdue.overdue).toMatchObject([{ message_id: "m", stage: "ACKED", owed }]);

  await sendBulk(mars.url, [acked("eu-west", 40), acked("moon", 7)]);
  const done = {
    expected: 3,
    received: 3,
    missing: [],
    extra: ["moon"],
    extra_count: 1,
    late: ["eu-west"],
    late_count: 1,
  };
  expect((await live.next()).finding).toMatchObject({ kind: "missing", state: "retracted" });
  expect((await live.next()).finding).toMatchObject({ kind: "late", late_by_ms: 10_000, owed: done });
  expect((await stages())[1]).toEqual(["done", done]);
  const message = await getJson<Json>(messageUrl(mars.url, "push", "m"));
  expect(message).toMatchObject({
    state: "complete",
    lifecycle: { completed_at: message.events.at(-1).created_at },
  });
  const page = await getJson<Json>(`${mars.url}/api/findings?app_id=push&state=any`);
  const found = page.findings.map(({ kind, stage, owed: one }: Json) => [kind, stage, one]);
  expect(found.filter(([, stage]: [string, string]) => stage === "ACKED")).toEqual([
    ["late", "ACKED", done],
    ["missing", "ACKED", done],
  ]);
});

test("a dry run judges it by all who owe it", async () => {
  const sent = { app_id: "tried", event: "SENT", attributes: { recipients: ["a", "b"] } };
  const acked = { app_id: "tried", event: "ACKED" };
  await sendBulk(mars.url, [
    { ...sent, message_id: "both", created_at: at(0) },
    { ...acked, message_id: "both", created_at: at(1), attributes: { client: "a" } },
    { ...acked, message_id: "both", created_at: at(2), attributes: { client: "b" } },
    { ...sent, message_id: "one", created_at: at(0) },
    { ...acked, message_id: "one", created_at: at(1), attributes: { client: "a" } },
  ]);
  const run = (await (
    await postJson(`${mars.url}/api/apps/tried/lifecycle/dry-run?since=1h`, lifecycle)
  ).json()) as Json;
  expect(run).toMatchObject({ messages: 2, lifecycle, states: { complete: 1, overdue: 1 } });
  const missing = run.findings.find(({ kind, stage }: Json) => kind === "missing" && stage === "ACKED");
  expect(missing).toMatchObject({ holding: 1, retracted: 0, samples: ["one"] });
});
