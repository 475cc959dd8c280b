/** The same questions about messages, lifecycles, findings and counts over every protocol: each gives the same answers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { countMessages, getAttributes, putAttributes } from "../../src/api/attributes.ts";
import { getDrift } from "../../src/api/drift.ts";
import { listFindings, listOverdue } from "../../src/api/findings.ts";
import { getFunnelBy } from "../../src/api/funnel-by.ts";
import { getJourney } from "../../src/api/journeys.ts";
import { getLatencySeries } from "../../src/api/latency-series.ts";
import { diffLifecycle } from "../../src/api/lifecycle-changes.ts";
import { dryRunLifecycle, learnLifecycle } from "../../src/api/lifecycle-trials.ts";
import {
  deleteLifecycle,
  getLifecycle,
  listLifecycleVersions,
  putLifecycle,
} from "../../src/api/lifecycles.ts";
import { listEvents } from "../../src/api/listed-events.ts";
import { listMessageEvents } from "../../src/api/message-events.ts";
import { getMessage, listMessages } from "../../src/api/messages.ts";
import type { Operation } from "../../src/api/operation.ts";
import { operations } from "../../src/api/operations.ts";
import { listOverdueGroups } from "../../src/api/overdue-groups.ts";
import { getOverview } from "../../src/api/overview.ts";
import { getSkew } from "../../src/api/skew.ts";
import { getFunnel, getLatency, getRates, listApps } from "../../src/api/statistics.ts";
import { deleteView, listViews, putView } from "../../src/api/views.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { send, sendBulk } from "../support/rest.ts";
import { doors, type Json, type Outcome } from "./doors.ts";

type Step = readonly [operation: Operation, input: Json];

/** As both REST and RPC take it: alternatives by `events`. */
const lifecycle = {
  stages: [
    { events: ["created"] },
    { events: ["paid"], after: ["created"], within: "1m" },
    { events: ["mailed", "pushed"], after: ["paid"], within: "1h" },
    { events: ["seen"], after: ["created"], optional: true },
    { events: ["signed"], after: ["created"], within: "2h", each: { of: "by", by: "who" } },
    { events: ["copied"], after: ["created"], times: 3, optional: true },
    { app: "pay", events: ["captured"], after: ["created"], optional: true },
  ],
  complete_on: ["mailed", "pushed"],
  fail_on: ["bounced"],
  grace: "250ms",
  journey_by: "message_id",
};

const start = Date.now() - 3_600_000;
const at = (after: number) => new Date(start + after).toISOString();
const window = { since: at(-600_000), until: at(1_800_000) };
const shop = { app_id: "shop" };

