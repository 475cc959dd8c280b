/**
 * Everything at once, against the naive model of all messages: random lifecycles that change and are followed back, journeys,
 * children, acknowledgements, runs, triage; in any order and batches, with crashes. `MARS_TEST_SEEDS=from,count` for others.
 */
import { expect, test } from "bun:test";
import type { SequencedEvent } from "../../src/core/event.ts";
import { shownStates } from "../../src/core/state.ts";
import type { Definition } from "../../src/lifecycle/definition.ts";
import type { Finding } from "../../src/lifecycle/finding.ts";
import { triageActions } from "../../src/lifecycle/triage.ts";
import { author } from "../support/caller.ts";
import { parseDefinition } from "../support/definition.ts";
import { naiveLifecycle } from "../support/naive-lifecycle.ts";
import { type NaiveMark, type NaiveMessage, type NaiveReport, naiveWorld } from "../support/naive-world.ts";
import { mulberry32 } from "../support/random.ts";
import { type FollowedApp, followedApps, RandomWorld, worldApps } from "../support/random-world.ts";
import { batchOf, event, openStore, type TestStore } from "../support/store.ts";

const second = 1_000_000;
const hour = 3_600 * second;
const stories = 9;
const steps = 45;
const statuses = { acknowledge: "acknowledged", resolve: "resolved", ignore: "ignored" } as const;

interface Version {
  readonly afterSeq: number;
  readonly definition: Definition | undefined;
  /** It follows what was stored before. */
  readonly backfilled: boolean;
}

