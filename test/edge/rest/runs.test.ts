/** Messages that run again and failures that are made good, through the front door. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, messageUrl, postJson, sendBulk } from "../../support/rest.ts";
import { rpcClients, transports } from "../rpc/clients.ts";
import { get, type Json } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const lifecycle = {
  stages: [
    { event: "OPENED" },
    { event: "ANSWERED", after: "OPENED", within: "20s" },
    { event: "CLOSED", after: "ANSWERED" },
  ],
  complete_on: ["CLOSED"],
  fail_on: ["BOUNCED"],
  grace: "500ms",
  recovers: true,
  reopen_on: ["REOPENED"],
};

const start = Date.now() - 120_000;
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();
const micros = (seconds: number) => at(seconds).replace("Z", "000Z");

async function follow(appId: string, by: object = lifecycle): Promise<void> {
  const put = await get(`${mars.url}/api/apps/${appId}/lifecycle`, {
    method: "PUT",
    body: JSON.stringify(by),
    headers: { "content-type": "application/json" },
  });
  expect(put).toMatchObject({ status: 200, body: { lifecycle: by } });
}

/** Events of a message, each by its name and time. */
function report(appId: string, messageId: string, ...events: (readonly [event: string, seconds: number])[]) {
  return sendBulk(
    mars.url,
    events.map(([event, seconds]) => ({
      ...{ app_id: appId, message_id: messageId, event },
      created_at: at(seconds),
    })),
  );
}

function read(appId: string, messageId: string, seq: number): Promise<Json> {
  return getJson<Json>(`${messageUrl(mars.url, appId, messageId)}?min_seq=${seq}`);
}

test("an event that reopens a message begins a run with its own clocks, and the earlier one stays readable", async () => {
  await follow("tickets");
  const live = await LiveClient.open(mars);
  await live.subscribe("findings");
  const seq = await report("tickets", "t", ["OPENED", 0], ["ANSWERED", 5], ["CLOSED", 9], ["REOPENED", 20]);
  const { finding } = await live.next();
  expect(finding).toMatchObject({ kind: "missing", stage: "ANSWERED", run: 2, due_at: micros(40) });
  const message = await read("tickets", "t", seq);
  expect(message).toMatchObject({ state: "overdue", overdue_since: micros(40) });
  const { run, stages, runs } = message.lifecycle;
  expect([run, stages.map(({ status }: Json) => status)]).toEqual([2, ["done", "overdue", "pending"]]);
  const [former, current] = runs;
  expect(former).toMatchObject({ run: 1, state: "complete", began_at: micros(0), ended_at: micros(9) });
  expect(former.stages.map(({ status }: Json) => status)).toEqual(["done", "done", "done"]);
  expect(current).toEqual({ run: 2, state: "overdue", began_at: micros(20), ended_at: null, stages });
  expect(message.events.map((one: Json) => `${one.event} ${one.run}`)).toEqual([
    ...["OPENED 1", "ANSWERED 1", "CLOSED 1"],
    "REOPENED 2",
  ]);

  // Of an earlier time, it belongs to the earlier run; and what was found of the second run is now of the third.
  const later = await report("tickets", "t", ["REOPENED", 12]);
  const renumbered = await live.next();
  expect(renumbered.finding).toMatchObject({ id: finding.id, stage: "ANSWERED", run: 3, state: "current" });
  const shown = await read("tickets", "t", later);
  expect(shown.lifecycle.runs.map(({ run: number, state }: Json) => [number, state])).toEqual([
    [1, "complete"],
    [2, "superseded"],
    [3, "overdue"],
  ]);
  const overdue = await getJson<Json>(`${mars.url}/api/overdue?app_id=tickets`);
  expect(overdue.overdue).toMatchObject([{ message_id: "t", run: 3 }]);
  const { apps } = await getJson<Json>(`${mars.url}/api/apps`);
  expect(apps.find(({ app_id }: Json) => app_id === "tickets").messages).toMatchObject({
    overdue: 1,
    complete: 0,
  });
  const funnel = await getJson<Json>(`${mars.url}/api/apps/tickets/funnel?since=24h`);
  expect(funnel.opened.count).toBe(3);

  const client = rpcClients(transports[0]![1](mars));
  const answer = await client.messages.getMessage({ appId: "tickets", messageId: "t" });
  expect(answer.message?.lifecycle?.runs.map(({ run: number }) => number)).toEqual([1, 2, 3]);
  expect(answer.message?.events.map(({ run: number }) => number)).toEqual([1, 1, 1, 2, 3]);
});

