/**
 * Random histories of trouble, silences, changes of rules and sinks, care for incidents, deliveries that fail or are sent again, and
 * crashes, on a clock of their own.
 * A naive model keeps what each receiver has been sent. In the end the last notification of each is true.
 */
import { expect, test } from "bun:test";
import { type CareChange, care } from "../../src/alerting/care.ts";
import { Evaluator } from "../../src/alerting/evaluator.ts";
import { incidentState } from "../../src/alerting/incident.ts";
import type { Notification } from "../../src/alerting/notification.ts";
import { ruleMatches } from "../../src/alerting/rule.ts";
import { rotated } from "../../src/alerting/sinks/rotation.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { MarsError } from "../../src/core/error.ts";
import { nowMicros } from "../../src/core/time.ts";
import { createLog } from "../../src/runtime/log.ts";
import { author } from "../support/caller.ts";
import { parseDefinition } from "../support/definition.ts";
import { faultsOfLastWords, type Word } from "../support/last-words.ts";
import { mulberry32 } from "../support/random.ts";
import { batchOf, event, openStore } from "../support/store.ts";

const second = 1_000_000;
const apps = ["a", "b"];
const ruleIds = ["r0", "r1", "r2"];
const sinkIds = ["s0", "s1"];
const actions = 70;
const conditions = [
  { type: "share", above: 0.2 },
  { type: "share", above: 0.7 },
  { type: "absence", event: "A", for: "3s" },
  { type: "absence", event: "B", for: "10s" },
] as const;

interface Sent extends Notification {
  readonly incident: NonNullable<Notification["incident"]>;
}