async function play(seed: number): Promise<void> {
  using opened = await openStore();
  let store = opened.store;
  const world = new RandomWorld(mulberry32(seed), { unitMs: 1_000, aheadBy: hour });
  let clock = 1_000 * second;
  const all: SequencedEvent[] = [];
  const pending: NaiveReport[] = [];
  const versions = new Map<string, Version[]>(followedApps.map((app) => [app, []]));
  const known = new Map<number, Finding>();
  /** By finding. */
  const marks = new Map<number, Omit<NaiveMark, "run">>();

  const project = async (raise: boolean, behind = 0) => {
    const target = { upTo: Math.max(0, all.length - behind), watermark: clock, raise: raise && behind === 0 };
    for (;;) {
      const step = await store.project(target);
      expect(step.aside).toBeUndefined();
      for (const finding of step.findings) known.set(finding.id, finding);
      if (step.done && (step.backfill === undefined || step.backfill.ended || !target.raise)) return;
    }
  };
  const put = async (app: FollowedApp) => {
    const definition = world.chance(0.12) ? undefined : parseDefinition(world.lifecycle(app));
    const list = versions.get(app)!;
    const last = list.at(-1)?.definition;
    if (JSON.stringify(definition) === JSON.stringify(last)) return;
    const backfilled = definition !== undefined && world.chance(0.4);
    const request = backfilled ? { since: Number.MIN_SAFE_INTEGER, of: all.length } : undefined;
    await store.putLifecycle(app, definition, all.length, author, undefined, request);
    list.push({ afterSeq: all.length, definition, backfilled });
    // A later version would end it.
    if (backfilled) await project(true);
  };
  const receive = async (reports: readonly NaiveReport[]) => {
    if (reports.length === 0) return;
    const events = reports.map((fields) => {
      const ahead = fields.createdAt - clock > hour / 2 && { aheadBy: fields.createdAt - clock };
      return event(all.length + 1, { ...fields, receivedAt: clock, ...ahead, seq: undefined! });
    });
    const batch = events.map((one, index) => ({ ...one, seq: all.length + 1 + index }));
    all.push(...batch);
    await store.apply(await batchOf(batch));
  };
  const triage = async () => {
    await project(false);
    const active = [...known.values()].filter(
      (one) => one.retractedAt === undefined || one.mark !== undefined,
    );
    if (active.length === 0) return;
    const { appId, messageId, id } = world.pick(active);
    const action = world.pick(triageActions);
    const until = action === "ignore" && world.chance(0.4) ? ("always" as const) : undefined;
    const change = { action, ...(until && { until }) };
    const selection = world.chance(0.5) ? { finding: id } : { appId, messageId };
    const { findings } = await opened.queries.triageFindings({ ...selection, change });
    await store.markFindings(
      findings.map((one) => one.id),
      change,
      { target: "test", appId, selection: {} },
      author,
    );
    for (const { id: of, kind, stage, dueAt, changes } of findings) {
      if (!changes) continue;
      if (action === "clear") marks.delete(of);
      else marks.set(of, { kind, stage, status: statuses[action], dueAt, until: until ?? "recurs" });
    }
    await project(false);
  };

  for (const app of followedApps) if (world.chance(0.85)) await put(app);
  let base = clock;
  for (let n = 0; n < stories; n++) {
    pending.push(...world.story(base));
    base += world.below(2 * second);
  }
  const total = pending.length;
  pending.sort((a, b) => a.createdAt - b.createdAt);
  for (let n = 0; n < steps; n++) {
    const doing = world.below(20);
    if (doing < 9) {
      const batch = pending.splice(0, 1 + world.below((2 * total) / steps + 3));
      // Some come late, some never in this order.
      if (world.chance(0.25))
        pending.splice(world.below(pending.length), 0, ...batch.splice(0, batch.length / 3));
      await receive(world.shuffle(batch));
    } else if (doing < 14) {
      clock += world.below(3 * second);
      await project(world.chance(0.8), world.pick([0, 0, 0, 2, 7]));
    } else if (doing < 17) await triage();
    else if (doing < 19) await put(world.pick(followedApps));
    else store = await opened.restart();
  }
  await receive(world.shuffle(pending));
  await project(true);
  clock += world.chance(0.5) ? 100 * second : 2 * second;
  await project(true);

  const { findings } = await opened.queries.findings({
    state: "any",
    triage: "any",
    order: "oldest",
    limit: 1_000,
  });
  const runOf = new Map(findings.map(({ id, run }) => [id, run]));
  const shown = await messagesOf(opened);
  const model = naiveWorld(all, {
    clock,
    lifecycleOf(appId, messageId) {
      const list = versions.get(appId) ?? [];
      const first = all.find((one) => one.appId === appId && one.messageId === messageId)!.seq;
      const natural = list.findLastIndex(({ afterSeq }) => afterSeq < first);
      const later = list.findLastIndex(({ afterSeq, backfilled }) => backfilled && afterSeq >= first);
      const wanted = Math.max(natural, later);
      expect([appId, messageId, shown.get(`${appId} ${messageId}`)?.version]).toEqual([
        ...[appId, messageId],
        list[wanted]?.definition && wanted + 1,
      ]);
      const definition = list[wanted]?.definition;
      return definition && naiveLifecycle(definition);
    },
    marksOf: (appId, messageId) =>
      [...marks].flatMap(([id, mark]) => {
        const finding = known.get(id)!;
        const mine = finding.appId === appId && finding.messageId === messageId;
        return mine ? [{ ...mark, run: runOf.get(id)! }] : [];
      }),
  });
  const holding = findings.filter(
    ({ retractedAt, endedBy }) =>
      retractedAt === undefined || endedBy === "resolved" || endedBy === "ignored",
  );
  expect(holding.map(textOf).sort()).toEqual(
    model
      .flatMap(({ appId, messageId, findings: found }) =>
        found.map((one) => textOf({ ...one, appId, messageId, mark: one.mark && { status: one.mark } })),
      )
      .sort(),
  );
  expect(
    new Set(
      findings.map(({ appId, messageId, run, kind, stage, retractedAt }) =>
        JSON.stringify([appId, messageId, run, kind, stage, retractedAt === undefined]),
      ),
    ).size,
  ).toBe(findings.length);
  for (const one of model) {
    const { appId, messageId } = one;
    expect([appId, messageId, shown.get(`${appId} ${messageId}`)?.shown]).toEqual([
      ...[appId, messageId],
      shownModel(one),
    ]);
  }
  expect(await countsOf(opened, clock)).toEqual(countsModel(model));
}

