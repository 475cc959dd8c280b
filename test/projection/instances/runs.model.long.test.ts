/** Messages that run again and failures that are made good, against a naive model that cuts the sorted set of events. */
import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import type { Finding } from "../../../src/lifecycle/finding.ts";
import { hopsOf } from "../../../src/lifecycle/hops.ts";
import { createPlan, type Times } from "../../../src/lifecycle/plan.ts";
import { Histogram } from "../../../src/statistics/histogram.ts";
import { parseDefinition } from "../../support/definition.ts";
import { type NaiveEvent, naiveEnd, naiveLifecycle, naiveTime } from "../../support/naive-lifecycle.ts";
import { type NaiveMessage, naiveWorld } from "../../support/naive-world.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000_000;

const definition = parseDefinition({
  stages: [
    { event: "CREATED" },
    { event: "TAKEN", after: "CREATED", within: "2s" },
    { event: "RETURNED", after: "TAKEN", optional: true },
    { event: "ACKED", after: ["CREATED", "RETURNED"], within: "4s", each: { of: "to", by: "by" } },
    { event: "COPIED", after: "ACKED", within: "1s", times: 2 },
    { event: "CLOSED", after: "TAKEN", within: "6s" },
  ],
  complete_on: ["CLOSED", "COPIED"],
  fail_on: ["BOUNCED", "BROKEN"],
  grace: "500ms",
  recovers: true,
  reopen_on: ["REOPENED", "RETURNED"],
});
const plan = createPlan(definition);
const naive = naiveLifecycle(definition);
const names = [
  ...["CREATED", "TAKEN", "ACKED", "ACKED", "COPIED", "CLOSED", "CLOSED", "BOUNCED", "BROKEN", "OTHER"],
  ...["REOPENED", "REOPENED", "RETURNED"],
];
const attributes = [
  '{"to":["a","b"]}',
  '{"to":["b","c"]}',
  '{"by":"a","to":"a"}',
  '{"by":"b"}',
  '{"by":"z"}',
];

/** Few messages, names and times, so that repeats, ties and reversals are common. */
const report = fc.record({
  messageId: fc.constantFrom("a", "b", "c"),
  event: fc.constantFrom(...names),
  attributes: fc.oneof(fc.constant(""), fc.constantFrom(...attributes)),
  createdAt: fc
    .tuple(fc.integer({ min: 0, max: 24 }), fc.constantFrom(0, 0, 0, 60))
    .map(([n, minutes]) => (n * second) / 2 + minutes * second),
  eventId: fc.constantFrom("", "", "x", "x", "y"),
});
/** Few of everything: runs that appear, get another number, and are there no more. */
const close = fc.record({
  messageId: fc.constant("a"),
  event: fc.constantFrom("CREATED", "TAKEN", "CLOSED", "BOUNCED", "REOPENED", "REOPENED"),
  attributes: fc.constant(""),
  createdAt: fc.integer({ min: 0, max: 6 }).map((n) => n * second),
  eventId: fc.constantFrom("x", "y"),
});
const actions = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .array(fc.oneof(report, close), { minLength: 1, maxLength: 6 })
        .map((reports) => ({ reports })),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        later: fc.integer({ min: 0, max: 6 }),
        raise: fc.boolean(),
        behind: fc.constantFrom(0, 0, 1, 3, 9),
      }),
    },
    { weight: 1, arbitrary: fc.constant("restart" as const) },
  ),
  { maxLength: 14 },
);

