/** One conversation about alerts, and about what is set aside, over every protocol: each gives the same answers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Code } from "@connectrpc/connect";
import { deleteCalendar, getCalendar, listCalendars, putCalendar } from "../../src/api/alert-calendars.ts";
import {
  acknowledgeIncident,
  assignIncident,
  noteIncident,
  snoozeIncident,
} from "../../src/api/alert-care.ts";
import { listDeliveries, redeliver } from "../../src/api/alert-deliveries.ts";
import { getIncident, listIncidents } from "../../src/api/alert-incidents.ts";
import { previewAlertRule } from "../../src/api/alert-preview.ts";
import { deleteRule, getRule, listRules, putRule } from "../../src/api/alert-rules.ts";
import { createSilence, deleteSilence, listSilences } from "../../src/api/alert-silences.ts";
import { deleteSink, getSink, listSinks, putSink, testSink } from "../../src/api/alert-sinks.ts";
import { listAudit } from "../../src/api/audit.ts";
import { getDeclared, putDeclared } from "../../src/api/declared.ts";
import { getIncidentBundle } from "../../src/api/incident-bundle.ts";
import type { Operation } from "../../src/api/operation.ts";
import { operations } from "../../src/api/operations.ts";
import { deleteSetAside, listSetAside, replaySetAside } from "../../src/api/set-aside.ts";
import { getStats } from "../../src/api/stats.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { send } from "../support/rest.ts";
import { setAside } from "../support/set-aside.ts";
import { until } from "../support/until.ts";
import { doors, type Json, type Outcome } from "./doors.ts";

type Step = readonly [operation: Operation, input: Json];

const schedule = {
  time_zone: "Europe/Berlin",
  hours: [{ days: ["mon", "fri"], from: "08:00", to: "18:00" }],
  calendar: "off",
};

const far = "2099-01-01T00:00:00Z";

const settings = (url: string): readonly Step[] => [
  [listRules, {}],
  [putRule, { id: "stuck", sinks: ["ops"] }],
  [putSink, { id: "ops", type: "webhook", url }],
  [putSink, { id: "ops", type: "webhook", url }],
  [putSink, { id: "ops", type: "webhook", url, headers: { Authorization: "Bearer a b", "x-a": "1" } }],
  [putSink, { id: "ops", type: "webhook", url, headers: { authorization: "(hidden)" }, secret: "(hidden)" }],
  [putSink, { id: "ops", type: "webhook", url }],
  [putSink, { id: "ops", type: "webhook", url, headers: { "x-b": "(hidden)", Host: "a", "x-c": 1 } }],
  [putSink, { id: "ops", type: "webhook", url: `${url}?token=1` }],
  [getSink, { id: "ops" }],
  [putSink, { id: "ops", type: "webhook", url, headers: {} }],
  [putSink, { id: "slack", type: "slack", url, headers: {} }],
  [putSink, { id: "slack", type: "slack", url }],
  [putSink, { id: "slack", type: "slack", url, secret: "whsec_x" }],
  [putSink, { id: "a b", type: "slack", url }],
  [putSink, { id: "mail", type: "email", to: ["a@example.com"] }],
  [putSink, { id: "mail", type: "email", to: ["a@example.com", "nobody"] }],
  [putSink, { id: "none", type: "pager" }],
  [putSink, { id: "hook", type: "webhook", url, overlap: "2d" }],
  [
    putSink,
    { id: "hook", type: "webhook", url, secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", overlap: "1h" },
  ],
  [getSink, { id: "hook" }],
  [putSink, { id: "hook", type: "webhook", url, overlap: "31d" }],
  [putSink, { id: "hook", type: "webhook", url, overlap: "off" }],
  [putSink, { id: "hook", type: "slack", url, overlap: "1h" }],
  [putSink, { id: "hook", type: "webhook", url, template: "{{text}}", content_type: "text/plain" }],
  [putSink, { id: "hook", type: "webhook", url, content_type: "text/plain" }],
  [putSink, { id: "hook", type: "webhook", url, template: "{{text}}" }],
  [putSink, { id: "hook", type: "webhook", url, template: "a", content_type: "text/html" }],
  [getSink, { id: "hook" }],
  [deleteSink, { id: "hook" }],
  [putSink, { id: "pager", type: "pagerduty", url }],
  [putSink, { id: "pager", type: "pagerduty", url, key: "0123456789abcdef0123456789abcdef" }],
  [putSink, { id: "pager", type: "pagerduty", url: `${url}?a=1`, key: "(hidden)" }],
  [putSink, { id: "pager", type: "pagerduty", url, key: "(hidden)" }],
  [putSink, { id: "pager", type: "opsgenie", url, key: "a b" }],
  [putSink, { id: "pager", type: "teams", url, key: "a" }],
  [putSink, { id: "pager", type: "teams", url }],
  [putSink, { id: "pager", type: "discord", url }],
  [deleteSink, { id: "pager" }],
  [putSink, { id: "none", type: "webhook" }],
  [putSink, { id: "none", type: "webhook", url: "http://169.254.169.254/" }],
  [getSink, { id: "ops" }],
  [getSink, { id: "nobody" }],
  [listSinks, {}],
  [testSink, { id: "ops" }],
  [testSink, { id: "nobody" }],
  [putRule, { id: "stuck", app_id: "shop", sinks: ["ops"] }],
  [
    putRule,
    {
      id: "full",
      app_id: "shop",
      kinds: ["missing", "failed"],
      stage: "B",
      after: "A",
      at_least: 10,
      window: "5m",
      repeat: "off",
      sinks: ["ops", "slack"],
    },
  ],
  [putRule, { id: "alternatives", stage_events: ["B", "C"], after_events: ["A"], sinks: ["ops"] }],
  [deleteRule, { id: "alternatives" }],
  [putRule, { id: "bad", stage: "B", stage_events: ["C"], sinks: ["ops"] }],
  [putRule, { id: "bad", sinks: ["ops", "ops"] }],
  [putRule, { id: "bad", sinks: ["ops"], at_least: 100_001 }],
  [putRule, { id: "bad", sinks: ["ops"], kinds: ["late", "late"] }],
  [putRule, { id: "bad", sinks: ["ops"], window: "2d", repeat: "1s" }],
  [putRule, { id: "bad" }],
  [getRule, { id: "full" }],
  [getRule, { id: "nobody" }],
  [listRules, {}],
  [listRules, { limit: 1 }],
  [listSinks, { limit: 1 }],
  [listSinks, { cursor: "x" }],
  [listRules, { cursor: "x" }],
  [deleteSink, { id: "slack" }],
  [deleteRule, { id: "full" }],
  [deleteRule, { id: "full" }],
  [deleteSink, { id: "slack" }],
  [deleteSink, { id: "slack" }],
  [
    putCalendar,
    { id: "off", dates: [{ date: "2026-12-25", name: "Christmas Day" }, { date: "2026-12-26" }] },
  ],
  [putCalendar, { id: "off", dates: [{ date: "2026-12-32" }] }],
  [getCalendar, { id: "off" }],
  [getCalendar, { id: "nobody" }],
  [listCalendars, {}],
  [
    putRule,
    { id: "measured", app_id: "shop", sinks: ["ops"], condition: { type: "share", above: 0.05 }, schedule },
  ],
  [putRule, { id: "measured", sinks: ["ops"], condition: { type: "absence", event: "A", for: "1m" } }],
  [putRule, { id: "measured", sinks: ["ops"], schedule: { ...schedule, calendar: "nobodys" } }],
  [previewAlertRule, { rule: { app_id: "shop", at_least: 100_001 } }],
  [previewAlertRule, { rule: { app_id: "shop" }, since: far }],
  [deleteCalendar, { id: "off" }],
  [deleteRule, { id: "measured" }],
  [deleteCalendar, { id: "off" }],
  [createSilence, { rule: "r", kind: "late", for: "2h", comment: "deploy" }],
  [createSilence, { stage_events: ["B", "C"], for: "2h" }],
  [deleteSilence, { id: 2 }],
  [createSilence, {}],
  [createSilence, { for: "2h", until: far }],
  [createSilence, { until: far }],
  [listSilences, {}],
  [listSilences, { limit: 1 }],
  [deleteSilence, { id: 1 }],
  [deleteSilence, { id: 1 }],
  [createSilence, { name: "deploy", for: "2h" }],
  [createSilence, { name: "deploy", rule: "r", for: "3h" }],
  [listSilences, {}],
];

const found: readonly Step[] = [
  [listIncidents, {}],
  [listIncidents, { app_id: "shop", rule: "stuck", state: "active", limit: 1 }],
  [listIncidents, { app_id: "shop", state: "resolved" }],
  [listIncidents, { app_id: "nobody" }],
  [listIncidents, { cursor: "x" }],
  [listIncidents, { limit: 1_001 }],
  [getIncident, { id: 1 }],
  [getIncident, { id: 99 }],
  [getIncidentBundle, { id: 1 }],
  [getIncidentBundle, { id: 1, messages: 1, events: 1 }],
  [getIncidentBundle, { id: 99 }],
  [acknowledgeIncident, { id: 1 }],
  [acknowledgeIncident, { id: 99 }],
  [assignIncident, { id: 1, to: "Ann" }],
  [noteIncident, { id: 1, text: "It is the courier." }],
  [noteIncident, { id: 1 }],
  [snoozeIncident, { id: 1, for: "31d" }],
  [snoozeIncident, { id: 1, for: "off" }],
  [listIncidents, { acknowledged: true, assigned_to: "Ann" }],
  [listIncidents, { acknowledged: false }],
  [getIncident, { id: 1 }],
  [assignIncident, { id: 1 }],
  [redeliver, { id: 99, force: true }],
  [listDeliveries, {}],
  [listDeliveries, { sink: "ops", incident: 1, state: "delivered" }],
  [listDeliveries, { limit: 1 }],
  [listDeliveries, { state: "pending" }],
];

const aside: readonly Step[] = [
  [putDeclared, { name: "file", things: ["rules/stuck", "lifecycles/überall"] }],
  [putDeclared, { name: "no name", things: [] }],
  [putDeclared, { name: "file", things: [""] }],
  [getDeclared, { name: "file" }],
  [getDeclared, { name: "none" }],
  [listSetAside, {}],
  [listSetAside, { limit: 1 }],
  [replaySetAside, { seq: 900 }],
  [replaySetAside, { seq: 900 }],
  [deleteSetAside, { seq: 901 }],
  [deleteSetAside, { seq: 901 }],
];

const audited: readonly Step[] = [
  [listAudit, { app_id: "shop" }],
  [listAudit, { action: "putAlertSink", target: "ops", who: "anonymous" }],
  [listAudit, { since: "2099-01-01T00:00:00Z" }],
  [listAudit, { until: "2099-01-01T00:00:00Z", limit: 2 }],
  [listAudit, { cursor: "x" }],
];

/** Members that differ from one Mars to the next. */
const unlike: Readonly<Record<string, string>> = {
  created_at: "a time",
  until: "a time",
  at: "a time",
  opened_at: "a time",
  last_raised_at: "a time",
  notified_at: "a time",
  acknowledged_at: "a time",
  former_secret_until: "a time",
  made_at: "a time",
  updated_at: "a time",
  overdue_since: "a time",
  missing_since: "a time",
  due_at: "a time",
  done_at: "a time",
  raised_at: "a time",
  received_at: "a time",
  last_event_at: "a time",
  clock: "a time",
  since: "a time",
  new_since: "a time",
  burst_since: "a time",
  text: "a text",
  webhook_id: "an id",
  secret: "a secret",
  next_cursor: "a cursor",
  as_of_seq: "a seq",
  seq: "a seq",
  protocol: "a protocol",
};