function textOf(one: {
  readonly appId: string;
  readonly messageId: string;
  readonly run: number;
  readonly kind: string;
  readonly stage: string;
  readonly dueAt: number;
  readonly lateBy: number;
  readonly endedBy?: string;
  readonly mark?: { readonly status: string } | undefined;
}): string {
  const { appId, messageId, run, kind, stage, dueAt, lateBy, endedBy = "-", mark } = one;
  return [appId, messageId, run, kind, stage, dueAt, lateBy, endedBy, mark?.status ?? "-"].join(" ");
}

/** Every message as it reads. */
async function messagesOf({ queries }: TestStore) {
  const { messages } = await queries.list({ order: "oldest", limit: 1_000 });
  const found = new Map<string, { readonly version: number | undefined; readonly shown: unknown }>();
  for (const { appId, messageId, state, overdueSince } of messages) {
    const { message } = await queries.get({ appId, messageId });
    const { instance, events } = message!;
    expect([message!.state, message!.overdueSince]).toEqual([state, overdueSince]);
    const current = instance && { number: instance.run, state: instance.state, stages: instance.stages };
    const runs = instance?.runs ?? (current === undefined ? [] : [current]);
    found.set(`${appId} ${messageId}`, {
      version: instance?.version,
      shown: {
        state,
        overdueSince,
        events: events.map((one) => `${one.event} ${one.createdAt} ${one.run ?? 1}`).sort(),
        runs: runs.map(({ number, state: ended, stages }) => [
          ...[number, ended],
          stages.map(({ name, doneAt, dueAt, owed }) => [
            ...[name, doneAt, dueAt],
            owed && { ...owed, missing: owed.missing.toSorted() },
          ]),
        ]),
      },
    });
  }
  return found;
}

function shownModel({ state, overdueSince, events, runs }: NaiveMessage) {
  const claimed = ({ createdAt, aheadBy = 0 }: NaiveReport) => createdAt + aheadBy;
  return {
    state,
    overdueSince,
    events: events
      .map((one) => {
        const run = runs.find((of) => of.events.includes(one))?.number ?? 1;
        return `${one.event} ${claimed(one)} ${run}`;
      })
      .sort(),
    runs: runs.map(({ number, state: ended, stages }) => [
      ...[number, ended],
      stages.map(({ name, done, due, owed }) => [name, done, due, owed]),
    ]),
  };
}

async function countsOf({ queries }: TestStore, clock: number) {
  const { apps } = await queries.apps({ limit: 100 });
  const { groups } = await queries.overdueGroups({ triage: "any", newSince: clock, clock, limit: 100 });
  return {
    apps: withMessages(apps.map(({ appId, messages: { expired: _, ...counts } }) => [appId, counts])),
    groups: groups
      .map(({ appId, stage, total, acknowledged, longest }) =>
        [appId, stage, total, acknowledged, longest?.dueAt].join(" "),
      )
      .sort(),
  };
}

function countsModel(model: readonly NaiveMessage[]) {
  const none = Object.fromEntries(shownStates.map((state) => [state, 0]));
  const apps = Object.fromEntries(worldApps.map((app) => [app, { ...none }]));
  for (const { appId, state } of model) apps[appId]![state]! += 1;
  const missing = model.flatMap(({ appId, findings }) =>
    findings
      .filter(({ kind, endedBy }) => kind === "missing" && endedBy === undefined)
      .map((one) => ({ ...one, appId })),
  );
  const groups = Map.groupBy(missing, ({ appId, stage }) => `${appId} ${stage}`);
  return {
    apps: withMessages(Object.entries(apps)),
    groups: [...groups]
      .map(([name, found]) => {
        const acknowledged = found.filter(({ mark }) => mark === "acknowledged").length;
        return [name, found.length, acknowledged, Math.min(...found.map(({ dueAt }) => dueAt))].join(" ");
      })
      .sort(),
  };
}

function withMessages(apps: readonly (readonly [string, Readonly<Record<string, number>>])[]) {
  return Object.fromEntries(apps.filter(([, counts]) => Object.values(counts).some((count) => count > 0)));
}

const [from = 1, count = 8] = (process.env.MARS_TEST_SEEDS ?? "").split(",").filter(Boolean).map(Number);

for (let seed = from; seed < from + count; seed++) {
  test(
    `all that Mars promises of messages holds after a random history (seed ${seed})`,
    () => play(seed),
    60_000,
  );
}
