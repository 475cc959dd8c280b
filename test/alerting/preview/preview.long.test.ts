/** A preview sends what the evaluator sent: random histories, on a clock of their own, decided by both. */
import { expect, test } from "bun:test";
import { Evaluator } from "../../../src/alerting/evaluator.ts";
import type { Notification } from "../../../src/alerting/notification.ts";
import { ruleInput } from "../../../src/api/alert-rules.ts";
import { MarsError } from "../../../src/core/error.ts";
import { nowMicros } from "../../../src/core/time.ts";
import { createPreviews } from "../../../src/db/alerts/previews.ts";
import { ReadConnection } from "../../../src/db/read-connection.ts";
import { createLog } from "../../../src/runtime/log.ts";
import { author } from "../../support/caller.ts";
import { parseDefinition } from "../../support/definition.ts";
import { mulberry32 } from "../../support/random.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const second = 1_000_000;
const minute = 60 * second;

const drift = async () => undefined;

const rules = [
  { window: "5s" },
  { at_least: 3, window: "10s", grow_after: "5s" },
  { at_least: 2, window: "2m", grow_factor: 100, grow_after: "8s" },
  { kinds: ["late", "missing"], window: "3s", repeat: "1m" },
  { condition: { type: "share", above: 0.3 }, window: "1m", at_least: 2 },
  { condition: { type: "latency", percentile: 90, above: "2s" }, window: "2m", at_least: 3 },
] as const;

/** Messages that get stuck and come, and the rule's evaluator in the meantime. */
async function play(seed: number, fields: object): Promise<void> {
  using opened = await openStore();
  const { store, queries, url } = opened;
  const random = mulberry32(seed);
  // At the beginning of a minute, by which hops are counted.
  let clock = Math.floor(nowMicros() / minute) * minute - 30 * minute;
  const since = clock;
  const byMinute = "condition" in fields;
  const rule = ruleInput.parse({ id: "r", app_id: "app", sinks: ["s"], ...fields });
  await store.putAlertSink({ id: "s", type: "webhook", url: "http://127.0.0.1/", secret: "" }, author);
  await store.putAlertRule(rule, author, clock);
  const stages = [{ event: "A" }, { event: "B", within: "1s" }];
  await store.putLifecycle("app", parseDefinition({ stages, complete_on: ["B"], grace: "0s" }));
  const sent: Notification[] = [];
  const evaluator = new Evaluator({
    ...{ reader: queries, findings: queries, log: createLog("error") },
    store: {
      ...store,
      async commitAlerts(one) {
        sent.push(...one.deliveries.map(({ notification }) => notification));
        await store.commitAlerts(one);
      },
    },
    drift,
    judge: async () => ({ judged: clock, pausedApps: [] }),
    now: () => clock,
  });
  let [seq, findingSeq, messages, nextAt] = [0, 0, 0, since];
  const step = async () => {
    ({ nextAt = Number.POSITIVE_INFINITY } = await evaluator.step(findingSeq));
  };
  const wait = async (to: number) => {
    while (Math.max(nextAt, clock + 1_000) <= to) {
      clock = Math.max(nextAt, clock + 1_000);
      await step();
    }
    clock = to;
  };
  const project = async () => {
    for (let done = false; !done; ) {
      const projected = await store.project({ upTo: seq, watermark: clock, raise: true });
      findingSeq = Math.max(findingSeq, projected.findingSeq);
      ({ done } = projected);
    }
  };
  const stuck = new Set<string>();
  await step();
  for (let action = 0; action < 40; action += 1) {
    await wait(clock + (1 + Math.floor(random() * 8)) * second);
    const news = Array.from({ length: Math.floor(random() * 5) }, () => `m${messages++}`);
    const come = [...stuck].filter(() => random() < 0.4);
    const at = { createdAt: clock, receivedAt: clock };
    const events = [
      ...news.map((messageId) => ({ ...at, messageId, event: "A" })),
      ...come.map((messageId) => ({ ...at, messageId, event: "B" })),
    ].map((one, index) => event(seq + 1 + index, one));
    for (const id of news) stuck.add(id);
    for (const id of come) stuck.delete(id);
    if (events.length > 0) await store.apply(await batchOf(events));
    seq += events.length;
    const before = findingSeq;
    await project();
    if (findingSeq === before) continue;
    // As the loop does: what changed is looked at a round later.
    await wait(clock + 100_000);
    await step();
  }
  await wait(clock + 5 * minute);

  const connection = new ReadConnection({ url, authToken: "", timeoutMs: 1_000 });
  const previewed = await createPreviews(connection, { check: () => undefined, drift })(rule, {
    since,
    until: clock,
  });
  connection.close();
  // What was normal then is not known, and of hops only whole minutes are.
  const about = ({ at, type, text }: { at: number; type: string; text: string }) =>
    byMinute ? type : `${(at - since) / second} ${type} ${text.replace(/, normally within [^,]*/, "")}`;
  // Near the bound a minute more or less makes a difference: but the first one is the same.
  const compared = byMinute ? 1 : sent.length + 1;
  const shown = previewed.notifications.slice(0, compared);
  expect(shown.map(about)).toEqual(sent.slice(0, compared).map(about));
  for (const [index, { at }] of shown.entries()) {
    expect(Math.abs(at - sent[index]!.at)).toBeLessThanOrEqual(byMinute ? 2 * minute : 0);
  }
  expect(previewed).toMatchObject({ partial: false, since, until: clock });
  if (!byMinute) expect(previewed.count).toBe(sent.length);
  expect(sent.length).toBeGreaterThan(0);
}