type Bundle = Record<"findings" | "lifecycles" | "messages", Json[]>;

/** Messages as REST has them; `parity.long.test.ts` compares lifecycles, and the state of findings. */
function flatBundle({ findings, lifecycles, messages, ...bundle }: Bundle): Json {
  return {
    ...bundle,
    findings: findings.map(({ state: _, ...finding }) => finding),
    versions: lifecycles.map(({ version }) => version),
    messages: messages.map(({ message, ...answer }) => {
      const { summary, ...rest } = (message ?? {}) as { readonly summary?: Json };
      return { ...answer, ...rest, ...summary };
    }),
  };
}

/** Without what only REST has, and what may be zero or not. */
function alike(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alike);
  if (typeof value !== "object" || value === null) return value;
  if ("lifecycles" in value) return alike(flatBundle(value as Bundle));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "success" && name !== "duration_ms")
      .map(([name, member]) => [
        name,
        member !== "(hidden)" && unlike[name] !== undefined ? unlike[name] : alike(member),
      ]),
  );
}

interface Talk {
  readonly door: string;
  readonly outcomes: readonly { readonly asked: string; readonly outcome: unknown }[];
}

async function makeStuck(mars: TestMars): Promise<void> {
  const stages = [{ event: "A" }, { event: "B", within: "1ms" }];
  const put = await fetch(`${mars.url}/api/apps/shop/lifecycle`, {
    method: "PUT",
    body: JSON.stringify({ stages, complete_on: ["B"], grace: "0s" }),
    headers: { "content-type": "application/json" },
  });
  expect(put.status).toBe(200);
  await send(mars.url, { app_id: "shop", message_id: "m", event: "A" });
}

