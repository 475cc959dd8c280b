import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { type Answer, event, get, type Json, post } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const definition = {
  stages: [
    { event: "CREATED" },
    { event: "ACCEPTED", after: "CREATED", within: "150ms" },
    { any_of: ["SMS", "PUSH"], after: "ACCEPTED", within: "1h" },
    { event: "SEEN", after: "CREATED", within: "2h" },
  ],
  complete_on: ["SEEN"],
  fail_on: ["BOUNCED"],
  grace: "50ms",
};

function put(app: string, body: unknown): Promise<Answer> {
  const init = { method: "PUT", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return get(`${mars.url}/api/apps/${app}/lifecycle`, init);
}

async function send(
  app_id: string,
  message_id: string,
  ...events: readonly (string | Json)[]
): Promise<number> {
  const all = events.map((one) =>
    event({ app_id, message_id, ...(typeof one === "string" ? { event: one } : one) }),
  );
  const { status, body } = await post(`${mars.url}/api/event/bulk`, { events: all });
  expect(status).toBe(200);
  return body.seq;
}

const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

describe("a lifecycle", () => {
  test("has versions with who put them and why, and says how they differ", async () => {
    const path = `${mars.url}/api/apps/noted/lifecycle`;
    expect((await get(`${path}/diff`)).status).toBe(404);
    const first = await put("noted", definition);
    expect(first.body).toMatchObject({ put_by: "anonymous", note: null });
    const alone = await get(`${path}/diff`);
    expect([alone.status, alone.body.detail]).toEqual([
      404,
      expect.stringContaining("there is none before it"),
    ]);
    const stages = definition.stages.with(1, { event: "ACCEPTED", after: "CREATED", within: "300ms" });
    const init = {
      method: "PUT",
      body: JSON.stringify({ ...definition, stages, grace: "1s" }),
      headers: { "content-type": "application/json" },
    };
    const note = "the bank is slow on Mondays";
    const second = await get(`${path}?note=${encodeURIComponent(note)}`, init);
    expect(second.body).toMatchObject({ success: true, version: 2, put_by: "anonymous", note });
    // What is there already is not put again, with another note either.
    expect((await get(`${path}?note=again`, init)).body).toMatchObject({ version: 2, note });
    expect((await get(path)).body).toMatchObject({ version: 2, note });
    expect((await get(`${path}?note=${"x".repeat(1_025)}`, init)).body.errors[0].field).toBe("note");

    const { body } = await get(`${path}/diff`);
    expect(body).toMatchObject({
      from: { version: 1, put_by: "anonymous", note: null, ended: false },
      to: { version: 2, note, ended: false },
      added: [],
      removed: [],
      changed: [{ stage: "ACCEPTED", field: "within", from: "150ms", to: "300ms" }],
      fields: [{ field: "grace", from: "50ms", to: "1s" }],
      words: ["stage ACCEPTED: within is 300ms, was 150ms", "grace is 1s, was 50ms"],
    });
    const back = (await get(`${path}/diff?from=2&to=1`)).body;
    expect(back.words).toEqual(["stage ACCEPTED: within is 150ms, was 300ms", "grace is 50ms, was 1s"]);
    expect((await get(`${path}?note=over`, { method: "DELETE" })).body).toMatchObject({
      version: 3,
      note: "over",
      lifecycle: null,
    });
    const { versions } = (await get(`${path}/versions`)).body;
    expect(versions.map((one: Json) => one.note)).toEqual(["over", note, null]);
    const ended = (await get(`${path}/diff`)).body;
    expect(ended).toMatchObject({ from: { version: 2 }, to: { version: 3, ended: true } });
    expect(ended.words[0]).toBe("the lifecycle ended");
    expect((await get(`${path}/diff?from=3&to=4`)).status).toBe(404);
    expect((await get(`${path}/diff?from=0`)).status).toBe(422);
  });

  test("is put in versions, read, listed and ended", async () => {
    const path = `${mars.url}/api/apps/versions%2F1/lifecycle`;
    expect((await get(path)).status).toBe(404);
    expect((await get(path, { method: "DELETE" })).status).toBe(404);
    const first = await put("versions%2F1", definition);
    expect(first).toMatchObject({ status: 200, body: { success: true, version: 1, lifecycle: definition } });
    expect((await put("versions%2F1", definition)).body.version).toBe(1);
    expect((await put("versions%2F1", { ...definition, grace: "1s" })).body.version).toBe(2);
    expect((await get(path)).body).toMatchObject({ version: 2, lifecycle: { grace: "1s" } });
    const ended = (await get(path, { method: "DELETE" })).body;
    expect(ended).toMatchObject({ success: true, version: 3, lifecycle: null });
    expect((await get(path)).status).toBe(404);
    const { versions } = (await get(`${path}/versions`)).body;
    expect(versions.map(({ version, lifecycle }: Json) => [version, lifecycle?.grace])).toEqual([
      [3, undefined],
      [2, "1s"],
      [1, "50ms"],
    ]);
  });

  test("holds for nothing that was acknowledged before it was put", async () => {
    const app = "put-behind";
    const many = Array.from({ length: 5_000 }, (_, n) =>
      event({ app_id: app, message_id: `m${n}`, event: "CREATED" }),
    );
    expect((await post(`${mars.url}/api/event/bulk`, { events: many })).status).toBe(200);
    expect((await put(app, definition)).status).toBe(200);
    const seq = await send(app, "after", "CREATED");
    const { body } = await get(`${mars.url}/api/apps/${app}/funnel?since=1h&min_seq=${seq}`);
    expect(body.opened.count).toBe(1);
    const followed = await get(`${mars.url}${body.opened.messages}`);
    expect(followed.body.messages.map(({ message_id }: Json) => message_id)).toEqual(["after"]);
  });

  test("has in every link of its funnel as many messages as the number says, also over versions", async () => {
    const app = "links";
    const version = (after: string) => ({
      stages: [
        { event: "CREATED", ...(after === "DRAFT" && { after: "DRAFT" }) },
        { event: "CHECKED", after: "CREATED", optional: true },
        ...(after === "DRAFT" ? [{ event: "DRAFT" }] : []),
        { event: "PAID", after: after === "DRAFT" ? "CREATED" : after },
      ].sort((a, b) => (a.event === "DRAFT" ? -1 : b.event === "DRAFT" ? 1 : 0)),
      complete_on: ["PAID"],
      // Nothing is found while other tests watch all findings.
      grace: "1h",
    });
    let [seq, n] = [0, 0];
    for (const after of ["CREATED", "CHECKED", "DRAFT"]) {
      expect((await put(app, version(after))).status).toBe(200);
      for (const events of [
        ["CREATED"],
        ["CREATED", "PAID"],
        ["CREATED", "CHECKED", "PAID"],
        ["DRAFT", "PAID"],
      ]) {
        seq = await send(app, `m${n++}`, ...events);
      }
    }
    const { body } = await get(`${mars.url}/api/apps/${app}/funnel?since=1h&min_seq=${seq}`);
    const numbers = body.stages.flatMap(({ reached, waiting, overdue, never }: Json) => [
      reached,
      waiting,
      overdue,
      never,
    ]);
    expect(body.stages.filter(({ stage }: Json) => stage === "PAID")).toHaveLength(2);
    expect(body.stages.filter(({ stage }: Json) => stage === "CREATED")).toHaveLength(2);
    for (const { count, messages } of [body.opened, ...numbers]) {
      expect([messages, (await get(`${mars.url}${messages}`)).body.messages.length]).toEqual([
        messages,
        count,
      ]);
    }
  });

  const refused: [title: string, definition: unknown, field: string][] = [
    ["that is no object", [], ""],
    ["without stages", { complete_on: ["A"] }, "stages"],
    ["that nothing completes", { stages: [{ event: "A" }] }, "complete_on"],
    ["completed by what is no stage", { stages: [{ event: "A" }], complete_on: ["B"] }, "complete_on[0]"],
    [
      "with an unknown after",
      { stages: [{ event: "A" }, { event: "B", after: "X" }], complete_on: ["B"] },
      "stages[1].after",
    ],
    [
      "that goes in a circle",
      {
        stages: [{ event: "A" }, { event: "B", after: "C" }, { event: "C", after: "B" }],
        complete_on: ["C"],
      },
      "stages[1].after",
    ],
    [
      "with one event in two stages",
      { stages: [{ event: "A" }, { any_of: ["B", "A"] }], complete_on: ["B"] },
      "stages[1]",
    ],
    [
      "with two stages of one name",
      { stages: [{ event: "A" }, { event: "B|C" }, { any_of: ["B", "C"] }], complete_on: ["B"] },
      "stages[2]",
    ],
    [
      "whose messages fail as they open",
      { stages: [{ event: "A" }, { event: "B" }], complete_on: ["B"], fail_on: ["A"] },
      "fail_on",
    ],
    [
      "with a deadline that is none",
      { stages: [{ event: "A" }, { event: "B", within: "31d" }], complete_on: ["B"] },
      "stages[1].within",
    ],
    [
      "with a misspelt field",
      { stages: [{ event: "A" }, { event: "B", optionl: true }], complete_on: ["B"] },
      "stages[1].optionl",
    ],
  ];
  for (const [title, body, field] of refused) {
    test(`${title} is refused with the place named`, async () => {
      const answer = await put("refused", body);
      expect(answer.status).toBe(422);
      expect(answer.body.errors[0].field).toBe(field);
      expect((await get(`${mars.url}/api/apps/refused/lifecycle`)).status).toBe(404);
    });
  }
});

test("a message that stops is found missing, is listed and counted, and is well again when it goes on", async () => {
  await put("mail", definition);
  const live = await LiveClient.open(mars);
  live.send({ type: "subscribe", topic: "apps/mail/findings" });
  expect((await live.next()).type).toBe("subscribed");
  const seq = await send("mail", "m1", "CREATED");
  await send("mail", "m2", { event: "CREATED", created_at: ago(50) }, "ACCEPTED");

  const raised = await live.next();
  expect(raised).toMatchObject({
    type: "finding",
    topic: "apps/mail/findings",
    finding: {
      message_id: "m1",
      kind: "missing",
      stage: "ACCEPTED",
      after: "CREATED",
      state: "current",
      version: 1,
    },
  });
  const due = Date.parse(raised.finding.due_at);
  expect(Date.parse(raised.finding.raised_at) - due).toBeGreaterThanOrEqual(50);
  expect(Date.parse(raised.finding.raised_at) - due).toBeLessThan(1_050);

  const message = (await get(`${mars.url}/api/apps/mail/messages/m1?min_seq=${seq}`)).body;
  expect(message).toMatchObject({
    state: "overdue",
    overdue_since: raised.finding.due_at,
    lifecycle: {
      version: 1,
      stages: [
        { stage: "CREATED", status: "done" },
        { stage: "ACCEPTED", status: "overdue", missing_since: raised.finding.due_at },
        { stage: "SMS|PUSH", stage_events: ["SMS", "PUSH"], after_events: ["ACCEPTED"], status: "pending" },
        { stage: "SEEN", status: "waiting" },
      ],
    },
  });
  const ids = async (query: string) =>
    (await get(`${mars.url}/api/messages?app_id=mail&${query}`)).body.messages.map(
      (one: Json) => one.message_id,
    );
  expect(await ids("state=overdue")).toEqual(["m1"]);
  expect(await ids("order=overdue")).toEqual(["m1"]);
  expect(await ids("state=open,complete")).toEqual(["m2"]);
  expect(await ids("overdue_since=10ms")).toEqual(["m1"]);
  expect(await ids("overdue_since=1h")).toEqual([]);
  expect(await ids("stage=ACCEPTED&stage_state=overdue")).toEqual(["m1"]);
  expect(await ids("stage=ACCEPTED&stage_state=reached")).toEqual(["m2"]);
  const asked = Date.now();
  const { overdue, clock } = (await get(`${mars.url}/api/overdue?app_id=mail`)).body;
  expect(overdue).toMatchObject([{ message_id: "m1", stage: "ACCEPTED", started_at: message.created_at }]);
  // It grows by itself: nothing else has to happen for it.
  expect(Date.parse(clock)).toBeGreaterThanOrEqual(asked);
  expect(overdue[0].overdue_for_ms).toBe(Date.parse(clock) - Date.parse(overdue[0].due_at));
  expect(overdue[0].age_ms).toBe(overdue[0].overdue_for_ms + 150);

  const last = await send("mail", "m1", "ACCEPTED", "PUSH", "SEEN");
  expect(await live.next()).toMatchObject({ finding: { kind: "missing", state: "retracted" } });
  expect(await live.next()).toMatchObject({ finding: { kind: "late", state: "current" } });
  const found = async (query: string) =>
    (await get(`${mars.url}/api/findings?app_id=mail&min_seq=${last}&${query}`)).body.findings.map(
      (one: Json) => one.kind,
    );
  expect(await found("")).toEqual(["late"]);
  expect(await found("state=any&order=oldest")).toEqual(["missing", "late"]);
  expect(await found("state=any&kind=missing&message_id=m1")).toEqual(["missing"]);
  expect(await found("state=any&limit=1")).toEqual(["late"]);
  expect((await get(`${mars.url}/api/apps/mail/messages/m1`)).body).toMatchObject({
    state: "complete",
    overdue_since: null,
  });

  const resumed = await LiveClient.open(mars);
  resumed.send({ type: "subscribe", topic: "findings", after: raised.seq });
  expect(await resumed.next()).toMatchObject({ type: "subscribed", recovered: true });
  expect(await resumed.next()).toMatchObject({ finding: { kind: "missing", state: "retracted" } });
  expect(await resumed.next()).toMatchObject({ finding: { kind: "late", state: "current" } });
  await live.close();
  await resumed.close();
});

test("what completed without a required stage has skipped it, and what failed has failed", async () => {
  await put("skips", definition);
  const seq = await send("skips", "m1", "CREATED", "SEEN");
  await send("skips", "m2", "CREATED", "BOUNCED");
  const wanted = [
    { message_id: "m1", kind: "skipped", stage: "ACCEPTED" },
    { message_id: "m1", kind: "skipped", stage: "SMS|PUSH" },
    { message_id: "m2", kind: "failed", stage: "BOUNCED" },
  ];
  const live = await LiveClient.open(mars);
  live.send({ type: "subscribe", topic: "apps/skips/findings", after: 0 });
  await live.next();
  const seen = [];
  while (seen.length < 3) seen.push((await live.next()).finding);
  expect(seen.sort((a, b) => (a.message_id + a.stage < b.message_id + b.stage ? -1 : 1))).toMatchObject(
    wanted,
  );
  await live.close();
  const states = (await get(`${mars.url}/api/messages?app_id=skips&order=oldest&min_seq=${seq}`)).body
    .messages;
  expect(states.map((one: Json) => one.state)).toEqual(["complete", "failed"]);
});

test("counts say where messages and time are lost, and every number leads to its messages", async () => {
  await put("counts", definition);
  const base = Date.now() - 600_000;
  const at = (name: string, ms: number) => ({ event: name, created_at: new Date(base + ms).toISOString() });
  const whole = (id: string, ms: number) =>
    send("counts", id, at("CREATED", 0), at("ACCEPTED", ms), at("SMS", 2 * ms), at("SEEN", 10 * ms));
  for (const n of [1, 2, 3, 4]) await whole(`done-${n}`, n * 10);
  await send("counts", "failed", at("CREATED", 0), at("ACCEPTED", 20), at("BOUNCED", 30));
  const seq = await send("counts", "stuck", at("CREATED", 0));
  const window = `since=15m&min_seq=${seq}`;

  const stuck = (await get(`${mars.url}/api/findings?app_id=counts&min_seq=${seq}`)).body.findings;
  expect(stuck.map(({ message_id, kind }: Json) => [message_id, kind])).toContainEqual(["stuck", "missing"]);
  const funnel = (await get(`${mars.url}/api/apps/counts/funnel?${window}`)).body;
  expect(funnel.opened.count).toBe(6);
  const numbers = (stage: Json) =>
    ["reached", "waiting", "overdue", "never"].map((name) => stage[name].count);
  expect(funnel.stages.map((stage: Json) => [stage.stage, ...numbers(stage)])).toEqual([
    ["CREATED", 6, 0, 0, 0],
    ["ACCEPTED", 5, 0, 1, 0],
    ["SMS|PUSH", 4, 1, 0, 1],
    ["SEEN", 4, 1, 0, 1],
  ]);
  for (const stage of [{ opened: funnel.opened }, ...funnel.stages]) {
    for (const number of Object.values(stage) as Json[]) {
      if (typeof number?.count !== "number") continue;
      const { body } = await get(`${mars.url}${number.messages}`);
      expect(body.messages.length).toBe(number.count);
    }
  }

  const latency = (await get(`${mars.url}/api/apps/counts/latency?${window}`)).body;
  expect(latency.end_to_end.now).toMatchObject({ count: 4, max_ms: 400 });
  const accepted = latency.hops.find((hop: Json) => hop.stage === "ACCEPTED");
  expect(accepted.now.count).toBe(5);
  expect(Math.abs(accepted.now.p50_ms / 20 - 1)).toBeLessThan(0.01);
  expect(Math.abs(accepted.now.p99_ms / 40 - 1)).toBeLessThan(0.01);
  expect(accepted.now.examples.p99.message_id).toBe("done-4");
  expect(accepted.before.count).toBe(0);

  const rates = (await get(`${mars.url}/api/apps/counts/rates?since=15m&step=5m&min_seq=${seq}`)).body;
  const created = rates.stages.find((stage: Json) => stage.event === "CREATED");
  expect(created.counts.reduce((sum: number, count: number) => sum + count, 0)).toBe(6);
  const { apps } = (await get(`${mars.url}/api/apps?min_seq=${seq}`)).body;
  expect(apps.find((app: Json) => app.app_id === "counts")).toMatchObject({
    lifecycle_version: 1,
    messages: { open: 0, overdue: 1, complete: 4, failed: 1 },
    events: 20,
    last_event: "SEEN",
  });
});

test("a lifecycle of more than 64 KiB is too large, and one that is no JSON is not parseable", async () => {
  const big = { ...definition, fail_on: ["x".repeat(65_536)] };
  expect((await put("refused", big)).status).toBe(413);
  const path = `${mars.url}/api/apps/refused/lifecycle`;
  const headers = { "content-type": "application/json" };
  expect((await get(path, { method: "PUT", body: "{", headers })).status).toBe(400);
  const yaml = { "content-type": "application/yaml" };
  expect((await get(path, { method: "PUT", body: "{}", headers: yaml })).status).toBe(415);
  expect((await get(`${mars.url}/api/apps/%ff/lifecycle`)).status).toBe(400);
  expect((await get(`${mars.url}/api/apps/%00/lifecycle`)).status).toBe(422);
});

describe("questions that cannot be meant are refused:", () => {
  const paths = [
    "/api/findings?kind=lost",
    "/api/findings?state=gone",
    "/api/findings?cursor=x",
    "/api/overdue?limit=0",
    "/api/messages?state=gone",
    "/api/messages?stage=A",
    "/api/messages?stage=A&stage_state=gone",
    "/api/messages?after=A",
    "/api/apps/a/funnel?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
    "/api/apps/a/latency?since=5y",
    "/api/apps/a/rates?step=90s",
    "/api/apps/a/rates?since=30d&step=1m",
    "/api/apps?cursor=abc",
  ];
  for (const path of paths) {
    test(path, async () => {
      const { status, body } = await get(mars.url + path);
      expect(status).toBe(422);
      expect(body.errors.length).toBeGreaterThan(0);
    });
  }
});
