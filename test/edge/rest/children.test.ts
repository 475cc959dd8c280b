/** A batch that is complete when its parts are, through the front door. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, messageUrl, sendBulk } from "../../support/rest.ts";
import { until } from "../../support/until.ts";
import { get, type Json } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const lifecycle = {
  stages: [
    { event: "SENT" },
    { children: "complete", after: "SENT", within: "5m", count: "size" },
    { event: "DELIVERED", after: "SENT", optional: true },
  ],
  complete_on: ["children", "DELIVERED"],
  grace: "0s",
};

const start = Date.now() - 600_000;
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();

test("a batch of batches waits for its parts, and names those that are not complete", async () => {
  const put = await get(`${mars.url}/api/apps/mail/lifecycle`, {
    method: "PUT",
    body: JSON.stringify(lifecycle),
    headers: { "content-type": "application/json" },
  });
  expect(put).toMatchObject({ status: 200, body: { lifecycle } });
  const live = await LiveClient.open(mars);
  await live.subscribe("apps/mail/messages/batch/findings");
  const part = (message_id: string, event: string, seconds: number, more: object = {}) => {
    return { app_id: "mail", message_id, event, created_at: at(seconds), ...more };
  };
  const inBatch = { parent_id: "batch" };
  await sendBulk(mars.url, [
    // The parts may come before what they are parts of.
    part("m-1", "DELIVERED", 5, inBatch),
    part("m-2", "QUEUED", 6, inBatch),
    part("batch", "SENT", 0, { attributes: { size: 3 } }),
    part("inner", "SENT", 1, inBatch),
    part("m-3", "DELIVERED", 7, { parent_id: "inner" }),
  ]);
  const owed = {
    expected: 3,
    received: 2,
    missing: ["m-2"],
    extra: [],
    extra_count: 0,
    late: [],
    late_count: 0,
  };
  const stageOf = async () => {
    const message = await getJson<Json>(messageUrl(mars.url, "mail", "batch"));
    return message.lifecycle.stages[1];
  };
  expect((await live.next()).finding).toMatchObject({ kind: "missing", stage: "children", state: "current" });
  // The innermost part may complete a moment later.
  await until(async () => (await stageOf()).owed?.received === 2);
  expect(await stageOf()).toMatchObject({ stage: "children", status: "overdue", owed });
  const { overdue } = await getJson<Json>(`${mars.url}/api/overdue?app_id=mail&stage=children`);
  expect(overdue.map((one: Json) => one.message_id)).toEqual(["batch"]);
  for (const [filter, ids] of [
    ["", ["m-1", "m-2", "inner"]],
    ["&state=open", ["m-2"]],
    ["&prefix=m-", ["m-1", "m-2"]],
    ["&missing=SENT&limit=1", ["m-2"]],
  ] as const) {
    const list = `${mars.url}/api/messages?app_id=mail&parent_id=batch&order=newest${filter}`;
    const { messages } = await getJson<Json>(list);
    expect([filter, messages.map((one: Json) => one.message_id).toSorted()]).toEqual([
      filter,
      ids.toSorted(),
    ]);
  }

  const seq = await sendBulk(mars.url, [part("m-2", "DELIVERED", 310)]);
  expect((await live.next()).finding).toMatchObject({ kind: "missing", state: "retracted" });
  expect((await live.next()).finding).toMatchObject({ kind: "late", stage: "children", late_by_ms: 10_000 });
  const message = await getJson<Json>(`${messageUrl(mars.url, "mail", "batch")}?min_seq=${seq}`);
  expect(message).toMatchObject({
    state: "complete",
    lifecycle: {
      completed_at: at(310).replace("Z", "000Z"),
      stages: [{}, { owed: { received: 3, missing: [] } }, {}],
    },
  });
  const tried = await fetch(`${mars.url}/api/apps/mail/lifecycle/dry-run?since=${at(-60)}`, {
    method: "POST",
    body: JSON.stringify(lifecycle),
    headers: { "content-type": "application/json" },
  });
  expect(((await tried.json()) as Json).states).toMatchObject({ complete: 5, overdue: 0 });
  await live.close();
});

test("a batch without parts is complete at once, and a number that is none is shown", async () => {
  await get(`${mars.url}/api/apps/sizes/lifecycle`, {
    method: "PUT",
    body: JSON.stringify(lifecycle),
    headers: { "content-type": "application/json" },
  });
  const sizes = { none: 0, text: "three", half: 1.5, minus: -1, huge: 5_000_000_000, no: null, list: [2] };
  const seq = await sendBulk(mars.url, [
    ...Object.entries(sizes).map(([message_id, size]) => {
      return { app_id: "sizes", message_id, event: "SENT", created_at: at(0), attributes: { size } };
    }),
    { app_id: "sizes", message_id: "text-1", event: "DELIVERED", created_at: at(9), parent_id: "text" },
    { app_id: "sizes", message_id: "more", event: "SENT", created_at: at(1), attributes: { size: 0 } },
    { app_id: "sizes", message_id: "more-1", event: "DELIVERED", created_at: at(7), parent_id: "more" },
  ]);
  const show = (id: string) => getJson<Json>(`${messageUrl(mars.url, "sizes", id)}?min_seq=${seq}`);
  const late = `${mars.url}/api/findings?app_id=sizes&stage=children`;
  // "half", "minus", "huge", "no" and "list" wait for a part.
  await until(
    async () =>
      (await show("more")).state === "complete" &&
      (await show("text")).state === "complete" &&
      (await getJson<Json>(late)).findings.filter((one: Json) => one.kind === "missing").length === 5,
  );
  const of = async (id: string) => {
    const { state, lifecycle } = await show(id);
    const { done_at, owed } = lifecycle.stages[1];
    return [state, done_at, owed && [owed.received, owed.expected, owed.count_ignored]];
  };
  const time = (seconds: number) => at(seconds).replace("Z", "000Z");
  expect(await of("none")).toEqual(["complete", time(0), [0, 0, undefined]]);
  expect(await of("more")).toEqual(["complete", time(7), [1, 1, undefined]]);
  expect(await of("text")).toEqual(["complete", time(9), [1, 1, '"three"']]);
  expect(await of("half")).toEqual(["overdue", null, [0, 1, "1.5"]]);
  expect(await of("minus")).toEqual(["overdue", null, [0, 1, "-1"]]);
  expect(await of("huge")).toEqual(["overdue", null, [0, 1, "5000000000"]]);
  expect(await of("list")).toEqual(["overdue", null, [0, 1, "[2]"]]);
  expect(await of("no")).toEqual(["overdue", null, null]);
  const { findings } = await getJson<Json>(`${late}&message_id=half`);
  expect(findings).toMatchObject([{ owed: { count_ignored: "1.5" } }]);
});

test("parts that are missing are named in the order of their ids, in whichever they were reported", async () => {
  await get(`${mars.url}/api/apps/orders/lifecycle`, {
    method: "PUT",
    body: JSON.stringify(lifecycle),
    headers: { "content-type": "application/json" },
  });
  for (const message_id of ["m-2", "m-3", "m-1"]) {
    const part = { app_id: "orders", message_id, event: "QUEUED", created_at: at(1), parent_id: "batch" };
    await sendBulk(mars.url, [part]);
  }
  const whole = { app_id: "orders", message_id: "batch", event: "SENT", created_at: at(0) };
  const seq = await sendBulk(mars.url, [whole]);
  const missing = async (): Promise<string[]> => {
    const batch = await getJson<Json>(`${messageUrl(mars.url, "orders", "batch")}?min_seq=${seq}`);
    return batch.lifecycle?.stages[1].owed?.missing ?? [];
  };
  await until(async () => (await missing()).length === 3);
  expect(await missing()).toEqual(["m-1", "m-2", "m-3"]);
});