let receiver: Receiver;
let talks: readonly Talk[];
const asked = new Set<Operation>();

beforeAll(async () => {
  receiver = startReceiver();
  talks = await Promise.all(
    doors.map(async ({ name, open }) => {
      await using mars = await startMars({ alertAllow: ["127.0.0.1"] });
      const call = open(mars);
      const outcomes: { asked: string; outcome: unknown }[] = [];
      const talk = async (steps: readonly Step[]) => {
        for (const [operation, input] of steps) {
          asked.add(operation);
          const outcome = await call(operation, input);
          outcomes.push({ asked: `${operation.name} ${JSON.stringify(input)}`, outcome: alike(outcome) });
        }
      };
      await talk(settings(receiver.url));
      await makeStuck(mars);
      let last: Outcome | undefined;
      await until(
        async () => {
          last = await call(listDeliveries, { incident: 1, state: "delivered" });
          return "answer" in last && last.answer.deliveries !== undefined;
        },
        () => JSON.stringify(last),
      );
      await talk(found);
      await setAside(mars);
      await talk(aside);
      await talk(audited);
      asked.add(getStats);
      const stats = (await call(getStats, {})) as { answer: { stats: Json } };
      outcomes.push({ asked: "getStats", outcome: Object.keys(stats.answer.stats).sort() });
      return { door: name, outcomes };
    }),
  );
}, 60_000);
afterAll(() => receiver[Symbol.asyncDispose]());

