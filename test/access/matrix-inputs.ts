/** For each operation: a valid input about the app of the matrix, and what the table alone does not say of it. */
import { expect } from "bun:test";
import type { Json } from "../api/doors.ts";
import type { TestMars } from "../support/mars.ts";
import { until } from "../support/until.ts";
import { adminKey, call } from "./doors.ts";
import { denied, hasOwn, type MatrixCaller, notFound, ownApp } from "./matrix-callers.ts";

export interface Row {
  /** Made again before each call that may use it up. */
  input(mars: TestMars): Json | Promise<Json>;
  /** Something else of its kind, which is not there. */
  readonly missing?: Json;
  /** For an operation whose `apps` are its own matter: the code for a caller with its scope; `undefined` where it may. */
  own?(caller: MatrixCaller): number | undefined;
}

const app = { app_id: ownApp };
const lifecycle = { stages: [{ events: ["A"] }], complete_on: ["A"] };
const unlessOwn = (code: number) => (caller: MatrixCaller) => (hasOwn(caller) ? undefined : code);
const forAnybody = () => undefined;
const is = (input: Json, more: Omit<Row, "input"> = {}): Row => ({ input: () => input, ...more });
const ofMessage = { missing: { app_id: "nobodys", message_id: "m" } };
const ofApp = { missing: { app_id: "nobodys" } };

async function made(mars: TestMars, request: string, body?: unknown): Promise<Json> {
  const { status, body: answer } = await call(mars, request, adminKey, body);
  expect([request, status]).toEqual([request, 200]);
  return answer;
}

async function newKey(mars: TestMars): Promise<{ id: string; token: string }> {
  const key = { kind: "ro", apps: [ownApp], name: "target" };
  return (await made(mars, "POST /api/keys", key)) as unknown as { id: string; token: string };
}

