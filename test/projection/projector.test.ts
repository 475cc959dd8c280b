import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import fc from "fast-check";
import type { SequencedEvent } from "../../src/core/event.ts";
import { foldReports } from "../../src/core/fold.ts";
import { type ShownState, shownStates } from "../../src/core/state.ts";
import { activeBy, assess } from "../../src/lifecycle/assess.ts";
import type { Finding } from "../../src/lifecycle/finding.ts";
import { hopsOf } from "../../src/lifecycle/hops.ts";
import { createPlan } from "../../src/lifecycle/plan.ts";
import { Histogram } from "../../src/statistics/histogram.ts";
import { parseDefinition } from "../support/definition.ts";
import {
  holdsAt,
  type NaiveLifecycle,
  naiveFindings,
  naiveOwed,
  naiveTime,
} from "../support/naive-lifecycle.ts";
import { batchOf, event, openStore, type TestStore } from "../support/store.ts";

const second = 1_000_000;

const definition = parseDefinition({
  stages: [
    { event: "CREATED" },
    { event: "ACCEPTED", after: "CREATED", within: "2s" },
    { event: "QUEUED", after: "ACCEPTED", within: "1s", optional: true },
    { any_of: ["SMS", "PUSH"], after: ["ACCEPTED", "QUEUED"], within: "3s" },
    { event: "SEEN", after: "CREATED", within: "10s" },
    { event: "ACKED", after: ["ACCEPTED", "PUSH"], within: "4s", each: { of: "to", by: "by" } },
    { event: "COPIED", after: "ACKED", within: "1s", times: 2 },
  ],
  complete_on: ["SEEN", "COPIED"],
  fail_on: ["BOUNCED"],
  grace: "500ms",
  give_up: "4s",
});
const plan = createPlan(definition);
/** One that its messages may go by before: some stages are the same, some not. */
const older = parseDefinition({
  stages: [
    { event: "CREATED" },
    { event: "ACCEPTED", after: "CREATED", within: "1s" },
    { event: "OTHER", after: "CREATED", within: "2s" },
    { event: "SEEN", after: "OTHER", within: "1s", times: 2 },
  ],
  complete_on: ["SEEN"],
  fail_on: ["SMS"],
  reopen_on: ["PUSH"],
  grace: "0s",
});
/** The same as the first, as the naive model has it. */
const naive: NaiveLifecycle = {
  stages: [
    { names: ["CREATED"], after: [] },
    { names: ["ACCEPTED"], after: ["CREATED"], within: 2 * second },
    { names: ["QUEUED"], after: ["ACCEPTED"], within: second, optional: true },
    { names: ["SMS", "PUSH"], after: ["ACCEPTED", "QUEUED"], within: 3 * second },
    { names: ["SEEN"], after: ["CREATED"], within: 10 * second },
    { names: ["ACKED"], after: ["ACCEPTED", "PUSH"], within: 4 * second, each: { of: "to", by: "by" } },
    { names: ["COPIED"], after: ["ACKED"], within: second, times: 2 },
  ],
  completeOn: ["SEEN", "COPIED"],
  failOn: ["BOUNCED"],
  grace: second / 2,
  giveUp: 4 * second,
};
const names = ["CREATED", "ACCEPTED", "QUEUED", "SMS", "PUSH", "SEEN", "BOUNCED", "OTHER"];
const owedNames = ["ACCEPTED", "PUSH", "ACKED", "ACKED", "ACKED", "COPIED"];
/** Who owes and who acknowledges, and what is neither. */
const attributes = [
  ...[
    '{"to":["a","b"]}',
    '{"to":["b",7,"","c",["d"]]}',
    '{"by":"a","to":"a"}',
    '{"by":"b"}',
    '{"by":"b","more":1}',
  ],
  ...['{"by":"c"}', '{"by":"z"}', '{"by":["a"]}', '{"by":7,"to":{"a":"a"}}'],
];

