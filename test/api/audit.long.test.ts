/** The audit: each change of each operation leaves one entry, over every protocol, and nothing else does. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { deleteCalendar, putCalendar } from "../../src/api/alert-calendars.ts";
import {
  acknowledgeIncident,
  assignIncident,
  noteIncident,
  snoozeIncident,
} from "../../src/api/alert-care.ts";
import { redeliver } from "../../src/api/alert-deliveries.ts";
import { deleteRule, putRule } from "../../src/api/alert-rules.ts";
import { createSilence, deleteSilence } from "../../src/api/alert-silences.ts";
import { deleteSink, putSink, testSink } from "../../src/api/alert-sinks.ts";
import { putAttributes } from "../../src/api/attributes.ts";
import { putDeclared } from "../../src/api/declared.ts";
import { eraseApp, eraseMessage } from "../../src/api/erasures.ts";
import { createKey, limitKey, putKey, revokeKey, rotateKey } from "../../src/api/keys.ts";
import { deleteLifecycle, putLifecycle } from "../../src/api/lifecycles.ts";
import { operations } from "../../src/api/operations.ts";
import { deleteRetention, putRetention } from "../../src/api/retentions.ts";
import { deleteSetAside, replaySetAside } from "../../src/api/set-aside.ts";
import { replaySource } from "../../src/api/source-trials.ts";
import { deleteSource, putSource } from "../../src/api/sources.ts";
import { triageFindings } from "../../src/api/triage.ts";
import { deleteView, putView } from "../../src/api/views.ts";
import { adminKey, call as keyCall } from "../access/doors.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { getJson, send } from "../support/rest.ts";
import { setAside } from "../support/set-aside.ts";
import { until } from "../support/until.ts";
import { collectorSteps, type Step } from "./audit-steps.ts";
import { doors, type Json } from "./doors.ts";

const stages = [{ event: "A" }, { event: "B", within: "1h" }];
const lifecycle = { stages, complete_on: ["B"], grace: "1s" };
const longer = { ...lifecycle, grace: "2s" };
const secret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";

/** Stands for the id of the key that was made. */
const made = "(made)";