/** @param measuring some rules have conditions */
async function play(seed: number, measuring = false): Promise<void> {
  using opened = await openStore();
  const { store, queries } = opened;
  const random = mulberry32(seed);
  const below = (max: number) => Math.floor(random() * max);
  const one = <T>(list: readonly T[]) => list[below(list.length)]!;
  const some = <T>(list: readonly T[]) => {
    const chosen = list.filter(() => random() < 0.6);
    return chosen.length === 0 ? [one(list)] : chosen;
  };

  let clock = nowMicros();
  let seq = 0;
  let findingSeq = 0;
  let messages = 0;
  const stuck = new Map(apps.map((app) => [app, new Set<string>()]));
  const down = new Set<string>();
  const silences = new Set<number>();
  /** By receiver, then by webhook-id: a receiver drops what it has had. */
  const sent = new Map<string, Map<string, Sent>>();
  /** Where each sink leads; every exchange is for a receiver of its own. */
  const leads = new Map<string, string>();
  const rulePutAt = new Map(ruleIds.map((id) => [id, clock]));

  /** Of commits: that it fails, or that only its answer is lost. */
  let fault: "before" | "after" | undefined;
  const start = () =>
    new Evaluator({
      store: {
        noteAlertLook: store.noteAlertLook,
        async commitAlerts(step) {
          const now = fault;
          fault = undefined;
          if (now === "before") throw new MarsError("unavailable", "the write failed");
          await store.commitAlerts(step);
          if (now === "after") throw new MarsError("unavailable", "the answer was lost");
        },
      },
      reader: queries,
      findings: queries,
      drift: async () => undefined,
      judge: async () => ({ judged: clock, pausedApps: [] }),
      now: () => clock,
      log: createLog("error"),
    });
  let evaluator = start();

  async function evaluate(): Promise<void> {
    try {
      await evaluator.step(findingSeq);
    } catch (thrown) {
      if (!MarsError.from(thrown).transient) throw thrown;
    }
  }

  async function report(name: string, app: string, ids: readonly string[]): Promise<void> {
    const events = ids.map((messageId, index) =>
      event(seq + 1 + index, { appId: app, messageId, event: name, createdAt: clock, receivedAt: clock }),
    );
    if (events.length === 0) return;
    await store.apply(await batchOf(events));
    seq += events.length;
    await project();
  }

  async function project(): Promise<void> {
    for (;;) {
      const step = await store.project({ upTo: seq, watermark: clock, raise: true });
      findingSeq = Math.max(findingSeq, step.findingSeq);
      if (step.done) return;
    }
  }

  /** One attempt at each sink that has something to get. A crash on its way sends it again. */
  async function deliver(): Promise<boolean> {
    const { due } = await queries.dueDeliveries(clock, []);
    for (const { id, sink, webhookId, notification, attempts } of due) {
      if (!("url" in sink) || notification.incident === undefined) throw new Error("another sink");
      const receiver = new URL(sink.url).pathname;
      const arrived = !down.has(receiver);
      if (arrived) {
        const got = sent.get(receiver)!;
        if (!got.has(webhookId)) got.set(webhookId, { ...notification, incident: notification.incident });
      }
      const outcome = arrived ? "delivered" : "failed";
      const attempt = { at: clock, durationMs: 1, outcome, status: 0, error: "", response: "" } as const;
      const state = arrived ? "delivered" : "pending";
      const nextAt = arrived ? 0 : clock + (1 + below(20)) * second;
      await store.recordAttempt({ delivery: id, number: attempts + 1, attempt, state, nextAt });
    }
    return due.length > 0;
  }

  /** @param same leads to the same receiver, with another token */
  async function putSink(id: string, same: boolean): Promise<void> {
    const receiver = (same ? leads.get(id) : undefined) ?? `/${sent.size}`;
    leads.set(id, receiver);
    if (!sent.has(receiver)) sent.set(receiver, new Map());
    const url = `http://127.0.0.1${receiver}`;
    // The second is a pager: it gets what people acknowledge. The secret of the first is rotated.
    const target =
      id === sinkIds[1]
        ? ({ type: "pagerduty", url, key: "x" } as const)
        : rotated(
            { type: "webhook", url: `${url}?${below(1_000)}`, secret: `x${below(3)}` },
            (await queries.alertSinks()).find((sink) => sink.id === id),
            { now: clock, overlapMs: 1 + below(20_000) },
          );
    await store.putAlertSink({ ...target, id }, author);
  }
  async function changed(): Promise<void> {
    evaluator.forget();
    if (random() < 0.7) await evaluate();
  }

  const doings: readonly (() => Promise<unknown>)[] = [
    async () => {
      const app = one(apps);
      const ids = Array.from({ length: 1 + below(8) }, () => `m${messages++}`);
      for (const id of ids) stuck.get(app)!.add(id);
      await report("A", app, ids);
    },
    async () => {
      const app = one(apps);
      const ids = [...stuck.get(app)!].filter(() => random() < 0.7);
      for (const id of ids) stuck.get(app)!.delete(id);
      await report("B", app, ids);
    },
    async () => {
      clock += 1 + below(8 * second);
    },
    async () => {
      const condition = measuring && random() < 0.6 ? one(conditions) : undefined;
      const counted = { at_least: 1 + below(4), window: `${1 + below(5)}s` };
      const fields = {
        id: one(ruleIds),
        ...(random() < 0.5 && { app_id: one([...apps, "other"]) }),
        // An absence goes by neither.
        ...(condition?.type !== "absence" && counted),
        repeat: random() < 0.5 ? "1m" : "off",
        grow_after: random() < 0.7 ? `${1 + below(4)}s` : "off",
        sinks: some(sinkIds),
        ...(condition !== undefined && { app_id: one(apps), condition }),
      };
      for (const id of fields.sinks) {
        if (!(await queries.alertSinks()).some((sink) => sink.id === id)) await putSink(id, false);
      }
      rulePutAt.set(fields.id, clock);
      await store.putAlertRule(ruleInput.parse(fields), author, clock);
      await changed();
    },
    async () => {
      await store.deleteAlertRule(one(ruleIds), author);
      await changed();
    },
    async () => {
      await putSink(one(sinkIds), random() < 0.3);
      await changed();
    },
    async () => {
      const id = one(sinkIds);
      if ((await queries.alertRules()).some(({ sinks }) => sinks.includes(id))) return;
      await store.deleteAlertSink(id, author);
      await changed();
    },
    async () => {
      const match = random() < 0.5 ? { appId: one(apps) } : { rule: one(ruleIds) };
      const until = clock + (1 + below(30)) * second;
      silences.add(await store.addAlertSilence({ ...match, until, createdAt: clock, comment: "" }, author));
      await changed();
    },
    async () => {
      const receiver = one([...sent.keys()]);
      if (!down.delete(receiver)) down.add(receiver);
    },
    async () => {
      const { incidents } = await queries.alertIncidents({ state: "active", limit: 100 });
      if (incidents.length === 0) return;
      const change: CareChange =
        random() < 0.6 ? { type: "acknowledge" } : { type: "snooze", until: clock + below(30) * second };
      await care(one(incidents).id, change, {
        ...{ store, reader: queries, measured: () => undefined, clock: { judged: clock }, by: author },
      });
      await changed();
    },
    async () => {
      const { deliveries } = await queries.alertDeliveries({ limit: 100 });
      if (deliveries.length === 0) return;
      try {
        await store.redeliver(one(deliveries).id, false, author);
      } catch (thrown) {
        // It is out of date, or its sink is gone.
        if (MarsError.from(thrown).code !== "invalid_argument") throw thrown;
      }
    },
    async () => {
      evaluator = start();
    },
    async () => {
      fault = random() < 0.5 ? "before" : "after";
    },
  ];
  // What leads to incidents is more frequent than what ends them.
  const frequent = [0, 0, 0, 1, 2, 2, 2, 3, 3].map((index) => doings[index]!);

  async function raisedByApp() {
    const page = await queries.findings({ kind: "missing", state: "any", order: "oldest", limit: 1_000 });
    const times = Map.groupBy(page.findings, ({ appId }) => appId);
    return new Map(
      [...times].map(([app, all]) => [
        app,
        all.map(({ raisedAt, retractedAt }) => ({ at: raisedAt, stuck: retractedAt === undefined })),
      ]),
    );
  }

  for (const id of ruleIds) {
    for (const sink of sinkIds) await putSink(sink, true);
    await store.putAlertRule(ruleInput.parse({ id, sinks: some(sinkIds), window: "1s" }), author, clock);
  }
  for (const app of apps) {
    await store.putLifecycle(
      app,
      parseDefinition({
        stages: [{ event: "A" }, { event: "B", within: "1ms" }],
        complete_on: ["B"],
        grace: "0s",
      }),
    );
  }
  for (let done = 0; done < actions; done += 1) {
    await one(random() < 0.6 ? frequent : doings)();
    clock += below(2 * second);
    await project();
    if (random() < 0.7) await evaluate();
    if (random() < 0.7) await deliver();
  }

  // Everything is well again, and time passes until nothing is due.
  fault = undefined;
  down.clear();
  for (const id of silences) await store.deleteAlertSilence(id);
  evaluator.forget();
  for (let round = 0; round < 12; round += 1) {
    clock += 11 * second;
    await project();
    await evaluate();
    while (await deliver());
  }

  const { incidents } = await queries.alertIncidents({ state: "any", limit: 1_000 });
  const active = new Map(incidents.filter((i) => incidentState(i) === "active").map((i) => [i.id, i]));
  const rules = await queries.alertRules();
  const faults = faultsOfLastWords({
    words: new Map([...sent].map(([receiver, got]) => [receiver, [...got.values()].map(wordOf)])),
    active: [...active.values()],
    rules: rules.map((rule) => ({ ...rule, putAt: rulePutAt.get(rule.id)! })),
    leads,
    stuck: new Map([...stuck].map(([app, ids]) => [app, ids.size])),
    raised: await raisedByApp(),
    isTooSoon: (id, growAfterMs) => clock - active.get(id)!.notifiedAt < growAfterMs * 1_000,
  });
  expect([seed, faults]).toEqual([seed, []]);
  for (const incident of active.values()) {
    const rule = rules.find(({ id }) => id === incident.rule)!;
    expect([seed, incident.id, ruleMatches(rule, incident)]).toEqual([seed, incident.id, true]);
    // Nothing has happened for longer than any window: no share is above its bound.
    expect([seed, incident.id, incident.kind === "share"]).toEqual([seed, incident.id, false]);
  }
  // And all that is waited for is absent.
  for (const { id, condition } of rules) {
    const absent = [...active.values()].some(({ rule, kind }) => rule === id && kind === "absence");
    expect([seed, id, absent]).toEqual([seed, id, condition?.type === "absence"]);
  }
}

function wordOf({ type, at, incident }: Sent): Word {
  const { id, change, rule, appId, kind, figures } = incident;
  return {
    ...{ type: type.replace("incident.", ""), incident: id, change, rule, appId, kind },
    ...{ count: figures.count, at },
  };
}

const seeds = Number(process.env.MARS_ALERT_SEEDS ?? 6);
const first = Number(process.env.MARS_ALERT_SEED ?? 1);
for (let seed = first; seed < first + seeds; seed += 1) {
  test(`after any history the last notification of each receiver is true: ${seed}`, () => play(seed));
  test(`and so it is of rules with conditions: ${seed}`, () => play(seed, true));
}