for (const [index, fields] of rules.entries()) {
  for (const seed of [1, 2]) {
    test(`a preview of ${JSON.stringify(fields)} is what was sent: ${seed}`, () =>
      play(10 * index + seed, fields));
  }
}

test("a preview decides about what opened just before its end", async () => {
  using opened = await openStore();
  const { store } = opened;
  const stages = [{ event: "A" }, { event: "B", within: "1s" }];
  await store.putLifecycle("app", parseDefinition({ stages, complete_on: ["B"], grace: "0s" }));
  const clock = nowMicros();
  const createdAt = clock - 2 * second;
  await store.apply(
    await batchOf([event(1, { appId: "app", event: "A", createdAt, receivedAt: createdAt })]),
  );
  await store.project({ upTo: 1, watermark: clock, raise: true });
  const connection = new ReadConnection({ url: opened.url, authToken: "", timeoutMs: 1_000 });
  const previews = createPreviews(connection, { check: () => undefined, drift });
  const window = { since: clock - minute, until: clock + 200_000 };
  const previewed = await previews(ruleInput.parse({ id: "r", sinks: ["s"] }), window);
  expect(previewed).toMatchObject({ ...window, incidents: 1, count: 1, partial: false });
  connection.close();
});

test("a preview ends when it is to", async () => {
  using opened = await openStore();
  const connection = new ReadConnection({ url: opened.url, authToken: "", timeoutMs: 1_000 });
  const stop = () => {
    throw new MarsError("deadline_exceeded", "the run was stopped");
  };
  const rule = ruleInput.parse({ id: "r", sinks: ["s"] });
  const run = createPreviews(connection, { check: stop, drift })(rule, { since: 0, until: nowMicros() });
  expect(await run.catch((error: MarsError) => error.code)).toBe("deadline_exceeded");
  connection.close();
});

test("a preview of a rule that could not be put is refused: its calendar is not there", async () => {
  using opened = await openStore();
  const connection = new ReadConnection({ url: opened.url, authToken: "", timeoutMs: 1_000 });
  const hours = [{ days: ["mon"], from: "08:00", to: "18:00" }];
  const schedule = { time_zone: "Europe/Berlin", calendar: "none", hours };
  const rule = ruleInput.parse({ id: "r", sinks: ["s"], schedule });
  const run = createPreviews(connection, { check: () => undefined, drift })(rule, {
    since: 0,
    until: nowMicros(),
  });
  expect(await run.catch((error: MarsError) => error.problems)).toEqual([
    { field: "rule.schedule.calendar", message: "must be an existing calendar, is none" },
  ]);
  connection.close();
});