function steps(url: string): readonly Step[] {
  const sink = { id: "ops", type: "webhook", url: `${url}?token=1`, headers: { "x-a": "1" }, secret };
  const shown = { id: "ops", type: "webhook", url: `${url}?(hidden)`, secret: "(hidden)" };
  const hidden = { ...shown, headers: { "x-a": "(hidden)" } };
  const rule = { id: "stuck", app_id: "shop", sinks: ["ops"] };
  const key = { kind: "rw", apps: ["shop"], name: "shop's" };
  const declared = { id: "declared", kind: "in", apps: ["shop"], name: "declared" };
  const declaredInput = { ...declared, token_sha256: "0f".repeat(32) };
  const pay = { id: "pay", app_id: "shop", preset: "stripe", verify: { secret: "whsec_1" } };
  const hiddenSecret = { scheme: "stripe", secret: "(hidden)" };
  const silence = { app_id: "shop", for: "2h", comment: "deploy" };
  return [
    {
      operation: putLifecycle,
      input: { app_id: "shop", lifecycle },
      target: "shop",
      app: "shop",
      new: { version: 1, lifecycle },
    },
    { operation: putLifecycle, input: { app_id: "shop", lifecycle }, target: "", same: true },
    {
      operation: putLifecycle,
      input: { app_id: "shop", lifecycle: longer },
      ...{
        target: "shop",
        app: "shop",
        old: { version: 1, lifecycle },
        new: { version: 2, lifecycle: longer },
      },
    },
    {
      operation: deleteLifecycle,
      input: { app_id: "shop" },
      target: "shop",
      app: "shop",
      old: { version: 2 },
    },
    { operation: putSource, input: pay, target: "pay", app: "shop", new: { id: "pay", preset: "stripe" } },
    { operation: putSource, input: pay, target: "", same: true },
    {
      operation: putSource,
      input: { ...pay, verify: { secret: "whsec_2", overlap: "off" } },
      ...{ target: "pay", app: "shop", old: { verify: hiddenSecret } },
      new: { verify: { ...hiddenSecret, secret: "(changed)" } },
    },
    { operation: replaySource, input: { id: "pay" }, target: "pay", app: "shop", new: { replayed: 0 } },
    { operation: deleteSource, input: { id: "pay" }, target: "pay", app: "shop", old: { id: "pay" } },
    { operation: putSink, input: sink, target: "ops", new: hidden },
    { operation: putSink, input: sink, target: "", same: true },
    {
      operation: putSink,
      input: { ...sink, url: `${url}?token=2`, headers: { "x-a": "2" } },
      ...{
        target: "ops",
        old: hidden,
        new: { ...shown, url: `${url}?(changed)`, headers: { "x-a": "(changed)" } },
      },
    },
    { operation: testSink, input: { id: "ops" }, target: "ops" },
    { operation: putRule, input: rule, target: "stuck", app: "shop", new: { ...rule, at_least: 1 } },
    { operation: putRule, input: rule, target: "", same: true },
    {
      operation: putRule,
      input: { ...rule, at_least: 2 },
      target: "stuck",
      app: "shop",
      old: { at_least: 1 },
      new: { at_least: 2 },
    },
    { operation: deleteRule, input: { id: "stuck" }, target: "stuck", app: "shop", old: { at_least: 2 } },
    { operation: deleteSink, input: { id: "ops" }, target: "ops", old: hidden },
    { operation: putCalendar, input: { id: "off", dates: [] }, target: "off", new: { id: "off", dates: [] } },
    { operation: deleteCalendar, input: { id: "off" }, target: "off", old: { id: "off", dates: [] } },
    { operation: createSilence, input: silence, target: "1", app: "shop", new: { id: 1, comment: "deploy" } },
    {
      operation: deleteSilence,
      input: { id: 1 },
      target: "1",
      app: "shop",
      old: { id: 1, comment: "deploy" },
    },
    {
      operation: acknowledgeIncident,
      input: { id: 1 },
      ...ofIncident,
      old: uncared,
      new: { acknowledged_by: "anonymous" },
    },
    { operation: acknowledgeIncident, input: { id: 1 }, target: "", same: true },
    {
      operation: assignIncident,
      input: { id: 1, to: "Ann" },
      ...ofIncident,
      new: { assigned_to: "Ann" },
      old: {},
    },
    { operation: assignIncident, input: { id: 1, to: "Ann" }, target: "", same: true },
    { operation: noteIncident, input: { id: 1, text: "poison" }, ...ofIncident },
    {
      operation: snoozeIncident,
      input: { id: 1, for: "1m" },
      ...ofIncident,
      old: { snoozed_until: null },
      new: {},
    },
    {
      operation: redeliver,
      input: { id: 1, force: true },
      ...ofIncident,
      old: {},
      new: { state: "pending" },
    },
    {
      operation: replaySetAside,
      input: { seq: 900 },
      target: "900",
      app: "shop",
      old: { seq: 900, kind: "event" },
    },
    {
      operation: deleteSetAside,
      input: { seq: 901 },
      target: "901",
      app: "shop",
      old: { seq: 901, kind: "message" },
    },
    {
      operation: putAttributes,
      input: { app_id: "shop", indexed: ["region"] },
      target: "shop",
      app: "shop",
      new: { indexed: ["region"] },
    },
    { operation: putAttributes, input: { app_id: "shop", indexed: ["region"] }, target: "", same: true },
    {
      operation: putAttributes,
      input: { app_id: "shop", indexed: [] },
      target: "shop",
      app: "shop",
      old: { indexed: ["region"] },
    },
    {
      operation: putView,
      input: { name: "mine", address: "/stuck?app_id=shop" },
      target: "mine",
      app: "shop",
      new: { name: "mine", address: "/stuck?app_id=shop", shared: false },
    },
    { operation: putView, input: { name: "mine", address: "/stuck?app_id=shop" }, target: "", same: true },
    {
      operation: deleteView,
      input: { name: "mine" },
      target: "mine",
      app: "shop",
      old: { name: "mine", address: "/stuck?app_id=shop", shared: false },
    },
    {
      operation: putRetention,
      input: { app_id: "shop", retention: "3d" },
      target: "shop",
      app: "shop",
      new: { retention: "3d" },
    },
    { operation: putRetention, input: { app_id: "shop", retention: "3d" }, target: "", same: true },
    {
      operation: putRetention,
      input: { app_id: "shop", retention: "off" },
      target: "shop",
      app: "shop",
      old: { retention: "3d" },
      new: { retention: "off" },
    },
    {
      operation: deleteRetention,
      input: { app_id: "shop" },
      target: "shop",
      app: "shop",
      old: { retention: "off" },
    },
    {
      operation: triageFindings,
      input: { action: "ignore", note: "token=", app_id: "hurt", message_id: "poison" },
      target: "message",
      app: "hurt",
      new: { action: "ignore", findings: 1 },
    },
    {
      operation: triageFindings,
      input: { action: "clear", filter: { app_id: "hurt" } },
      target: "filter",
      app: "hurt",
      new: { action: "clear", filter: { app_id: "hurt" }, findings: 1 },
    },
    {
      operation: triageFindings,
      input: { action: "resolve", app_id: "hurt", message_id: "none" },
      target: "",
      same: true,
    },
    { operation: eraseMessage, input: { app_id: "shop", message_id: "poison" }, target: "shop", app: "shop" },
    { operation: eraseApp, input: { app_id: "shop" }, target: "shop", app: "shop", new: {} },
    { operation: createKey, input: key, target: made, new: { ...key, last_used_at: null } },
    {
      operation: putDeclared,
      input: { name: "file", things: ["rules/stuck"] },
      target: "file",
      old: { things: [] },
      new: { things: ["rules/stuck"] },
    },
    { operation: putDeclared, input: { name: "file", things: ["rules/stuck"] }, target: "", same: true },
    ...collectorSteps,
    { operation: putKey, input: declaredInput, target: "declared", new: declared },
    { operation: putKey, input: declaredInput, target: "", same: true },
    { operation: rotateKey, input: { id: made }, target: made, old: key, new: key },
    {
      operation: limitKey,
      input: { id: made, limits: { requests: 5 } },
      target: made,
      old: { limits: { requests: null } },
      new: { limits: { requests: 5 } },
    },
    { operation: limitKey, input: { id: made, limits: { requests: 5 } }, target: "", same: true },
    { operation: revokeKey, input: { id: made }, target: made, old: key },
  ];
}