const steps = (door: string): readonly Step[] => [
  [listMessages, shop],
  [listMessages, { ...shop, ...window, order: "oldest", limit: 2 }],
  [listMessages, { ...shop, state: ["overdue", "failed"] }],
  [listMessages, { ...shop, stage: "mailed|pushed", stage_state: "waiting", after: "paid" }],
  [
    listMessages,
    { ...shop, stage_events: ["mailed", "pushed"], stage_state: "waiting", after_events: ["paid"] },
  ],
  [listMessages, { stage: "paid", stage_events: ["mailed"], stage_state: "waiting" }],
  [listMessages, { ...shop, triage: "none" }],
  [listMessages, { triage: "acknowledged" }],
  [listMessages, { external_id: "x-1" }],
  [listMessages, { ...shop, parent_id: "late" }],
  [listMessages, { parent_id: "late" }],
  [listMessages, { app_id: "nobody" }],
  [listMessages, { limit: 1_001 }],
  [listMessages, { stage: "paid" }],
  [listMessages, { cursor: "x" }],
  [listMessages, { prefix: "x".repeat(513), limit: 1_001 }],
  [getMessage, { ...shop, message_id: "late" }],
  [getMessage, { ...shop, message_id: "owed" }],
  [getMessage, { ...shop, message_id: "rich", order: "newest", limit: 1 }],
  [getMessage, { ...shop, message_id: "none" }],
  [listMessageEvents, { ...shop, message_id: "rich", order: "desc", limit: 1 }],
  [listMessageEvents, { ...shop, message_id: "late", event: "created" }],
  [listMessageEvents, { ...shop, message_id: "late", ...window }],
  [listMessageEvents, { ...shop, message_id: "none" }],
  [listMessageEvents, { ...shop, message_id: "late", limit: 251 }],
  [listEvents, shop],
  [listEvents, { ...shop, limit: 3, message_id: "rich" }],
  [listEvents, { ...shop, since_seq: 1 }],
  [listEvents, { since_seq: 1, event: "paid" }],
  [listEvents, { ...shop, limit: 1, stage: "paid", stage_state: "overdue", after: "created" }],
  [listEvents, { ...window, event: "paid", state: ["complete"] }],
  [listEvents, { app_id: "nobody", limit: 5_001 }],
  [getMessage, { ...shop, message_id: "late", limit: 10_001 }],
  [getJourney, { external_id: "x-1" }],
  [getJourney, { external_id: "x-1", limit: 1_001 }],
  [getJourney, { external_id: "none" }],
  [listApps, { cursor: "x" }],
  [listApps, { limit: 1 }],
  [getFunnel, { ...shop, ...window }],
  [getFunnel, { app_id: "nobody", ...window }],
  [getFunnel, { ...shop, since: at(0), until: at(0) }],
  [getLatency, { ...shop, ...window }],
  [getLatency, { app_id: "nobody", ...window }],
  [getLatencySeries, { ...shop, ...window }],
  [getLatencySeries, { ...shop, ...window, stage: "paid", after: "created", step: "5m" }],
  [getLatencySeries, { ...shop, ...window, stage_events: ["mailed", "pushed"], after_events: ["paid"] }],
  [getLatencySeries, { ...shop, ...window, step: "1s" }],
  [getLatencySeries, { app_id: "nobody", ...window }],
  [getRates, { ...shop, ...window, step: "10m" }],
  [getRates, { ...shop, ...window }],
  [getRates, { ...shop, ...window, step: "90s" }],
  [getRates, { app_id: "nobody", ...window }],
  [getSkew, { ...shop }],
  [getAttributes, { app_id: "x-attributes" }],
  [getAttributes, { ...shop }],
  [getAttributes, { app_id: "x".repeat(257) }],
  [putAttributes, { ...shop, indexed: ["region"] }],
  [putAttributes, { app_id: "x-attributes", indexed: [] }],
  [putAttributes, { app_id: "x-attributes", indexed: ["a", "a"] }],
  [countMessages, { ...shop, by: "attributes.region" }],
  [getFunnelBy, { ...shop, ...window, by: "attributes.region" }],
  [getFunnelBy, { ...shop, by: "attributes.size" }],
  [listOverdueGroups, { ...shop, attributes: { region: "north" } }],
  [getFunnelBy, { app_id: "nobody", by: "attributes.region" }],
  [countMessages, { ...shop, by: "region" }],
  [countMessages, { ...shop, by: "attributes.size" }],
  [listMessages, { ...shop, attributes: { size: "1" } }],
  [listMessages, { ...shop, attributes: { region: "north" } }],
  [listMessages, { attributes: { region: "north" } }],
  [listFindings, { ...shop, attributes: { region: "north" } }],
  [listOverdue, { attributes: { region: "north" } }],
  [getSkew, { app_id: "nobody" }],
  [putView, { name: "slow / überall", address: "/messages?app_id=shop&state=overdue", shared: true }],
  [putView, { name: "all", address: "/findings" }],
  [putView, { name: "away", address: "//example.com" }],
  [putView, { name: "x".repeat(201), address: "" }],
  [listViews, { limit: 1 }],
  [listViews, { ...shop }],
  [listViews, { cursor: "x" }],
  [deleteView, { name: "all" }],
  [deleteView, { name: "all" }],
  [deleteView, { name: "all", owner: "key:1" }],
  [putLifecycle, { app_id: "x-put", lifecycle }],
  [putLifecycle, { app_id: "x-put", lifecycle: { ...lifecycle, complete_on: ["nowhere"] } }],
  [putLifecycle, { app_id: "x-put", lifecycle: { stages: [{ events: ["a"] }], grace: "31d" } }],
  [getLifecycle, shop],
  [getLifecycle, { app_id: "nobody" }],
  [listLifecycleVersions, shop],
  [listLifecycleVersions, { app_id: "nobody" }],
  [diffLifecycle, { ...shop, from: 1, to: 1 }],
  [diffLifecycle, shop],
  [diffLifecycle, { ...shop, from: 1, to: 99 }],
  [diffLifecycle, { app_id: "nobody" }],
  [dryRunLifecycle, { ...shop, ...window, lifecycle }],
  [dryRunLifecycle, { app_id: "nobody", ...window, lifecycle }],
  [dryRunLifecycle, { ...shop, lifecycle: {} }],
  [learnLifecycle, { ...shop, ...window }],
  [learnLifecycle, { ...shop, ...window, raise_at_most: 0.02 }],
  [learnLifecycle, { ...shop, ...window, raise_at_most: 0.6 }],
  [learnLifecycle, { app_id: "nobody", ...window }],
  [getDrift, { ...shop, ...window }],
  [getDrift, { app_id: "nobody", ...window }],
  [listFindings, { ...shop, order: "oldest" }],
  [listFindings, { ...shop, state: "any", kind: "missing", limit: 1 }],
  [listFindings, { app_id: "nobody" }],
  [listFindings, { limit: 1_001, stage: "x".repeat(6_000) }],
  [listOverdue, shop],
  [listOverdue, { ...shop, stage: "nowhere" }],
  [listOverdue, { ...shop, stage_events: ["paid"] }],
  [listOverdue, { app_id: "nobody" }],
  [getOverview, { ...shop, new_within: "1h", window: "6h" }],
  [getOverview, { window: "14m" }],
  [getOverview, { new_within: "1s" }],
  [listOverdueGroups, { ...shop, new_within: "1h" }],
  [listOverdueGroups, { ...shop, limit: 1, triage: "none" }],
  [listOverdueGroups, { app_id: "nobody", limit: 201 }],
  [putLifecycle, { app_id: `x-ended-${door}`, lifecycle, note: "a try" }],
  [deleteLifecycle, { app_id: `x-ended-${door}`, note: "x".repeat(1_025) }],
  [deleteLifecycle, { app_id: `x-ended-${door}` }],
  [diffLifecycle, { app_id: `x-ended-${door}` }],
  [deleteLifecycle, { app_id: `x-ended-${door}` }],
];