async function projectAll(store: TestStore["store"], upTo: number, watermark: number, raise = true) {
  const findings: Finding[] = [];
  for (;;) {
    const step = await store.project({ upTo, watermark, raise });
    findings.push(...step.findings);
    if (step.done && !(raise && step.backfill?.ended === false)) return { ...step, findings };
  }
}

test("a stage that does not come is raised once due and grace have passed, and retracted when it comes", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("app", definition);
  await store.apply(await batchOf([event(1, { createdAt: 100 * second })]));

  const before = await projectAll(store, 1, 102.5 * second);
  expect(before.findings).toEqual([]);
  expect(before.nextAt).toBe(102.5 * second);

  const raised = await projectAll(store, 1, 102.5 * second + 1);
  expect(raised.findings).toEqual([
    {
      seq: 1_000_001,
      id: 1_000_001,
      appId: "app",
      messageId: "message",
      run: 1,
      kind: "missing",
      stage: "ACCEPTED",
      after: "CREATED",
      version: 1,
      dueAt: 102 * second,
      raisedAt: 102.5 * second + 1,
      lateBy: 0,
    },
  ]);
  expect((await projectAll(store, 1, 103 * second)).findings).toEqual([]);

  await store.apply(await batchOf([event(2, { event: "ACCEPTED", createdAt: 104 * second })]));
  const late = await projectAll(store, 2, 104 * second);
  expect(
    late.findings.map(({ id, kind, retractedAt, lateBy }) => ({ id, kind, retractedAt, lateBy })),
  ).toEqual([
    { id: 1_000_001, kind: "missing", retractedAt: 104 * second, lateBy: 2 * second },
    { id: 1_000_003, kind: "late", retractedAt: undefined, lateBy: 2 * second },
  ]);
});

test("an event that came in time and is delivered late leaves no finding", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("app", definition);
  await store.apply(await batchOf([event(1, { createdAt: 100 * second })]));
  expect((await projectAll(store, 1, 103 * second)).findings).toHaveLength(1);
  await store.apply(await batchOf([event(2, { event: "ACCEPTED", createdAt: 101 * second })]));
  const { findings } = await projectAll(store, 2, 104 * second);
  expect(findings.map(({ kind, retractedAt, lateBy }) => ({ kind, retractedAt, lateBy }))).toEqual([
    { kind: "missing", retractedAt: 104 * second, lateBy: 0 },
  ]);
});

test("a new version holds for messages whose first event comes after it, and an end for none before it", async () => {
  using opened = await openStore();
  const { store } = opened;
  const put = (value: unknown) =>
    store.putLifecycle("app", value === undefined ? undefined : parseDefinition(value));
  const short = {
    stages: [{ event: "CREATED" }, { event: "B", within: "1s" }],
    complete_on: ["B"],
    grace: "0s",
  };
  const created = (seq: number) => event(seq, { messageId: `m${seq}`, createdAt: 0 });

  expect(await put(undefined)).toBeUndefined();
  await store.apply(await batchOf([created(1)]));
  expect(await put(short)).toMatchObject({ version: 1, afterSeq: 1 });
  expect(await put(short)).toMatchObject({ version: 1 });
  await store.apply(await batchOf([created(2)]));
  await put({ ...short, stages: [{ event: "CREATED" }, { event: "B", within: "1m" }] });
  await store.apply(await batchOf([created(3)]));
  await put(undefined);
  await store.apply(await batchOf([created(4)]));

  const { findings } = await projectAll(store, 4, 3_600 * second);
  expect(findings.map(({ messageId, version, dueAt }) => ({ messageId, version, dueAt }))).toEqual([
    { messageId: "m2", version: 1, dueAt: second },
    { messageId: "m3", version: 2, dueAt: 60 * second },
  ]);
});