test("REST answers as it should", () => {
  const codes = talks[0]!.outcomes.flatMap(({ asked, outcome }) => {
    const { code, fields } = outcome as { code?: number; fields?: string[] };
    return code === undefined ? [] : [[asked.split(" ")[0], Code[code], ...(fields ?? [])].join(" ")];
  });
  expect(codes).toMatchInlineSnapshot(`
    [
      "putAlertRule InvalidArgument sinks[0]",
      "putAlertSink InvalidArgument headers.Host headers.x-c",
      "putAlertSink InvalidArgument headers",
      "putAlertSink InvalidArgument secret",
      "putAlertSink InvalidArgument id",
      "putAlertSink InvalidArgument type",
      "putAlertSink InvalidArgument to[1]",
      "putAlertSink InvalidArgument type",
      "putAlertSink InvalidArgument overlap",
      "putAlertSink InvalidArgument overlap",
      "putAlertSink InvalidArgument content_type",
      "putAlertSink InvalidArgument content_type",
      "putAlertSink InvalidArgument key",
      "putAlertSink InvalidArgument url",
      "putAlertSink InvalidArgument key",
      "putAlertSink InvalidArgument key",
      "putAlertSink InvalidArgument url",
      "putAlertSink InvalidArgument url",
      "getAlertSink NotFound",
      "testAlertSink NotFound",
      "putAlertRule InvalidArgument stage_events",
      "putAlertRule InvalidArgument sinks[1]",
      "putAlertRule InvalidArgument at_least",
      "putAlertRule InvalidArgument kinds",
      "putAlertRule InvalidArgument window repeat",
      "putAlertRule InvalidArgument sinks",
      "getAlertRule NotFound",
      "listAlertSinks InvalidArgument cursor",
      "listAlertRules InvalidArgument cursor",
      "deleteAlertSink InvalidArgument id",
      "deleteAlertRule NotFound",
      "deleteAlertSink NotFound",
      "putAlertCalendar InvalidArgument dates[0].date",
      "getAlertCalendar NotFound",
      "putAlertRule InvalidArgument app_id",
      "putAlertRule InvalidArgument schedule.calendar",
      "previewAlertRule InvalidArgument rule.at_least",
      "previewAlertRule InvalidArgument since",
      "deleteAlertCalendar InvalidArgument id",
      "createAlertSilence InvalidArgument until",
      "createAlertSilence InvalidArgument until",
      "createAlertSilence InvalidArgument until",
      "deleteAlertSilence NotFound",
      "listAlertIncidents NotFound",
      "listAlertIncidents InvalidArgument cursor",
      "listAlertIncidents InvalidArgument limit",
      "getAlertIncident NotFound",
      "getAlertIncidentBundle NotFound",
      "acknowledgeAlertIncident NotFound",
      "noteAlertIncident InvalidArgument text",
      "snoozeAlertIncident InvalidArgument for",
      "redeliverAlert NotFound",
      "putDeclared InvalidArgument name",
      "putDeclared InvalidArgument things[0]",
      "replaySetAside NotFound",
      "deleteSetAside NotFound",
      "listAudit InvalidArgument cursor",
    ]
  `);
});

describe.each(doors.slice(1).map(({ name }) => name))("over %s", (door) => {
  test("all answers are those of REST", () => {
    const [over, rest] = [talks.find((talk) => talk.door === door), talks[0]];
    expect(over?.outcomes).toEqual(rest?.outcomes as never);
  });
});

test("no operation of these is left out", () => {
  const services = ["mars.v1.AlertService", "mars.v1.AdminService"];
  const left = operations
    .filter(({ rpc }) => services.includes(rpc.split("/")[0] ?? ""))
    .filter((one) => !asked.has(one));
  expect(left.map(({ name }) => name)).toEqual([]);
});
