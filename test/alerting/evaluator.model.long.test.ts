/**
 * Random histories of trouble, silences, changes of rules and sinks, care for incidents, deliveries that fail or are sent again, and
 * crashes, on a clock of their own.
 * A naive model keeps what each receiver has been sent. In the end the last notification of each is true.
 */
import { expect, test } from "bun:test";
import { type CareChange, care } from "../../src/alerting/care.ts";
import { Evaluator } from "../../src/alerting/evaluator.ts";
import { type IncidentKey, incidentState } from "../../src/alerting/incident.ts";
import type { Notification } from "../../src/alerting/notification.ts";
import { ruleMatches } from "../../src/alerting/rule.ts";
import { rotated } from "../../src/alerting/sinks/rotation.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { MarsError } from "../../src/core/error.ts";
import { nowMicros } from "../../src/core/time.ts";
import { createLog } from "../../src/runtime/log.ts";
import { author } from "../support/caller.ts";
import { parseDefinition } from "../support/definition.ts";
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
  /** The apps of which a receiver has last been sent that something is wrong. */
  const open = new Map([...sent.keys()].map((receiver) => [receiver, new Set<string>()]));
  for (const [receiver, got] of sent) {
    for (const [id, all] of Map.groupBy(got.values(), ({ incident }) => incident.id)) {
      const changes = all.map(({ incident }) => incident.change);
      const types = all.map(({ type }) => type.replace("incident.", ""));
      const about = [`seed ${seed}, receiver ${receiver}, incident ${id}`, ...types].join(" ");
      // In order, and the end once: unless it took the place of another beginning that had not been delivered.
      expect([about, changes]).toEqual([about, changes.toSorted((x, y) => x - y)]);
      const twice = all.filter(
        ({ incident }, index) =>
          isEnd(types[index]) && isEnd(types[index - 1]) && incident.change === changes[index - 1]! + 1,
      );
      expect([about, twice]).toEqual([about, []]);
      for (const [index, type] of types.entries()) {
        if (type !== "acknowledged") continue;
        // Behind a beginning, and with no reminder until there is another.
        expect([about, index > 0 && !isEnd(types[index - 1])]).toEqual([about, true]);
        const next = types.indexOf("opened", index);
        const meanwhile = types.slice(index, next < 0 ? undefined : next);
        expect([about, meanwhile.includes("reminder")]).toEqual([about, false]);
      }
      const ended = isEnd(types.at(-1));
      // Who is no more of the rule's is not notified where it reopens.
      if (!ended) expect([about, active.has(id)]).toEqual([about, true]);
      if (ended) continue;
      open.get(receiver)!.add(placeOf(all.at(-1)!.incident));
      // Of an absence: that it goes on, which is looked at below.
      if (active.get(id)!.kind !== "missing") continue;
      // Something is wrong, and not much more than the receiver knows of.
      const { appId, figures } = all.findLast(({ type }) => type !== "incident.acknowledged")!.incident;
      const truth = stuck.get(appId)!.size;
      expect([about, truth > 0]).toEqual([about, true]);
      const rule = rules.find((one) => one.id === active.get(id)!.rule)!;
      // A sink that the rule did not name for a while may know less.
      if (rulePutAt.get(rule.id)! > all.at(-1)!.at) continue;
      if (rule.growAfterMs === 0 || !rule.sinks.some((sink) => leads.get(sink) === receiver)) continue;
      // It is too soon to notify again.
      if (clock - active.get(id)!.notifiedAt < rule.growAfterMs * 1_000) continue;
      const grown = truth >= figures.count * rule.growFactor && truth >= figures.count + rule.growAtLeast;
      expect([about, truth, figures.count, grown]).toEqual([about, truth, figures.count, false]);
    }
  }
  for (const incident of active.values()) {
    const about = `seed ${seed}, incident ${incident.id} of ${incident.rule}`;
    const rule = rules.find(({ id }) => id === incident.rule);
    expect([about, rule !== undefined && ruleMatches(rule, incident)]).toEqual([about, true]);
    for (const sink of rule!.sinks) {
      expect([about, sink, open.get(leads.get(sink)!)!.has(placeOf(incident))]).toEqual([about, sink, true]);
    }
    if (incident.kind === "missing")
      expect([about, stuck.get(incident.appId)!.size >= rule!.atLeast]).toEqual([about, true]);
    // Nothing has happened for longer than any window: no share is above its bound.
    expect([about, incident.kind === "share"]).toEqual([about, false]);
  }
  // And all that is waited for is absent.
  for (const { id, condition } of rules) {
    const absent = [...active.values()].some(({ rule, kind }) => rule === id && kind === "absence");
    expect([seed, id, absent]).toEqual([seed, id, condition?.type === "absence"]);
  }
}

/** Where rules share a sink, it is notified once of an app; each condition is a matter of its own. */
function placeOf({ kind, rule, appId }: IncidentKey): string {
  return kind === "missing" ? appId : `${appId} ${kind} ${rule}`;
}

function isEnd(type: string | undefined): boolean {
  return type === "resolved" || type === "closed";
}

const seeds = Number(process.env.MARS_ALERT_SEEDS ?? 6);
const first = Number(process.env.MARS_ALERT_SEED ?? 1);
for (let seed = first; seed < first + seeds; seed += 1) {
  test(`after any history the last notification of each receiver is true: ${seed}`, () => play(seed));
  test(`and so it is of rules with conditions: ${seed}`, () => play(seed, true));
}