/** Few messages, names and times, so that repeats, ties and reversals are common. */
const report = fc.record({
  messageId: fc.constantFrom("a", "b", "c", "d"),
  appId: fc.constantFrom("app", "app", "free"),
  event: fc.constantFrom(...names, ...owedNames),
  attributes: fc.oneof(fc.constant(""), fc.constantFrom(...attributes)),
  // Now and then a minute or two later: a repeat may move an event to another minute.
  createdAt: fc
    .tuple(fc.integer({ min: 0, max: 24 }), fc.constantFrom(0, 0, 0, 60, 120))
    .map(([n, minutes]) => (n * second) / 2 + minutes * second),
  eventId: fc.constantFrom("", "", "x", "x", "y"),
});
const actions = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(report, { minLength: 1, maxLength: 6 }).map((reports) => ({ reports })),
    },
    {
      weight: 3,
      // Not always of all that is stored: what changes of the rest has not been counted yet.
      arbitrary: fc.record({
        // Now and then so long that messages are given up.
        later: fc.oneof(
          { weight: 4, arbitrary: fc.integer({ min: 0, max: 6 }) },
          { weight: 1, arbitrary: fc.constant(30) },
        ),
        raise: fc.boolean(),
        behind: fc.constantFrom(0, 0, 1, 3, 9),
      }),
    },
    { weight: 1, arbitrary: fc.constant("restart" as const) },
  ),
  { maxLength: 14 },
);
/** The lifecycle is put first, or later with a backfill; before that there is none, or another. */
const put = fc.record({
  at: fc.constantFrom(0, 0, 1, 2, 4, 8, 99),
  after: fc.constantFrom(undefined, older),
});

test("for every order, repeats, batches and restarts, findings and counts are those of the set of events", async () => {
  using opened = await openStore();
  let store = opened.store;
  let [runs, seq, clock, publishedSeq] = [0, 0, 0, 0];
  await fc.assert(
    fc.asyncProperty(actions, put, async (steps, { at, after }) => {
      // One database for all runs: each has an app and a time of its own.
      const app = `app${++runs}`;
      const base = clock + 1_000 * second;
      clock = base;
      let isPut = false;
      const putLate = async () => {
        isPut = true;
        const backfill = { since: Number.MIN_SAFE_INTEGER, of: 0 };
        await store.putLifecycle(app, definition, seq, undefined, undefined, backfill);
      };
      await store.putLifecycle(app, at === 0 ? definition : after);
      isPut = at === 0;
      const all: SequencedEvent[] = [];
      const published = new Map<number, Finding>();
      const project = async (raise: boolean, behind = 0) => {
        const upTo = Math.max(0, seq - behind);
        for (const finding of (await projectAll(store, upTo, clock, raise && behind === 0)).findings) {
          // Those of the runs before go on: their time has passed.
          expect(finding.seq).toBeGreaterThan(publishedSeq);
          publishedSeq = finding.seq;
          if (finding.appId !== app) continue;
          const active = published.get(finding.id)?.retractedAt === undefined && published.has(finding.id);
          expect(active).toBe(finding.retractedAt !== undefined || active);
          published.set(finding.id, finding);
        }
      };
      for (const [index, step] of steps.entries()) {
        if (index === at && !isPut) await putLate();
        if (step === "restart") {
          store = await opened.restart();
        } else if ("reports" in step) {
          const events = step.reports.map((fields) => {
            const appId = fields.appId === "free" ? `free${runs}` : app;
            const eventId = fields.eventId && `${fields.event} ${fields.eventId}`;
            return event(++seq, { ...fields, eventId, appId, createdAt: base + fields.createdAt });
          });
          all.push(...events);
          await store.apply(await batchOf(events));
        } else {
          clock += (step.later * second) / 2 + 1;
          await project(step.raise, step.behind);
        }
      }
      clock += second / 4;
      if (!isPut) await putLate();
      await project(true);

      const model = modelOf(all, clock, app);
      const active = [...published.values()].filter(({ retractedAt }) => retractedAt === undefined);
      expect(active.map((f) => `${f.messageId} ${f.kind} ${f.stage} ${f.dueAt} ${f.lateBy}`).sort()).toEqual(
        model.findings,
      );
      expect(await storedOf(opened.url, app, runs)).toEqual(model);
      expect(await owedStored(opened.queries, app)).toEqual(owedModel(all, app));
      const { apps } = await opened.queries.apps({ limit: 1_000 });
      const theirs = apps.filter(
        ({ appId, events }) => events > 0 && (appId === app || appId === `free${runs}`),
      );
      expect(
        theirs.map(({ appId, lastEvent, lastEventAt }) => `${appId} ${lastEventAt} ${lastEvent}`),
      ).toEqual(lastOf(all));
    }),
    { numRuns: Number(process.env.MARS_TEST_RUNS ?? 20) },
  );
}, 600_000);

