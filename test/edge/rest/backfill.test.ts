/** A lifecycle that follows what is stored, through the front door. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Stats } from "../../../src/runtime/stats.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";
import { getJson, messageUrl, sendBulk, statsWhen } from "../../support/rest.ts";
import { until } from "../../support/until.ts";
import { get, type Json } from "./client.ts";

let mars: TestMars;
let receiver: Receiver;
beforeAll(async () => {
  mars = await startMars({ alertAllow: ["127.0.0.1"] });
  receiver = startReceiver();
});
afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

function put(path: string, body: unknown) {
  const headers = { "content-type": "application/json" };
  return get(`${mars.url}/api/${path}`, { method: "PUT", body: JSON.stringify(body), headers });
}

const lifecycle = {
  stages: [{ event: "A" }, { event: "B", after: "A", within: "1s" }],
  complete_on: ["B"],
  grace: "0ms",
};
const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

test("what is stored is followed as well, as far back as asked, and alerts nobody", async () => {
  const of = (message_id: string) => ({ app_id: "shop", message_id });
  const seq = await sendBulk(mars.url, [
    { ...of("old"), event: "A", created_at: ago(24 * 8) },
    { ...of("stuck"), event: "A", created_at: ago(0.01) },
    { ...of("done"), event: "A", created_at: ago(2) },
    { ...of("done"), event: "B", created_at: ago(2) },
  ]);
  const message = (id: string) => getJson<Json>(`${messageUrl(mars.url, "shop", id)}?min_seq=${seq}`);
  const untracked = await getJson<Json>(`${mars.url}/api/messages?state=untracked&min_seq=${seq}`);
  expect(untracked.messages).toHaveLength(3);
  await put("alerts/sinks/hook", { type: "webhook", url: receiver.url });
  await put("alerts/rules/stuck", { sinks: ["hook"], app_id: "shop", window: "1h" });

  const made = await put("apps/shop/lifecycle?backfill=7d", lifecycle);
  expect(made).toMatchObject({
    status: 200,
    body: { version: 1, backfill: { done: 0, of: 2, ended: false } },
  });
  await until(async () => (await getJson<Json>(`${mars.url}/api/apps/shop/lifecycle`)).backfill.ended);
  expect(await getJson<Json>(`${mars.url}/api/apps/shop/lifecycle`)).toMatchObject({
    backfill: { done: 2, of: 2, ended: true },
  });
  const stats: Stats = await statsWhen(mars.url, ({ backfill }) => backfill === null);
  expect(stats.projector.last_error).toBe("");
  expect([(await message("old")).state, (await message("done")).state]).toEqual(["untracked", "complete"]);
  expect(await message("stuck")).toMatchObject({ state: "overdue", lifecycle: { version: 1 } });
  const { findings } = await getJson<Json>(`${mars.url}/api/findings?app_id=shop`);
  expect(findings).toMatchObject([{ message_id: "stuck", kind: "missing", imported: true }]);

  // What gets stuck from now on alerts, as the first: the backfill has opened no incident.
  await sendBulk(mars.url, [{ ...of("new"), event: "A", created_at: ago(0) }]);
  const [first] = (await receiver.count(1)).map(({ body }) => JSON.parse(body) as Json);
  expect(first).toMatchObject({ type: "incident.opened", data: { incident: { new: 1, samples: ["new"] } } });
  expect(receiver.received).toHaveLength(1);

  // The same lifecycle may be asked to go further back.
  await put("apps/shop/lifecycle?backfill=all", lifecycle);
  await until(async () => (await message("old")).state === "overdue");
});

test("what is no duration is refused", async () => {
  for (const backfill of ["soon", "0d", "-1d", "7"]) {
    expect(await put(`apps/bounds/lifecycle?backfill=${backfill}`, lifecycle)).toMatchObject({
      status: 422,
      body: { errors: [{ field: "backfill" }] },
    });
  }
});