const ofIncident = { target: "1", app: "care" };
const uncared = { acknowledged_at: null, acknowledged_by: null, assigned_to: null, snoozed_until: null };

/** The incident 1, and its notification, the delivery 1. */
async function openIncident(mars: TestMars, url: string): Promise<void> {
  const put = async (path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(mars.url + path, { method: "PUT", body: JSON.stringify(body), headers });
    expect(response.status).toBe(200);
  };
  await put("/api/apps/care/lifecycle", {
    ...{ stages: [{ event: "A" }, { event: "B", within: "1ms" }], complete_on: ["B"], grace: "0s" },
  });
  await put("/api/alerts/sinks/care", { type: "webhook", url });
  await put("/api/alerts/rules/care", { app_id: "care", sinks: ["care"] });
  await send(mars.url, { app_id: "care", message_id: "m", event: "A" });
  await until(
    async () =>
      (await fetch(`${mars.url}/api/alerts/deliveries?state=delivered`))
        .text()
        .then((text) => text.includes('"id":1')),
    () => "nothing was delivered",
  );
}

interface Outcome {
  readonly answer: { readonly key: { readonly id: string } };
}

const protocols: Readonly<Record<string, string>> = {
  REST: "rest",
  gRPC: "grpc",
  "gRPC-Web": "grpc-web",
  "Connect with JSON": "connect",
  "Connect over HTTP/2": "connect",
};

let receiver: Receiver;
beforeAll(() => {
  receiver = startReceiver();
});
afterAll(() => receiver[Symbol.asyncDispose]());