/** Of a key that none of the callers has. */
async function newSession(mars: TestMars, token: string): Promise<Json> {
  const response = await fetch(`${mars.url}/api/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  return { id: ((await response.json()) as { id: string }).id };
}

const rule = { sinks: ["s-1"], app_id: ownApp };
/** Nothing listens there. */
const collector = { url: "nats://127.0.0.1:65535", stream: "events" };
const sink = { id: "s-1", type: "webhook", url: "http://127.0.0.1:65535/x" };

const source = { id: "src", app_id: ownApp, preset: "stripe", verify: { secret: "whsec_x" } };

/** What is there before the first call. */
export async function fill(mars: TestMars): Promise<void> {
  const { id, ...body } = sink;
  await made(mars, `PUT /api/alerts/sinks/${id}`, body);
  await made(mars, "PUT /api/alerts/rules/r-1", rule);
  await made(mars, "PUT /api/collectors/c-1", collector);
  await made(mars, "PUT /api/alerts/calendars/c-1", { dates: [] });
  const { id: sourceId, ...definition } = source;
  await made(mars, `PUT /api/sources/${sourceId}`, definition);
  const stages = [{ event: "A" }, { event: "B", after: "A", within: "1ms" }];
  await made(mars, `PUT /api/apps/${ownApp}/lifecycle`, { stages, complete_on: ["B"], grace: "0s" });
  await made(mars, "POST /api/event", { ...app, message_id: "m", event: "A", external_id: "x-1" });
  await until(async () => (await incidents(mars)).length === 1);
}

async function incidents(mars: TestMars): Promise<readonly { readonly id: number }[]> {
  const { incidents } = await made(mars, "GET /api/alerts/incidents");
  return incidents as { id: number }[];
}

function ofIncident(more: Json): Row {
  return {
    async input(mars) {
      return { id: (await incidents(mars))[0]?.id, ...more };
    },
    own: unlessOwn(notFound),
    missing: { id: 999_999, ...more },
  };
}

let target: { id: string; token: string } | undefined;

export const rows: Readonly<Record<string, Row>> = {
  listMessages: is(app, ofApp),
  getMessage: is({ ...app, message_id: "m" }, ofMessage),
  listMessageEvents: is({ ...app, message_id: "m" }, ofMessage),
  listEvents: is(app, ofApp),
  getJourney: is({ external_id: "x-1" }, { own: unlessOwn(notFound), missing: { external_id: "x-none" } }),
  listApps: is({}, { own: forAnybody }),
  getFunnel: is(app, ofApp),
  getFunnelBy: is(
    { ...app, by: "attributes.region" },
    { missing: { app_id: "nobodys", by: "attributes.region" } },
  ),
  getLatency: is(app, ofApp),
  getRates: is(app, ofApp),
  getSkew: is(app, ofApp),
  getAttributes: is(app, ofApp),
  putAttributes: is({ ...app, indexed: ["region"] }, { missing: { app_id: "nobodys", indexed: [] } }),
  countMessages: is(
    { ...app, by: "attributes.region" },
    { missing: { app_id: "nobodys", by: "attributes.region" } },
  ),
  putLifecycle: is({ ...app, lifecycle }, { missing: { app_id: "nobodys", lifecycle } }),
  getLifecycle: is(app, ofApp),
  deleteLifecycle: {
    async input(mars) {
      await made(mars, `PUT /api/apps/${ownApp}-ends/lifecycle`, {
        stages: [{ event: "A" }],
        complete_on: ["A"],
      });
      return { app_id: `${ownApp}-ends` };
    },
    ...ofApp,
  },
  listLifecycleVersions: is(app, ofApp),
  diffLifecycle: is({ ...app, from: 1, to: 1 }, ofApp),
  dryRunLifecycle: is({ ...app, lifecycle }, { missing: { app_id: "nobodys", lifecycle } }),
  learnLifecycle: is(app, ofApp),
  getDrift: is(app, ofApp),
  listFindings: is(app, ofApp),
  listOverdue: is(app, ofApp),
  listOverdueGroups: is(app, ofApp),
  getLatencySeries: is(app, ofApp),
  getOverview: is(app, { ...ofApp, own: unlessOwn(notFound) }),
  triageFindings: is(
    { action: "acknowledge", ...app, message_id: "m" },
    { own: unlessOwn(denied), missing: { action: "acknowledge", app_id: "nobodys", message_id: "m" } },
  ),
  listAlertRules: is({}),
  getAlertRule: is({ id: "r-1" }, { own: unlessOwn(notFound), missing: { id: "nobodys" } }),
  putAlertRule: is({ id: "r-1", ...rule }, { own: unlessOwn(denied) }),
  deleteAlertRule: {
    async input(mars) {
      await made(mars, "PUT /api/alerts/rules/r-2", rule);
      return { id: "r-2" };
    },
    own: unlessOwn(notFound),
    missing: { id: "nobodys" },
  },
  previewAlertRule: is(
    { rule: { app_id: ownApp } },
    { own: unlessOwn(notFound), missing: { rule: { app_id: "nobodys" } } },
  ),
  listAlertCalendars: is({}),
  getAlertCalendar: is({ id: "c-1" }, { missing: { id: "nobodys" } }),
  putAlertCalendar: is({ id: "c-2", dates: [] }, { missing: { id: "nobodys", dates: [] } }),
  deleteAlertCalendar: {
    async input(mars) {
      await made(mars, "PUT /api/alerts/calendars/c-2", { dates: [] });
      return { id: "c-2" };
    },
    missing: { id: "nobodys" },
  },
  listAlertSinks: is({}),
  getAlertSink: is({ id: "s-1" }, { missing: { id: "nobodys" } }),
  putAlertSink: is(sink, { missing: { ...sink, id: "nobodys" } }),
  deleteAlertSink: is({ id: "s-2" }, { missing: { id: "s-1" } }),
  testAlertSink: is({ id: "s-1" }, { missing: { id: "nobodys" } }),
  listAlertSilences: is({}),
  createAlertSilence: is({ ...app, for: "1h" }, { own: unlessOwn(denied) }),
  deleteAlertSilence: {
    async input(mars) {
      const { silence } = await made(mars, "POST /api/alerts/silences", { ...app, for: "1h" });
      return { id: (silence as Json).id };
    },
    own: unlessOwn(notFound),
    missing: { id: 999_999 },
  },
  listAlertIncidents: is(app, ofApp),
  getAlertIncident: ofIncident({}),
  getAlertIncidentBundle: ofIncident({}),
  acknowledgeAlertIncident: ofIncident({}),
  assignAlertIncident: ofIncident({ to: "Ann" }),
  noteAlertIncident: ofIncident({ text: "a note" }),
  snoozeAlertIncident: ofIncident({ for: "1m" }),
  listAlertDeliveries: is({}),
  redeliverAlert: {
    async input(mars) {
      let id: unknown;
      await until(async () => {
        const { deliveries } = await made(mars, "GET /api/alerts/deliveries");
        // Not the test of a sink, which is of no app.
        id = (deliveries as Json[]).find(({ incident }) => incident !== null)?.id;
        return id !== undefined;
      });
      return { id: id as number, force: true };
    },
    own: unlessOwn(notFound),
    missing: { id: 999_999, force: true },
  },
  listSetAside: is({}),
  replaySetAside: is({ seq: 1 }),
  deleteSetAside: is({ seq: 1 }),
  eraseMessage: {
    async input(mars) {
      const erased = { app_id: `${ownApp}-erased`, message_id: "m" };
      await made(mars, "POST /api/event", { ...erased, event: "A" });
      return erased;
    },
    ...ofMessage,
  },
  eraseApp: is({ app_id: `${ownApp}-erased` }, ofApp),
  getRetention: is(app, ofApp),
  putRetention: is({ ...app, retention: "30d" }, { missing: { app_id: "nobodys", retention: "30d" } }),
  deleteRetention: {
    async input(mars) {
      await made(mars, `PUT /api/apps/${ownApp}/retention`, { retention: "30d" });
      return app;
    },
    ...ofApp,
  },
  listErasures: is(app, ofApp),
  listViews: is(app, { ...ofApp, own: unlessOwn(notFound) }),
  putView: is(
    { name: "mine", address: `/messages?app_id=${ownApp}` },
    { own: unlessOwn(denied), missing: { name: "mine", address: "/messages?app_id=nobodys" } },
  ),
  deleteView: is({ name: "none" }, { own: () => notFound, missing: { name: "none" } }),
  listSources: is({}, { own: forAnybody }),
  getSource: is({ id: "src" }, { own: unlessOwn(notFound), missing: { id: "nobodys" } }),
  putSource: is(source, { own: unlessOwn(denied), missing: { ...source, id: "src-3", app_id: "nobodys" } }),
  deleteSource: {
    async input(mars) {
      const { id: _, ...body } = source;
      await made(mars, "PUT /api/sources/src-2", body);
      return { id: "src-2" };
    },
    own: unlessOwn(notFound),
    missing: { id: "nobodys" },
  },
  trySource: is(
    { id: "src", body: "{}" },
    { own: unlessOwn(notFound), missing: { id: "nobodys", body: "{}" } },
  ),
  listSourceDeliveries: is({ id: "src" }, { own: unlessOwn(notFound), missing: { id: "nobodys" } }),
  replaySource: is({ id: "src" }, { own: unlessOwn(notFound), missing: { id: "nobodys" } }),
  getDeclared: is({ name: "file" }),
  putDeclared: is({ name: "file", things: ["rules/r-1"] }),
  listCollectors: is({}),
  getCollector: is({ id: "c-1" }, { missing: { id: "none" } }),
  putCollector: is({ id: "c-1", ...collector }),
  deleteCollector: {
    async input(mars) {
      await made(mars, "PUT /api/collectors/c-ends", collector);
      return { id: "c-ends" };
    },
    missing: { id: "none" },
  },
  pauseCollector: is({ id: "c-1" }, { missing: { id: "none" } }),
  resumeCollector: is({ id: "c-1" }, { missing: { id: "none" } }),
  listRejected: is({ id: "c-1" }, { missing: { id: "none" } }),
  replayRejected: is({ id: "c-1" }, { missing: { id: "none" } }),
  deleteRejected: is({ id: "c-1" }, { missing: { id: "none" } }),
  listAudit: is({}),
  getStats: is({}),
  listKeys: is({}, { own: forAnybody }),
  createKey: is({ kind: "in", apps: [ownApp], name: "made" }, { own: unlessOwn(denied) }),
  putKey: is(
    { id: "declared", kind: "in", apps: [ownApp], name: "declared", token_sha256: "0f".repeat(32) },
    { own: unlessOwn(denied) },
  ),
  rotateKey: {
    async input(mars) {
      return { id: (await newKey(mars)).id };
    },
    own: unlessOwn(notFound),
    missing: { id: "nobodys" },
  },
  limitKey: {
    async input(mars) {
      return { id: (await newKey(mars)).id, limits: { requests: 5 } };
    },
    missing: { id: "nobodys", limits: { requests: 5 } },
  },
  revokeKey: {
    async input(mars) {
      return { id: (await newKey(mars)).id };
    },
    own: unlessOwn(notFound),
    missing: { id: "nobodys" },
  },
  whoAmI: is({}),
  listSessions: is({}, { own: forAnybody }),
  endSession: {
    async input(mars) {
      target ??= await newKey(mars);
      return newSession(mars, target.token);
    },
    // It is another key's, so only for administrators.
    own: (caller) => (caller.kind === "ad" && hasOwn(caller) ? undefined : notFound),
    missing: { id: "nobodys" },
  },
  createTicket: is(
    { topics: [`apps/${ownApp}/messages/m`] },
    { own: unlessOwn(denied), missing: { topics: ["apps/nobodys/messages/m"] } },
  ),
};
