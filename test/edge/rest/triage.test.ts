/** People decide about what is found: every answer says so, and what is decided comes into force at once. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, messageUrl, postJson, sendBulk } from "../../support/rest.ts";
import { until } from "../../support/until.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers of all kinds
type Json = any;

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const get = (path: string) => getJson<Json>(`${mars.url}${path}`);

async function triage(body: Json): Promise<{ status: number; body: Json }> {
  const response = await postJson(`${mars.url}/api/triage`, body);
  return { status: response.status, body: await response.json() };
}

/** An app with so many messages that miss both of their later stages. */
async function stuck(app: string, count: number, seconds = 60): Promise<void> {
  const stages = [{ event: "A" }, { event: "B", within: "1s" }, { event: "C", after: "A", within: "2s" }];
  const put = await fetch(`${mars.url}/api/apps/${app}/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stages, complete_on: ["C"], grace: "0s" }),
  });
  expect(put.status).toBe(200);
  const created_at = new Date(Date.now() - seconds * 1_000).toISOString();
  await sendBulk(
    mars.url,
    Array.from({ length: count }, (_, n) => ({ app_id: app, message_id: `m${n}`, event: "A", created_at })),
  );
  await until(
    async () => (await get(`/api/findings?app_id=${app}&limit=1000`)).findings.length === 2 * count,
  );
}

test("an acknowledged finding stays, and every answer says who cares", async () => {
  await stuck("ack", 3);
  const [{ id }] = (await get("/api/findings?app_id=ack&message_id=m1&stage=B")).findings;
  const live = await LiveClient.open(mars);
  await live.subscribe("apps/ack/findings");
  const marked = await triage({ action: "acknowledge", finding: id, note: "calling the carrier" });
  expect(marked).toMatchObject({
    status: 200,
    body: {
      success: true,
      matched: 1,
      changed: 1,
      dry_run: false,
      applied: true,
      samples: [{ id, message_id: "m1" }],
    },
  });
  const mark = {
    status: "acknowledged",
    until: null,
    at: expect.any(String),
    by: "anonymous",
    by_name: expect.any(String),
    note: "calling the carrier",
  };
  const { finding } = (await live.next()) as Json;
  expect(finding).toMatchObject({ id, state: "current", ended_by: null, triage: mark });
  await live.close();
  const listed = (await get("/api/findings?app_id=ack&stage=B&order=oldest")).findings;
  expect(listed.map((one: Json) => one.triage?.status ?? null).sort()).toEqual(["acknowledged", null, null]);
  const overdue = (await get("/api/overdue?app_id=ack&stage=B")).overdue;
  expect(overdue.find((one: Json) => one.id === id).triage).toEqual(mark);
  const message = await getJson<Json>(messageUrl(mars.url, "ack", "m1"));
  expect(message.state).toBe("overdue");
  expect(message.lifecycle.stages.map((stage: Json) => stage.triage)).toEqual([null, mark, null]);
  const groups = async (triage: string) =>
    (await get(`/api/overdue/groups?app_id=ack&triage=${triage}`)).groups.map((group: Json) => [
      group.stage,
      group.total,
      group.acknowledged,
    ]);
  expect((await groups("any")).sort()).toEqual([
    ["B", 3, 1],
    ["C", 3, 0],
  ]);
  expect(await groups("acknowledged")).toEqual([["B", 1, 1]]);
  expect((await groups("none")).sort()).toEqual([
    ["B", 2, 1],
    ["C", 3, 0],
  ]);
  const messages = async (triage: string) =>
    (await get(`/api/messages?app_id=ack&triage=${triage}&order=oldest`)).messages.map(
      (one: Json) => one.message_id,
    );
  expect(await messages("acknowledged")).toEqual(["m1"]);
  expect((await messages("none")).sort()).toEqual(["m0", "m1", "m2"]);
  expect(await messages("resolved")).toEqual([]);
  // The same again changes nothing.
  expect((await triage({ action: "acknowledge", finding: id })).body).toMatchObject({
    matched: 1,
    changed: 0,
  });
  expect((await triage({ action: "clear", finding: id })).body).toMatchObject({ matched: 1, changed: 1 });
  expect(await groups("acknowledged")).toEqual([]);
});

test("a message whose missing stages are all resolved is closed, and what comes then counts as ever", async () => {
  await stuck("closing", 2);
  const of = { app_id: "closing", message_id: "m0" };
  const [{ id }] = (await get("/api/findings?app_id=closing&message_id=m0&stage=B")).findings;
  await triage({ action: "resolve", finding: id });
  const message = () => getJson<Json>(messageUrl(mars.url, "closing", "m0"));
  expect((await message()).state).toBe("overdue");
  expect(
    (await triage({ action: "ignore", until: "always", ...of, note: "a test order" })).body,
  ).toMatchObject({
    matched: 1,
    changed: 1,
  });
  const closed = await message();
  expect(closed.state).toBe("closed");
  expect(closed.overdue_since).toBeNull();
  expect(closed.lifecycle.stages.map(({ status, triage }: Json) => [status, triage?.status])).toEqual([
    ["done", undefined],
    ["closed", "resolved"],
    ["closed", "ignored"],
  ]);
  expect((await get("/api/messages?app_id=closing&state=closed")).messages).toMatchObject([
    { message_id: "m0" },
  ]);
  const counts = async () =>
    (await get("/api/apps")).apps.find((app: Json) => app.app_id === "closing").messages;
  expect(await counts()).toMatchObject({ closed: 1, overdue: 1 });
  expect((await get("/api/findings?app_id=closing")).findings).toHaveLength(2);
  const ended = (await get("/api/findings?app_id=closing&triage=resolved")).findings;
  expect(ended).toMatchObject([
    { id, state: "retracted", ended_by: "resolved", triage: { status: "resolved" } },
  ]);
  const marked = async (mark: string) =>
    (await get(`/api/messages?triage=${mark}&app_id=closing`)).messages.map((one: Json) => one.message_id);
  expect([await marked("resolved"), await marked("ignored")]).toEqual([["m0"], ["m0"]]);
  expect([await marked("none"), await marked("acknowledged")]).toEqual([["m1"], []]);
  expect((await get("/api/findings?app_id=closing&state=retracted")).findings).toEqual([]);
  expect((await get("/api/findings?app_id=closing&state=any&triage=any")).findings).toHaveLength(4);
  expect((await get("/api/overdue/groups?app_id=closing")).groups.map(({ total }: Json) => total)).toEqual([
    1, 1,
  ]);

  // It comes after all: late, and complete.
  const seq = await sendBulk(mars.url, [
    { ...of, event: "B" },
    { ...of, event: "C" },
  ]);
  await get(`/api/findings?min_seq=${seq}`);
  await until(async () => (await get("/api/findings?app_id=closing&kind=late")).findings.length === 2);
  const came = await message();
  expect(came.state).toBe("complete");
  const history = (await get("/api/findings?app_id=closing&message_id=m0&kind=missing&state=any&triage=any"))
    .findings;
  expect(history.map(({ state, ended_by, triage }: Json) => [state, ended_by, triage.status]).sort()).toEqual(
    [
      ["retracted", null, "ignored"],
      ["retracted", null, "resolved"],
    ],
  );
  expect(await counts()).toMatchObject({ closed: 0, complete: 1, overdue: 1 });
});

test("a group, a filter and an incident are marked in one call, after a dry run that shows which", async () => {
  await stuck("many", 30, 7_200);
  const group = { app_id: "many", stage: "B", after: "A" };
  const dry = await triage({ action: "resolve", group, dry_run: true });
  expect(dry.body).toMatchObject({ matched: 30, changed: 30, dry_run: true, applied: false });
  expect(dry.body.samples).toHaveLength(10);
  expect((await get("/api/findings?app_id=many&stage=B")).findings).toHaveLength(30);
  const marked = await triage({ action: "resolve", group });
  expect(marked.body).toMatchObject({ matched: 30, changed: 30, dry_run: false, applied: true });
  expect((await get("/api/findings?app_id=many")).findings).toHaveLength(30);
  expect((await triage({ action: "resolve", group })).body).toMatchObject({ matched: 0, changed: 0 });

  const filter = { app_id: "many", kind: "missing", overdue_for: "1h" };
  expect((await triage({ action: "ignore", filter: { ...filter, overdue_for: "9h" } })).body.matched).toBe(0);
  expect((await triage({ action: "ignore", filter })).body).toMatchObject({ matched: 30, changed: 30 });
  expect((await get("/api/messages?app_id=many&state=closed")).messages).toHaveLength(30);
  expect((await get("/api/overdue/groups?app_id=many")).groups).toEqual([]);
  // What is cleared is active again.
  expect((await triage({ action: "clear", filter: { app_id: "many", stage: "C" } })).body).toMatchObject({
    matched: 30,
    changed: 30,
  });
  expect((await get("/api/overdue?app_id=many")).overdue).toHaveLength(30);
  expect((await get("/api/messages?app_id=many&state=overdue")).messages).toHaveLength(30);
});

test("an incident whose findings are acknowledged is acknowledged, and not by a dry run", async () => {
  const put = (path: string, body: Json) =>
    fetch(`${mars.url}/api/alerts/${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect((await put("sinks/topic", { type: "topic" })).status).toBe(200);
  expect((await put("rules/cared", { app_id: "cared", stage: "B", sinks: ["topic"] })).status).toBe(200);
  await stuck("cared", 2);
  const incidents = async () => (await get("/api/alerts/incidents?app_id=cared")).incidents;
  await until(async () => (await incidents()).length === 1);
  const [{ id }] = await incidents();
  await triage({ action: "acknowledge", incident: id, dry_run: true });
  expect(await incidents()).toMatchObject([{ acknowledged_by: null }]);
  const marked = await triage({ action: "acknowledge", incident: id });
  expect(marked.body).toMatchObject({ matched: 2, changed: 2, applied: true });
  expect(await incidents()).toMatchObject([
    { acknowledged_by: "anonymous", acknowledged_at: expect.any(String) },
  ]);
});

test("some findings are marked by their ids in one call; ids that are not there are left out", async () => {
  await stuck("picked", 3);
  const { findings } = await get("/api/findings?app_id=picked&stage=B&order=oldest");
  const ids = findings.slice(0, 2).map(({ id }: Json) => id);
  const dry = await triage({ action: "resolve", findings: [...ids, 999_999], dry_run: true });
  expect(dry.body).toMatchObject({ matched: 2, changed: 2, dry_run: true });
  const marked = await triage({ action: "resolve", findings: [...ids, 999_999] });
  expect(marked.body).toMatchObject({ matched: 2, changed: 2, applied: true });
  const left = (await get("/api/overdue?app_id=picked&stage=B")).overdue;
  expect(left.map(({ id }: Json) => id)).toEqual([findings[2].id]);
});

test("marks are there after a restart", async () => {
  await stuck("stays", 1);
  await triage({ action: "resolve", app_id: "stays", message_id: "m0" });
  mars = await mars.restart();
  expect((await get("/api/messages?app_id=stays")).messages).toMatchObject([{ state: "closed" }]);
  expect((await get("/api/findings?app_id=stays")).findings).toEqual([]);
});

test.each([
  [{}, ["action"]],
  [{ action: "resolve" }, ["finding"]],
  [{ action: "resolve", finding: 1, incident: 1 }, ["finding"]],
  [{ action: "resolve", findings: [] }, ["findings"]],
  [{ action: "resolve", findings: [1, 1] }, ["findings[1]"]],
  [{ action: "resolve", app_id: "x" }, ["message_id"]],
  [{ action: "resolve", until: "always", finding: 1 }, ["until"]],
  [{ action: "forget", finding: 1 }, ["action"]],
  [{ action: "resolve", group: { app_id: "x" } }, ["group.stage"]],
  [{ action: "resolve", filter: { kinds: "late" } }, ["filter.kinds"]],
])("%j is refused", async (body, fields) => {
  const { status, body: answer } = await triage(body);
  expect([status, answer.errors?.map(({ field }: Json) => field)]).toEqual([422, fields]);
});

test("what is not there is not found", async () => {
  expect((await triage({ action: "resolve", finding: 123 })).status).toBe(404);
  expect((await triage({ action: "resolve", incident: 123 })).status).toBe(404);
});

test("of a group those are marked that the list of what is overdue shows by the same filters", async () => {
  const app = "filtered";
  const put = (path: string, body: Json) =>
    fetch(`${mars.url}/api/apps/${app}/${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  await put("attributes", { indexed: ["region"] });
  const stages = [{ event: "A" }, { event: "B", within: "1s" }];
  await put("lifecycle", { stages, complete_on: ["B"], grace: "0s" });
  const eventOf = (message_id: string, region: string, minutes: number) => ({
    ...{ app_id: app, message_id, event: "A", attributes: { region } },
    created_at: new Date(Date.now() - minutes * 60_000).toISOString(),
  });
  await sendBulk(mars.url, [
    eventOf("old north", "north", 60),
    eventOf("new north", "north", 5),
    eventOf("old south", "south", 60),
    eventOf("new south", "south", 5),
  ]);
  await until(async () => (await get(`/api/overdue?app_id=${app}`)).overdue?.length === 4);
  const idsOf = (rows: Json) => rows.map(({ id }: Json) => id).sort();
  const marked = async (action: string, filters: Record<string, string>, region?: string) => {
    const query = new URLSearchParams({ app_id: app, stage: "B", ...filters });
    if (region !== undefined) query.set("attributes.region", region);
    const { overdue } = await get(`/api/overdue?${query}`);
    const attributes = region === undefined ? {} : { attributes: { region } };
    const { body } = await triage({ action, group: { app_id: app, stage: "B", ...filters, ...attributes } });
    expect(idsOf(body.samples)).toEqual(idsOf(overdue));
    return body.samples.map((one: Json) => one.message_id).sort();
  };
  expect(await marked("acknowledge", { due_until: "15m" }, "north")).toEqual(["old north"]);
  expect(await marked("acknowledge", { due_since: "15m" }, "north")).toEqual(["new north"]);
  expect(await marked("resolve", { triage: "acknowledged" })).toEqual(["new north", "old north"]);
  expect(await marked("resolve", { triage: "none", due_until: "15m" })).toEqual(["old south"]);
  expect(await marked("ignore", {})).toEqual(["new south"]);
  const unknown = { app_id: app, stage: "B", attributes: { colour: "red" } };
  expect(await triage({ action: "resolve", group: unknown })).toMatchObject({
    status: 422,
    body: { errors: [{ field: "attributes.colour" }] },
  });
});