/** What the store has of an app, and of the one without a lifecycle beside it. */
async function storedOf(url: string, app: string, run: number): Promise<ReturnType<typeof modelOf>> {
  const client = createClient({ url });
  const read = async (sql: string) => {
    const { rows, columns } = await client.execute({
      sql,
      args: [app, `free${run}`].slice(0, sql.includes("?2") ? 2 : 1),
    });
    return rows.map((row) => columns.map((name) => row[name] as string | number));
  };
  const stages = "JOIN stages s ON s.id = t.stage JOIN apps a ON a.id = s.app AND a.app_id = ?1";
  const findings =
    await read(`SELECT m.message_id || ' ' || kind || ' ' || stage || ' ' || due_at || ' ' || late_by
    FROM findings f JOIN messages m ON m.id = f.message JOIN apps a ON a.id = f.app AND a.app_id = ?1
    WHERE retracted_at = 0`);
  const apps =
    await read(`SELECT app_id, events, open, overdue, complete, failed, abandoned, closed, untracked FROM apps
    WHERE app_id = ?1 OR (app_id = ?2 AND events > 0) ORDER BY app_id`);
  const funnel = await read(`SELECT s.stage || ' ' || span || ' ' || start || ' ' ||
      t.reached || ' ' || t.waiting || ' ' || t.overdue || ' ' || t.never
    FROM funnel t ${stages} WHERE t.reached + t.waiting + t.overdue + t.never <> 0`);
  const hops = await read(`SELECT s.stage, span, start, histogram FROM latencies t ${stages}`);
  const rates = await read(`SELECT app_id || ' ' || minute || ' ' || event || ' ' || count
    FROM rates r JOIN apps a ON a.id = r.app WHERE app_id = ?1 OR app_id = ?2`);
  client.close();
  return {
    findings: findings.flat().map(String).sort(),
    apps,
    funnel: funnel.flat().map(String).sort(),
    hops: hops
      .filter(([, , , text]) => text !== "")
      .map(([stage, span, start, text]) => `${stage} ${span} ${start} ${withoutExamples(String(text))}`)
      .sort(),
    rates: rates.flat().map(String).sort(),
  };
}