async function fill(mars: TestMars): Promise<void> {
  const put = await fetch(`${mars.url}/api/apps/shop/lifecycle`, {
    method: "PUT",
    body: JSON.stringify(lifecycle),
    headers: { "content-type": "application/json" },
  });
  expect(put.status).toBe(200);
  const indexed = await fetch(`${mars.url}/api/apps/shop/attributes`, {
    method: "PUT",
    body: JSON.stringify({ indexed: ["region"] }),
    headers: { "content-type": "application/json" },
  });
  expect(indexed.status).toBe(200);
  const events = (message_id: string, times: Readonly<Record<string, number>>) =>
    Object.entries(times).map(([event, after]) => ({ ...shop, message_id, event, created_at: at(after) }));
  await sendBulk(mars.url, [
    ...events("done", { created: 0, paid: 20_000, mailed: 50_000, seen: 60_000 }),
    ...events("late", { created: 0, paid: 90_000, pushed: 99_000 }),
    ...events("skipped", { created: 1_000, mailed: 2_000 }),
    ...events("failed", { created: 3_000, bounced: 4_000 }),
    ...events("waiting", { created: 3_000_000, paid: 3_001_000 }),
    ...events("stuck", { created: 5_000 }),
  ]);
  const owed = { ...shop, message_id: "owed", created_at: at(3_000_000) };
  await sendBulk(mars.url, [
    { ...owed, event: "created", attributes: { by: ["ann", "bob"] } },
    ...["bob", "eve"].map((who) => ({ ...owed, event: "signed", attributes: { who } })),
    ...["paid", "copied"].map((event) => ({ ...owed, event })),
  ]);
  const rich = {
    event_id: "e-1",
    external_id: "x-1",
    parent_id: "b-1",
    attributes: { a: [1, "ü", null], b: { c: 1.5 } },
  };
  const message = { ...shop, message_id: "rich", event: "created" };
  await send(mars.url, { ...message, ...rich, created_at: at(7_000) });
  const seq = await send(mars.url, { ...message, ...rich, created_at: at(7_000) });
  await fetch(`${mars.url}/api/findings?min_seq=${seq}`);
  // What Mars finds it finds a moment after it has followed the events.
  for (;;) {
    const { overdue } = (await (await fetch(`${mars.url}/api/overdue`)).json()) as { overdue: unknown[] };
    if (overdue.length === 2) break;
    await Bun.sleep(10);
  }
}