test("what reopens a message is no second run where it is the very first event", async () => {
  await follow("first");
  const seq = await report("first", "m", ["REOPENED", 0], ["ANSWERED", 5]);
  const message = await read("first", "m", seq);
  expect(message.lifecycle).toMatchObject({ run: 1, runs: [] });
  expect(message.lifecycle.stages.map(({ status }: Json) => status)).toEqual(["done", "done", "waiting"]);
  expect(message.events.map(({ run }: Json) => run)).toEqual([1, 1]);
  const later = await report("first", "m", ["OPENED", -5]);
  expect((await read("first", "m", later)).lifecycle.run).toBe(2);
});

test("a message that failed and succeeds by a retry is complete, with its failures on record", async () => {
  await follow("payments");
  const live = await LiveClient.open(mars);
  await live.subscribe("apps/payments/findings");
  await report("payments", "p", ["OPENED", 0], ["BOUNCED", 5], ["ANSWERED", 6], ["BOUNCED", 7]);
  const failed = (await live.next()).finding;
  expect(failed).toMatchObject({ kind: "failed", stage: "BOUNCED", state: "current" });
  const seq = await report("payments", "p", ["CLOSED", 7]);
  expect((await live.next()).finding).toMatchObject({ id: failed.id, state: "retracted" });
  const message = await read("payments", "p", seq);
  expect(message).toMatchObject({
    state: "complete",
    lifecycle: { completed_at: micros(7), failed_at: null, failures: { count: 2, last_at: micros(7) } },
  });
  const { findings } = await getJson<Json>(`${mars.url}/api/findings?app_id=payments&state=any`);
  expect(findings).toMatchObject([{ id: failed.id, kind: "failed", state: "retracted" }]);

  // A failure after it is one again.
  await report("payments", "p", ["BOUNCED", 8]);
  expect((await live.next()).finding).toMatchObject({ id: failed.id, state: "current" });
});

test("without recovery a failure is for good, and no more is said of it", async () => {
  const { recovers: _, reopen_on: __, ...plain } = lifecycle;
  await follow("plain", plain);
  const seq = await report("plain", "p", ["OPENED", 0], ["BOUNCED", 5], ["CLOSED", 7]);
  const message = await read("plain", "p", seq);
  expect(message).toMatchObject({ state: "failed", lifecycle: { run: 1, failures: null, runs: [] } });
  expect(message.events[0]).not.toHaveProperty("run");
});

test("a dry run judges each run, and counts a message by its last one", async () => {
  await follow("tried");
  const seq = await sendBulk(
    mars.url,
    [
      ...[
        ["a", "OPENED", 0],
        ["a", "REOPENED", 10],
        ["a", "ANSWERED", 15],
        ["a", "CLOSED", 20],
      ],
      ...[
        ["b", "OPENED", 0],
        ["b", "BOUNCED", 10],
        ["b", "ANSWERED", 15],
        ["b", "CLOSED", 20],
      ],
      ...[
        ["c", "OPENED", 0],
        ["c", "CLOSED", 10],
        ["c", "REOPENED", 20],
      ],
    ].map(([message_id, event, seconds]) => ({
      ...{ app_id: "tried", message_id: String(message_id), event: String(event) },
      created_at: at(Number(seconds)),
    })),
  );
  await read("tried", "a", seq);
  const answer = await postJson(`${mars.url}/api/apps/tried/lifecycle/dry-run?since=24h`, lifecycle);
  const result = (await answer.json()) as Json;
  expect(result).toMatchObject({ messages: 3, states: { complete: 2, overdue: 1, failed: 0 } });
  const found = result.findings.map(({ kind, stage, holding }: Json) => `${kind} ${stage} ${holding}`);
  expect(found.sort()).toEqual(["missing ANSWERED 1", "skipped ANSWERED 1"]);
});