async function entries(mars: TestMars, query = ""): Promise<Json[]> {
  const response = await fetch(`${mars.url}/api/audit?limit=1000${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { entries: Json[] }).entries;
}

describe.each(doors.map(({ name }) => name))("over %s", (door) => {
  test("each change leaves one entry, with who, where, old and new; what changes nothing leaves none", async () => {
    await using mars = await startMars({ alertAllow: ["127.0.0.1"], anonymous: true });
    const call = doors.find(({ name }) => name === door)!.open(mars);
    await setAside(mars);
    await send(mars.url, { app_id: "shop", message_id: "poison", event: "A" });
    await openIncident(mars, receiver.url);
    await hurt(mars);
    let before = (await entries(mars)).length;
    let id = "";
    for (const { operation, input, target, app, old, new: now, same } of steps(receiver.url)) {
      const given = input.id === made ? { ...input, id } : input;
      const outcome = await call(operation, given);
      expect([operation.name, outcome]).toMatchObject([operation.name, { answer: {} }]);
      if (operation === createKey) ({ id } = (outcome as Outcome).answer.key);
      const all = await entries(mars);
      expect([operation.name, all.length]).toEqual([operation.name, same ? before : before + 1]);
      before = all.length;
      if (same) continue;
      expect(all[0]).toMatchObject({
        ...{ who: "anonymous", name: "anonymous", address: "127.0.0.1", protocol: protocols[door] },
        ...{ action: operation.name, target: target === made ? id : target, app_id: app ?? null },
        ...{ old: old ?? null, new: now ?? null },
      });
    }
    const text = JSON.stringify(await entries(mars));
    expect(text).not.toMatch(/mars_rw_\w{10}|"hash"/);
    for (const canary of [secret, secret.slice(6), "token=", "poison"]) expect(text).not.toContain(canary);
  }, 30_000);
});

/** A message with a finding. */
async function hurt(mars: TestMars): Promise<void> {
  const { status } = await fetch(`${mars.url}/api/apps/hurt/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stages: [{ event: "A" }], complete_on: ["A"], fail_on: ["F"] }),
  });
  expect(status).toBe(200);
  await send(mars.url, { app_id: "hurt", message_id: "poison", event: "F" });
  const findings = () => getJson<{ findings: unknown[] }>(`${mars.url}/api/findings?app_id=hurt`);
  await until(async () => (await findings()).findings.length === 1);
}

test("every operation that may change something is among these", () => {
  const tried = new Set(steps("http://127.0.0.1").map(({ operation }) => operation));
  const left = operations
    .filter(({ scope, rest }) => scope !== "read" && !rest.startsWith("GET "))
    .filter((operation) => !tried.has(operation));
  // Another one: add a step, and `recordChange` to what its writer runs.
  expect(left.map(({ name }) => name)).toEqual([]);
});

