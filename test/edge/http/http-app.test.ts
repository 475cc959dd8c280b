import { describe, expect, test } from "bun:test";
import { type ErrorCode, MarsError } from "../../../src/core/error.ts";
import type { Health } from "../../../src/core/ports.ts";
import { appRights } from "../../../src/core/rights.ts";
import { CallCounts } from "../../../src/edge/call-counts.ts";
import { Denials } from "../../../src/edge/denials.ts";
import { Doors } from "../../../src/edge/doors.ts";
import { createEdgeShares } from "../../../src/edge/edge-shares.ts";
import { EventLimits } from "../../../src/edge/event-limits.ts";
import { createGate } from "../../../src/edge/http/gate.ts";
import { createHttpApp } from "../../../src/edge/http/http-app.ts";
import { Intake } from "../../../src/edge/intake.ts";
import type { EdgeParts } from "../../../src/edge/parts.ts";
import { RefusalLog } from "../../../src/edge/refusal-log.ts";
import { Requests } from "../../../src/edge/requests.ts";
import type { RuntimeBindings } from "../../../src/edge/rest/router.ts";
import { FairQueue } from "../../../src/runtime/fair-queue.ts";
import { SendBudget } from "../../../src/runtime/send-budget.ts";
import { openAccess } from "../../support/caller.ts";

// Parts that fail on demand: a real Mars cannot be made to run out of disk or to meet a fault of ours at will.
function appWith(
  failure: () => unknown,
  health: Health = { state: "serving", unready: "", stalled: "", warnings: [] },
) {
  const logged: unknown[] = [];
  const refused: unknown[] = [];
  const fail = () => Promise.reject(failure());
  const live = {
    seq: 0,
    subscribe: () => () => {},
    stream: () => {
      throw failure();
    },
    announce: () => {
      throw failure();
    },
  };
  const parts = {
    denials: new Denials({ warn: () => undefined }),
    ingest: { accept: fail, admit() {} },
    intake: new Intake({ admit() {} }),
    eventLimits: new EventLimits(),
    requests: new Requests(createEdgeShares().requests, false),
    formats: { otlpMessageIds: [], otlpSpanStarts: false, cloudEventsMessageIds: [], segmentMessageIds: [] },
    doors: new Doors({ refused: (error: unknown) => refused.push(error) }, new RefusalLog({ warn() {} })),
    calls: new CallCounts(),
    metrics: fail,
    reader: () => ({
      listJson: fail,
      messageJson: fail,
      messageEvents: fail,
      listedEvents: fail,
      eventsSince: fail,
      journeyJson: fail,
      lifecycleVersions: fail,
      lifecycleVersion: fail,
      messagesSince: fail,
      findings: fail,
      overdue: fail,
      overdueGroups: fail,
      pulses: fail,
      latencySeries: fail,
      triageFindings: fail,
      funnel: fail,
      latency: fail,
      rates: fail,
      apps: fail,
      skew: fail,
      indexedAttributes: fail,
      counts: fail,
      hasApp: fail,
      alertRules: fail,
      alertRulePage: fail,
      alertSinks: fail,
      alertSilences: fail,
      alertCalendars: fail,
      alertIncident: fail,
      alertNotes: fail,
      alertIncidents: fail,
      alertFigures: fail,
      alertHopP99s: fail,
      alertDeliveries: fail,
      erasures: fail,
      audit: fail,
      savedViews: fail,
      declaredThings: fail,
      refusedMessages: fail,
      sources: fail,
      funnelBy: fail,
    }),
    backups: { begin: fail },
    progress: { storedSeq: 0, reached: fail },
    live,
    findings: live,
    alertTopics: live,
    incidents: live,
    lifecycles: { putLifecycle: fail },
    attributes: { putAttributes: fail },
    views: { putView: fail, deleteView: fail },
    declared: { putDeclaredThings: fail },
    badges: appRights(["*"]),
    alerts: {
      putRule: fail,
      deleteRule: fail,
      putSink: fail,
      trySink: fail,
      deleteSink: fail,
      testSink: fail,
      addSilence: fail,
      deleteSilence: fail,
      measured: () => undefined,
      care: fail,
      redeliver: fail,
      calendars: { put: fail, delete: fail },
    },
    collectors: {
      list: fail,
      put: fail,
      remove: fail,
      pause: fail,
      replay: fail,
      forget: fail,
    },
    triage: { mark: fail, applied: fail },
    access: openAccess,
    keys: { list: fail, get: fail, create: fail, put: fail, rotate: fail, revoke: fail } as never,
    sessions: { list: fail, get: fail, end: fail, flush: fail } as never,
    tickets: { issue: fail } as never,
    exposed: false,
    signIn: { secureOnly: false, byKey: fail, signOut: fail } as never,
    retentions: {
      get: () => {
        throw failure();
      },
      put: fail,
      remove: fail,
    },
    erasures: { eraseMessage: fail, eraseApp: fail },
    setAside: { list: fail, replay: fail, remove: fail },
    changes: new FairQueue({ what: "changes", activeMax: 1, waitingMax: 1 }),
    shares: createEdgeShares(),
    budget: new SendBudget(),
    trials: { learn: fail, dryRun: fail, preview: fail },
    sources: {
      get() {
        throw failure();
      },
      put: fail,
      delete: fail,
      try: fail,
      receive: fail,
      deliveries: fail,
      map: fail,
      replay: fail,
      statsOf() {
        throw failure();
      },
    },
    projected: { storedSeq: 0, reached: fail },
    log: {
      debug() {},
      info() {},
      warn() {},
      error: (message: string, fields?: Readonly<Record<string, unknown>>) =>
        logged.push({ message, fields }),
    },
    gate: createGate(),
    version: "test",
    testEndpoints: () => true,
    stats() {
      throw failure();
    },
    health: () => health,
  } satisfies EdgeParts;
  const { router, addEvent } = createHttpApp(parts);
  // As `front.ts` does, so that the call that goes past the router is tried as well.
  const request = async (path: string, init: RequestInit = {}, env: RuntimeBindings = {}) => {
    const asked = new Request(`http://localhost${path}`, init);
    const hot = asked.method === "POST" && path === "/api/event";
    return hot ? addEvent(asked, env) : router.fetch(asked, env);
  };
  return { app: { request }, logged, refused };
}