/** A member of an answer by its path; the tests know what is there. */
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by path
type Any = any;

/** The answers of REST in the form that RPC gives them, where it is another. */
const groupAsRpc = ({ messages: _, ages, ...group }: Any): Json => ({
  ...group,
  ages: ages.map(({ over, ...age }: Any) => ({ ...age, over: over === 0 ? undefined : over })),
});

const asRpc: Readonly<Record<string, (answer: Any) => Json>> = {
  getMessage: ({ as_of_seq, next_cursor, events, lifecycle, ...summary }) => ({
    as_of_seq,
    next_cursor,
    message: { summary, events, lifecycle },
  }),
  putAttributes: ({ success: _, ...answer }) => answer,
  putView: ({ view: { success: _, ...view } }) => ({ view }),
  deleteView: ({ success: _, ...answer }) => answer,
  getFunnel: ({ opened, stages, ...rest }) => ({
    ...rest,
    opened: opened?.count,
    stages: stages.map(({ stage, stage_events, after, after_events, ...numbers }: Any) => ({
      stage,
      stage_events,
      after,
      after_events,
      ...Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, (number as Any).count])),
    })),
  }),
  getLatency: ({ end_to_end, hops, ...rest }) => ({
    ...rest,
    end_to_end: hopAsRpc(end_to_end),
    hops: hops.map(hopAsRpc),
  }),
  getFunnelBy: ({ values, others, without, ...rest }) => ({
    ...rest,
    values: values?.map(partAsRpc),
    others: partAsRpc(others),
    without: partAsRpc(without),
  }),
  listFindings: ({ findings, ...rest }) => ({
    ...rest,
    findings: findings?.map(({ state, ...finding }: Any) => finding),
  }),
  listOverdue: ({ overdue, ...rest }) => ({
    ...rest,
    overdue: overdue?.map(({ started_at, hop_p99_ms, overdue_for_ms, age_ms, state, ...finding }: Any) => ({
      finding,
      started_at,
      hop_p99_ms,
      overdue_for_ms,
      age_ms,
    })),
  }),
  listOverdueGroups: ({ groups, ...rest }) => ({ ...rest, groups: groups?.map(groupAsRpc) }),
  getOverview: ({ groups, findings, ...rest }) => ({
    ...rest,
    groups: groups?.map(groupAsRpc),
    findings: findings?.map(({ state, ...finding }: Any) => finding),
  }),
  dryRunLifecycle: ({ findings, lifecycle: _, ...rest }) => ({
    ...rest,
    findings: findings?.map(({ samples, ...finding }: Any) => ({ ...finding, sample_message_ids: samples })),
  }),
  getDrift: ({ lifecycle, ...rest }) => ({ ...rest, lifecycle: lifecycleAsRpc(lifecycle) }),
  learnLifecycle: ({ lifecycle, ...rest }) => ({ ...rest, lifecycle: lifecycleAsRpc(lifecycle) }),
  putLifecycle: versionAsRpc,
  getLifecycle: versionAsRpc,
  deleteLifecycle: versionAsRpc,
  listLifecycleVersions: ({ versions }) => ({ versions: versions?.map((one: Any) => oneVersion(one)) }),
};

function versionAsRpc({ version: { success: _, ...version } }: Any): Json {
  return { version: oneVersion(version) };
}

function oneVersion({ lifecycle, ...version }: Any): Json {
  return { ...version, lifecycle: lifecycleAsRpc(lifecycle) };
}

function lifecycleAsRpc(lifecycle: Any): Json | undefined {
  return (
    lifecycle && {
      ...lifecycle,
      stages: lifecycle.stages.map(({ event, any_of, after, ...stage }: Any) => ({
        ...stage,
        events: any_of ?? [event],
        ...(after !== undefined && { after: [after].flat() }),
      })),
    }
  );
}