test("for every order, repeats, batches and restarts, runs, findings and counts are those of the set of events", async () => {
  using opened = await openStore();
  let store = opened.store;
  let [round, seq, clock] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(actions, async (steps) => {
      // One database for all rounds: each has an app and a time of its own.
      const app = `app${++round}`;
      const base = clock + 1_000 * second;
      clock = base;
      await store.putLifecycle(app, definition);
      const all: SequencedEvent[] = [];
      const published = new Map<number, Finding>();
      const project = async (raise: boolean, behind = 0) => {
        const upTo = Math.max(0, seq - behind);
        const target = { upTo, watermark: clock, raise: raise && behind === 0 };
        for (;;) {
          const step = await store.project(target);
          for (const finding of step.findings) if (finding.appId === app) published.set(finding.id, finding);
          if (step.done) break;
        }
      };
      for (const step of steps) {
        if (step === "restart") {
          store = await opened.restart();
        } else if ("reports" in step) {
          const events = step.reports.map((fields) => {
            const eventId = fields.eventId && `${fields.event} ${fields.eventId}`;
            return event(++seq, { ...fields, eventId, appId: app, createdAt: base + fields.createdAt });
          });
          all.push(...events);
          await store.apply(await batchOf(events));
        } else {
          clock += (step.later * second) / 2 + 1;
          await project(step.raise, step.behind);
        }
      }
      clock += second / 4;
      await project(true);

      const model = modelOf(all, clock);
      const active = [...published.values()].filter(({ retractedAt }) => retractedAt === undefined);
      expect(active.map(textOf).sort()).toEqual(model.findings);
      expect(await storedOf(opened.url, app)).toEqual(model);
      expect(await shownOf(opened.queries, app)).toEqual(shownModel(all, clock));
    }),
    { numRuns: Number(process.env.MARS_TEST_RUNS ?? 50) },
  );
}, 600_000);

function textOf({ messageId, run, kind, stage, dueAt, lateBy }: Finding): string {
  return `${messageId} ${run} ${kind} ${stage} ${dueAt} ${lateBy}`;
}

function worldOf(all: readonly SequencedEvent[], clock: number): NaiveMessage[] {
  return naiveWorld(all, { lifecycleOf: () => naive, marksOf: () => [], clock });
}

/** What is counted of each run, from its events alone. */
function modelOf(all: readonly SequencedEvent[], clock: number) {
  const found: string[] = [];
  const funnel = new Map<string, number[]>();
  const hops = new Map<string, Histogram>();
  const counts = [0, 0, 0, 0];
  for (const { messageId, state, runs, findings } of worldOf(all, clock)) {
    for (const { run, kind, stage, dueAt, lateBy } of findings)
      found.push(`${messageId} ${run} ${kind} ${stage} ${dueAt} ${lateBy}`);
    counts[["open", "overdue", "complete", "failed"].indexOf(state)]! += 1;
    for (const { events, stages, beganAt } of runs) {
      for (const span of [60, 3_600, 86_400]) {
        const start = Math.floor(beganAt / (span * second)) * span * second;
        const columns = stages.map(({ name, status }) => [name, status] as const);
        for (const [name, status] of [["", "reached"] as const, ...columns]) {
          const key = `${name} ${span * second} ${start}`;
          const statuses = funnel.get(key) ?? [0, 0, 0, 0];
          statuses[["reached", "waiting", "overdue", "never"].indexOf(status)]! += 1;
          funnel.set(key, statuses);
        }
      }
      for (const { stage, reachedAt, took } of hopsOf(plan, timesOf(events))) {
        for (const span of [60, 3_600, 86_400].map((seconds) => seconds * second)) {
          const key = `${plan.stages[stage]?.name ?? ""} ${span} ${Math.floor(reachedAt / span) * span}`;
          const histogram = hops.get(key) ?? new Histogram();
          histogram.add(took, 0);
          hops.set(key, histogram);
        }
      }
    }
  }
  return {
    findings: found.sort(),
    counts,
    funnel: [...funnel].map(([key, columns]) => `${key} ${columns.join(" ")}`).sort(),
    hops: [...hops].map(([key, histogram]) => `${key} ${withoutExamples(String(histogram))}`).sort(),
  };
}

function timesOf(events: readonly NaiveEvent[]): Times {
  const { completed, failed } = naiveEnd(naive, events);
  const hasFailed = naive.failOn.some((name) => naiveTime(naive, events, name) !== undefined);
  const recovered = hasFailed && failed === undefined ? (completed ?? null) : null;
  return [...plan.slots.keys()].map((name) =>
    name === "" ? recovered : (naiveTime(naive, events, name) ?? null),
  );
}