const json = { "content-type": "application/json" };
const event = { app_id: "a", message_id: "m", event: "e" };
const lifecycle = { stages: [{ event: "A" }, { event: "B" }], complete_on: ["B"] };
const calls: [method: string, path: string, body?: string][] = [
  ["POST", "/api/event", JSON.stringify(event)],
  ["POST", "/api/event/bulk", JSON.stringify({ events: [event] })],
  ["GET", "/api/messages"],
  ["GET", "/api/messages?min_seq=1"],
  ["GET", "/api/apps/a/messages/m"],
  ["GET", "/api/stream?topic=all"],
  ["GET", "/api/stream?topic=findings"],
  ["PUT", "/api/apps/a/lifecycle", JSON.stringify(lifecycle)],
  ["GET", "/api/apps/a/lifecycle"],
  ["DELETE", "/api/apps/a/lifecycle"],
  ["GET", "/api/apps/a/lifecycle/versions"],
  ["POST", "/api/apps/a/lifecycle/dry-run", JSON.stringify(lifecycle)],
  ["GET", "/api/apps/a/lifecycle/learned"],
  ["GET", "/api/findings"],
  ["GET", "/api/overdue"],
  ["GET", "/api/views"],
  ["GET", "/api/declared/shop"],
  ["GET", "/api/collectors"],
  ["GET", "/api/sources"],
  ["DELETE", "/api/sources/shop"],
  ["POST", "/in/shop", "{}"],
  ["GET", "/api/overdue/groups"],
  ["GET", "/api/apps"],
  ["GET", "/api/apps/a/funnel"],
  ["GET", "/api/apps/a/latency"],
  ["GET", "/api/apps/a/rates"],
  ["GET", "/api/alerts/rules"],
  ["PUT", "/api/alerts/rules/r", JSON.stringify({ sinks: ["s"] })],
  ["DELETE", "/api/alerts/rules/r"],
  ["GET", "/api/alerts/sinks"],
  ["PUT", "/api/alerts/sinks/s", JSON.stringify({ type: "slack", url: "https://example.com/" })],
  ["POST", "/api/alerts/sinks/s/test"],
  ["GET", "/api/alerts/silences"],
  ["POST", "/api/alerts/silences", JSON.stringify({ for: "1h" })],
  ["GET", "/api/alerts/incidents"],
  ["GET", "/api/alerts/deliveries"],
  ["GET", "/api/create_event"],
  ["GET", "/api/test_socket?message_id=m"],
  ["GET", "/api/q/stats"],
];

describe("a fault of ours", () => {
  for (const [method, path, body] of calls) {
    test(`in ${method} ${path} is logged, and the client learns nothing of it`, async () => {
      const { app, logged } = appWith(() => new Error("the secret path is /srv/mars"));
      const response = await app.request(path, {
        method,
        headers: json,
        ...(body !== undefined && { body }),
      });
      expect(response.status).toBe(500);
      const text = await response.text();
      expect(text).not.toContain("secret");
      expect(JSON.parse(text)).toMatchObject({ status: 500, success: false, code: "internal" });
      expect(Bun.inspect(logged, { depth: 9 })).toContain("the secret path is /srv/mars");
    });
  }
});