function hopAsRpc({ now, before, ...hop }: Any): Json {
  return { ...hop, now: distributionAsRpc(now), before: distributionAsRpc(before) };
}

/** Examples have links over REST. */
function partAsRpc(part: Any): Json | undefined {
  return (
    part && {
      ...part,
      stages: part.stages?.map(({ took, ...stage }: Any) => ({
        ...stage,
        took: took && {
          ...took,
          examples:
            took.examples &&
            Object.fromEntries(
              Object.entries(took.examples).map(([percentile, example]) => [
                percentile,
                exampleAsRpc(example),
              ]),
            ),
        },
      })),
    }
  );
}

function exampleAsRpc(example: Any): Json | undefined {
  if (!example) return undefined;
  const { message: _, ...ids } = example;
  return ids;
}

function distributionAsRpc(distribution: Any): Json | undefined {
  if (distribution?.count === undefined) return undefined;
  const { count, max_ms, examples } = distribution;
  const percentiles = [50, 90, 95, 99].map((percent) => ({
    percent,
    value: distribution[`p${percent}_ms`],
    example_message_id: examples[`p${percent}`].message_id,
  }));
  return { count, max_ms, percentiles };
}

/** Members that differ from one call to the next. */
const unlike: ReadonlySet<string> = new Set([
  "clock",
  "overdue_for",
  "age",
  "as_of_seq",
  "new_since",
  "p95_before",
]);

/** Without what differs, and without the unit in a name. */
function alike(value: unknown, made: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => alike(one, made));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => [name.replace(/_ms$/, ""), member] as const)
    .map(([name, member]) => [
      name,
      unlike.has(name) || (made && name === "created_at") ? name : alike(member, made),
    ]);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

interface Talk {
  readonly door: string;
  readonly outcomes: readonly { readonly asked: string; readonly outcome: unknown }[];
}

let mars: TestMars;
const talks: Talk[] = [];
const asked = new Map<Operation, Outcome[]>();

beforeAll(async () => {
  mars = await startMars();
  await fill(mars);
  for (const { name, open } of doors) {
    const call = open(mars);
    const outcomes: { asked: string; outcome: unknown }[] = [];
    for (const [operation, input] of steps(name)) {
      const outcome = await call(operation, input);
      asked.set(operation, [...(asked.get(operation) ?? []), outcome]);
      const formed = name === "REST" && "answer" in outcome ? asRpc[operation.name] : undefined;
      const shown = formed === undefined ? outcome : { answer: formed((outcome as { answer: Any }).answer) };
      const ended = "app_id" in input && String(input.app_id).startsWith("x-ended");
      outcomes.push({
        asked: `${operation.name} ${JSON.stringify(input).replace(name, "door")}`,
        outcome: alike(shown, ended),
      });
    }
    talks.push({ door: name, outcomes });
  }
}, 60_000);
afterAll(() => mars[Symbol.asyncDispose]());

test("each operation has answered, and has refused", () => {
  const left = operations.filter(({ rpc }) => /Message|Lifecycle/.test(rpc.split("/")[0] ?? ""));
  for (const operation of left) {
    const outcomes = asked.get(operation) ?? [];
    const counts = { answers: outcomes.filter((one) => "answer" in one).length, all: outcomes.length };
    expect([operation.name, counts.answers > 0]).toEqual([operation.name, true]);
    expect([operation.name, counts.answers < counts.all]).toEqual([operation.name, true]);
  }
});

describe.each(doors.slice(1).map(({ name }) => name))("over %s", (door) => {
  test("all answers are those of REST", () => {
    const [over, rest] = [talks.find((talk) => talk.door === door), talks[0]];
    for (const [index, outcome] of (rest?.outcomes ?? []).entries()) {
      expect(over?.outcomes[index] as unknown).toEqual(placed(outcome));
    }
  });
});

/** Over REST the lifecycle is the body, and places are named from there; RPC names them from its request. */
function placed({ asked, outcome }: Talk["outcomes"][number]): unknown {
  const { fields } = outcome as { fields?: string[] };
  if (fields === undefined || !/^(putLifecycle|dryRunLifecycle) /.test(asked)) return { asked, outcome };
  return { asked, outcome: { ...(outcome as object), fields: fields.map((field) => `lifecycle.${field}`) } };
}