/** What the store has of an app. */
async function storedOf(url: string, app: string): Promise<ReturnType<typeof modelOf>> {
  const client = createClient({ url });
  const read = async (sql: string) => {
    const { rows, columns } = await client.execute({ sql, args: [app] });
    return rows.map((row) => columns.map((name) => row[name] as string | number));
  };
  const stages = "JOIN stages s ON s.id = t.stage JOIN apps a ON a.id = s.app AND a.app_id = ?1";
  const findings =
    await read(`SELECT m.message_id || ' ' || run_number || ' ' || kind || ' ' || stage || ' ' ||
      due_at || ' ' || late_by
    FROM findings f JOIN messages m ON m.id = f.message JOIN apps a ON a.id = f.app AND a.app_id = ?1
    WHERE retracted_at = 0`);
  const [counts = [0, 0, 0, 0]] = await read(
    "SELECT open, overdue, complete, failed FROM apps WHERE app_id = ?1",
  );
  const funnel = await read(`SELECT s.stage || ' ' || span || ' ' || start || ' ' ||
      t.reached || ' ' || t.waiting || ' ' || t.overdue || ' ' || t.never
    FROM funnel t ${stages} WHERE t.reached <> 0 OR t.waiting <> 0 OR t.overdue <> 0 OR t.never <> 0`);
  const hops = await read(`SELECT s.stage, span, start, histogram FROM latencies t ${stages}`);
  client.close();
  return {
    findings: findings.flat().map(String).sort(),
    counts: counts.map(Number),
    funnel: funnel.flat().map(String).sort(),
    hops: hops
      .filter(([, , , text]) => text !== "")
      .map(([stage, span, start, text]) => `${stage} ${span} ${start} ${withoutExamples(String(text))}`)
      .sort(),
  };
}

/** Which of a bucket's messages is its example is no count. */
function withoutExamples(histogram: string): string {
  return histogram.replaceAll(/:(\w+):\w+:(\w+)/g, ":$1:$2");
}

/** The messages as they read, and who owes what as their findings have it. */
async function shownOf({ get, findings }: TestStore["queries"], appId: string) {
  const found: Record<string, unknown> = {};
  for (const messageId of ["a", "b", "c"]) {
    const { message } = await get({ appId, messageId });
    if (message === undefined) continue;
    const { instance, events } = message;
    const current = { number: instance!.run, state: instance!.state, stages: instance!.stages };
    const runs = instance!.runs ?? [current];
    expect(runs.at(-1)).toMatchObject(current);
    const owed = (stages: typeof current.stages) => stages.slice(3, 5).map((stage) => stage.owed);
    found[messageId] = {
      state: message.state,
      failures: instance!.failures,
      runs: runs.map(({ number, state, stages }) => [number, state, owed(stages)]),
      events: events.map(({ event: name, run }) => `${name} ${run}`),
    };
    const page = await findings({ appId, messageId, state: "current", order: "oldest", limit: 1_000 });
    for (const finding of page.findings) {
      const index = ["ACKED", "COPIED"].indexOf(finding.stage);
      expect(finding.owed).toEqual(owed(runs[finding.run - 1]!.stages)[index]);
    }
  }
  return found;
}

function shownModel(all: readonly SequencedEvent[], clock: number) {
  const shown = worldOf(all, clock).map(({ messageId, state, runs }) => {
    const failures = runs.at(-1)!.events.filter(({ event: name }) => naive.failOn.includes(name));
    const one = {
      state,
      failures:
        failures.length === 0
          ? undefined
          : { count: failures.length, lastAt: Math.max(...failures.map(({ createdAt }) => createdAt)) },
      runs: runs.map((run) => [run.number, run.state, run.stages.slice(3, 5).map(({ owed }) => owed)]),
      events: runs.flatMap(({ number, events }) => events.map(({ event: name }) => `${name} ${number}`)),
    };
    return [messageId, one] as const;
  });
  return Object.fromEntries(shown);
}