/** The same, from the set of events alone. */
function modelOf(all: readonly SequencedEvent[], clock: number, app: string) {
  const findings: string[] = [];
  const funnel = new Map<string, number[]>();
  const hops = new Map<string, Histogram>();
  const rates = new Map<string, number>();
  const apps = new Map<string, number[]>([[app, [0, ...shownStates.map(() => 0)]]]);
  for (const reports of Map.groupBy(all, ({ appId, messageId }) => `${appId} ${messageId}`).values()) {
    const set = foldReports(reports);
    const { appId, messageId } = reports[0]!;
    const counts = apps.get(appId) ?? [0, ...shownStates.map(() => 0)];
    apps.set(appId, counts);
    const count = (state: ShownState) => {
      counts[1 + shownStates.indexOf(state)]! += 1;
    };
    counts[0]! += set.length;
    for (const { event: name, createdAt } of set) {
      const key = `${appId} ${Math.floor(createdAt / (60 * second))} ${name}`;
      rates.set(key, (rates.get(key) ?? 0) + 1);
    }
    if (appId !== app) {
      count("untracked");
      continue;
    }
    const times = [...plan.slots.keys()].map((name) => naiveTime(naive, set, name) ?? null);
    const state = assess(plan, times, activeBy(clock));
    count(state.state);
    for (const { kind, stage, dueAt, lateBy } of naiveFindings(naive, set).filter((one) =>
      holdsAt(one, clock),
    )) {
      findings.push(`${messageId} ${kind} ${stage} ${dueAt} ${lateBy}`);
    }
    const openedAt = Math.min(...set.map(({ createdAt }) => createdAt));
    for (const span of [60, 3_600, 86_400]) {
      const start = Math.floor(openedAt / (span * second)) * span * second;
      for (const [name, column] of [
        ["", 0],
        ...state.stages.map(({ name, status }) => {
          const at =
            status === "done"
              ? 0
              : status === "overdue"
                ? 2
                : ["waiting", "pending"].includes(status)
                  ? 1
                  : 3;
          const ended = ["complete", "failed", "abandoned"].includes(state.state);
          return [name, at === 1 && ended ? 3 : at] as const;
        }),
      ] as const) {
        const key = `${name} ${span * second} ${start}`;
        const statuses = funnel.get(key) ?? [0, 0, 0, 0];
        statuses[column]! += 1;
        funnel.set(key, statuses);
      }
    }
    for (const { stage, reachedAt, took } of hopsOf(plan, times)) {
      for (const span of [60, 3_600, 86_400].map((seconds) => seconds * second)) {
        const key = `${plan.stages[stage]?.name ?? ""} ${span} ${Math.floor(reachedAt / span) * span}`;
        const histogram = hops.get(key) ?? new Histogram();
        histogram.add(took, 0);
        hops.set(key, histogram);
      }
    }
  }
  return {
    findings: findings.sort(),
    apps: [...apps].map(([id, counts]) => [id, ...counts]).sort(),
    funnel: [...funnel].map(([key, counts]) => `${key} ${counts.join(" ")}`).sort(),
    hops: [...hops].map(([key, histogram]) => `${key} ${withoutExamples(String(histogram))}`).sort(),
    rates: [...rates].map(([key, count]) => `${key} ${count}`).sort(),
  };
}

/** Which of a bucket's messages is its example is no count. */
function withoutExamples(histogram: string): string {
  return histogram.replaceAll(/:(\w+):\w+:(\w+)/g, ":$1:$2");
}

/** The last event of each app. */
function lastOf(all: readonly SequencedEvent[]): string[] {
  const sets = [...Map.groupBy(all, ({ appId, messageId }) => `${appId} ${messageId}`).values()].flatMap(
    foldReports,
  );
  return [...Map.groupBy(sets, ({ appId }) => appId)]
    .map(([appId, events]) => {
      const last = events.reduce((a, b) =>
        b.createdAt > a.createdAt || (b.createdAt === a.createdAt && b.event > a.event) ? b : a,
      );
      return `${appId} ${last.createdAt} ${last.event}`;
    })
    .sort();
}

/** Who owes what of each message, as it reads, and as its findings have it. */
async function owedStored({ get, findings }: TestStore["queries"], appId: string) {
  const found: Record<string, unknown> = {};
  for (const messageId of ["a", "b", "c", "d"]) {
    const { message } = await get({ appId, messageId });
    if (message === undefined) continue;
    found[messageId] = message.instance?.stages.slice(-2).map(({ owed }) => owed);
    const page = await findings({ appId, messageId, state: "any", order: "oldest", limit: 100 });
    for (const { stage, owed } of page.findings) {
      const index = ["ACKED", "COPIED"].indexOf(stage);
      expect(owed).toEqual(index < 0 ? undefined : (found[messageId] as Finding["owed"][])[index]);
    }
  }
  return found;
}

function owedModel(all: readonly SequencedEvent[], app: string) {
  const mine = Map.groupBy(
    all.filter(({ appId }) => appId === app),
    ({ messageId }) => messageId,
  );
  const owed = [...mine].map(([messageId, reports]) => {
    const set = foldReports(reports);
    return [messageId, ["ACKED", "COPIED"].map((name) => naiveOwed(naive, set, name))] as const;
  });
  return Object.fromEntries(owed);
}