describe("the list", () => {
  let mars: TestMars;
  beforeAll(async () => {
    mars = await startMars();
    for (const app of ["a", "b"]) {
      for (const grace of ["1s", "2s", "3s"]) {
        await put(`/api/apps/${app}/lifecycle`, { ...lifecycle, grace });
      }
    }
  });
  afterAll(() => mars[Symbol.asyncDispose]());

  async function put(path: string, body: unknown): Promise<void> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(mars.url + path, { method: "PUT", body: JSON.stringify(body), headers });
    expect(response.status).toBe(200);
  }

  test("has the latest first, by filters, and goes on page by page", async () => {
    const ids = async (query: string) => (await entries(mars, query)).map(({ id }) => id);
    expect(await ids("")).toEqual([6, 5, 4, 3, 2, 1]);
    expect(await ids("&app_id=a")).toEqual([3, 2, 1]);
    expect(await ids("&target=b&action=putLifecycle&who=anonymous")).toEqual([6, 5, 4]);
    expect(await ids("&action=deleteLifecycle")).toEqual([]);
    expect(await ids("&who=key:1")).toEqual([]);
    const [{ at = "" } = {}] = (await entries(mars)).slice(2, 3);
    expect(await ids(`&since=${at}`)).toEqual([6, 5, 4]);
    expect(await ids(`&until=${at}`)).toEqual([3, 2, 1]);
    const seen: unknown[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const from: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const response = await fetch(`${mars.url}/api/audit?limit=4${from}`);
      const page = (await response.json()) as { entries: Json[]; next_cursor: string | null };
      seen.push(...page.entries.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
  });

  test("comes as lines to those who ask for them, from all pages", async () => {
    const headers = { accept: "application/x-ndjson" };
    const response = await fetch(`${mars.url}/api/audit?limit=2&app_id=b`, { headers });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const text = await response.text();
    expect(text.endsWith("\n")).toBe(true);
    const lines = text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(await entries(mars, "&app_id=b"));
    const refused = await fetch(`${mars.url}/api/audit?limit=0`, { headers });
    expect([refused.status, refused.headers.get("content-type")]).toEqual([422, "application/problem+json"]);
  });
});

test("an entry names the key, and the audit is for keys for everything", async () => {
  await using mars = await startMars({ adminKey });
  const tokens: Record<string, string> = {};
  const ids: Record<string, unknown> = {};
  for (const [name, kind, apps] of [
    ["all", "ad", ["*"]],
    ["some", "ad", ["shop"]],
    ["writer", "rw", ["*"]],
    ["reader", "ro", ["*"]],
  ] as const) {
    const { body } = await keyCall(mars, "POST /api/keys", adminKey, { kind, apps, name });
    [tokens[name], ids[name]] = [String(body.token), body.id];
  }
  const path = "PUT /api/apps/shop/lifecycle";
  for (const name of ["writer", "some"]) {
    const grace = name === "some" ? "2s" : "1s";
    expect((await keyCall(mars, path, tokens[name]!, { ...lifecycle, grace })).status).toBe(200);
  }
  for (const [name, status] of [
    ["all", 200],
    ["some", 403],
    ["writer", 403],
    ["reader", 403],
  ] as const) {
    expect([name, (await keyCall(mars, "GET /api/audit", tokens[name]!)).status]).toEqual([name, status]);
  }
  const { body } = await keyCall(mars, "GET /api/audit?app_id=shop", tokens.all!);
  expect(body.entries).toMatchObject([
    { who: `key:${ids.some}`, name: "some" },
    { who: `key:${ids.writer}`, name: "writer" },
  ]);
  const made = await keyCall(mars, "GET /api/audit?action=createKey", tokens.all!);
  expect((made.body.entries as Json[]).map(({ who }) => who)).toEqual(["admin", "admin", "admin", "admin"]);
});

test("what a browser does is in the name of the key that it has signed in with", async () => {
  await using mars = await startMars({ adminKey });
  const { body } = await keyCall(mars, "POST /api/keys", adminKey, {
    kind: "rw",
    apps: ["*"],
    name: "people",
  });
  const headers = { "content-type": "application/json", origin: mars.url };
  const signedIn = await fetch(`${mars.url}/api/sessions`, {
    ...{ method: "POST", headers, body: JSON.stringify({ token: body.token }) },
  });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const put = await fetch(`${mars.url}/api/apps/shop/lifecycle`, {
    ...{ method: "PUT", headers: { ...headers, cookie }, body: JSON.stringify(lifecycle) },
  });
  expect(put.status).toBe(200);
  const { body: audit } = await keyCall(mars, "GET /api/audit?app_id=shop", adminKey);
  expect(audit.entries).toMatchObject([{ who: `key:${body.id}`, name: "people", protocol: "rest" }]);
  const { id } = (await signedIn.json()) as { id: string };
  expect((await keyCall(mars, `DELETE /api/sessions/${id}`, adminKey)).status).toBe(200);
  const ended = await keyCall(mars, `GET /api/audit?target=${id}`, adminKey);
  const old = { id, owner: `key:${body.id}`, address: "127.0.0.1" };
  expect(ended.body.entries).toMatchObject([{ who: "admin", action: "endSession", old, new: null }]);
  expect(JSON.stringify(ended.body)).not.toContain("hash");
});