describe("a refusal", () => {
  const refusals: [
    code: ErrorCode,
    retryAfterMs: number | undefined,
    status: number,
    retryAfter: string | null,
  ][] = [
    ["overloaded", 2_500, 429, "3"],
    ["overloaded", 1, 429, "1"],
    ["overloaded", undefined, 429, "1"],
    ["draining", undefined, 503, "1"],
    ["unavailable", 10_000, 503, "10"],
    ["deadline_exceeded", undefined, 504, null],
  ];
  for (const [code, retryAfterMs, status, retryAfter] of refusals) {
    test(`because ${code} is answered ${status}, to come back after ${retryAfter} s`, async () => {
      const options = retryAfterMs === undefined ? {} : { retryAfterMs };
      const { app, logged } = appWith(() => new MarsError(code, "not now", options));
      for (const [method, path, body] of calls.slice(0, 5)) {
        const response = await app.request(path, {
          method,
          headers: json,
          ...(body !== undefined && { body }),
        });
        expect(response.status).toBe(status);
        expect(response.headers.get("retry-after")).toBe(retryAfter);
        expect(response.headers.get("connection")).toBe(code === "draining" ? "close" : null);
        expect(await response.json()).toMatchObject({ status, success: false, code, detail: "not now" });
      }
      expect(logged).toEqual([]);
    });
  }
});

describe("the idle timeout", () => {
  test("is lifted for streams that have begun, and for nothing else", async () => {
    const { app } = appWith(() => new MarsError("not_found", "nothing"));
    const exempt: string[] = [];
    const runtime = { keepOpen: (request: Request) => void exempt.push(new URL(request.url).pathname) };
    const call = async (path: string, type: string, body?: string) => {
      const init = body === undefined ? {} : { method: "POST", body, headers: { "content-type": type } };
      const response = await app.request(path, init, runtime);
      await response.body?.cancel();
    };
    await call("/api/event", "application/json", JSON.stringify(event));
    await call("/api/messages", "");
    await call("/mars.v1.MessageService/GetMessage", "application/json", '{"appId":"a","messageId":"m"}');
    // An envelope of Connect's: flags, length, message.
    await call(
      "/mars.v1.MessageService/WatchEvents",
      "application/connect+json",
      '\0\0\0\0\x0f{"topic":"all"}',
    );
    expect(exempt).toEqual(["/mars.v1.MessageService/WatchEvents"]);
  });
});

describe("readiness", () => {
  const cases: [health: Health, status: number, detail?: string][] = [
    [{ state: "serving", unready: "", stalled: "", warnings: [] }, 200],
    [{ state: "starting", unready: "", stalled: "", warnings: [] }, 503, "starting"],
    [{ state: "draining", unready: "draining", stalled: "", warnings: [] }, 503, "draining"],
    [{ state: "stopped", unready: "", stalled: "", warnings: [] }, 503, "stopped"],
    [
      { state: "serving", unready: "the journal is full", stalled: "", warnings: [] },
      503,
      "the journal is full",
    ],
  ];
  for (const [health, status, detail] of cases) {
    test(`is ${status} while ${detail ?? "serving"}, and life and status are unmoved`, async () => {
      const { app } = appWith(() => new Error("unused"), health);
      const response = await app.request("/readyz");
      expect(response.status).toBe(status);
      if (detail !== undefined) {
        expect(await response.json()).toMatchObject({ status: 503, success: false, detail });
        expect(response.headers.get("retry-after")).toBe("1");
      }
      expect((await app.request("/livez")).status).toBe(200);
      expect((await app.request("/status")).status).toBe(200);
    });
  }
});

test("a refusal of events is noted at every door, and no other refusal is", async () => {
  const overloaded = () => new MarsError("overloaded", "full");
  const { app, refused } = appWith(overloaded);
  const doors = [
    "/api/event",
    "/api/event/bulk",
    "/mars.v1.IngestService/CollectEvent",
    "/mars.v1.IngestService/CollectEvents",
    "/MarsWeb.GrpcService.MarsGrpc/collectEvent",
  ];
  for (const [index, door] of doors.entries()) {
    const proto = { appId: "a", messageId: "m", event: "e" };
    const body = door.endsWith("bulk")
      ? { events: [event] }
      : door.endsWith("Events")
        ? { events: [proto] }
        : door.startsWith("/api")
          ? event
          : proto;
    const response = await app.request(door, { method: "POST", headers: json, body: JSON.stringify(body) });
    expect([door, response.status]).toEqual([door, 429]);
    expect(refused.length).toBe(index + 1);
  }
  await app.request("/api/messages");
  expect(refused.length).toBe(doors.length);
});
