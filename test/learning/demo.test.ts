/** Learning from the demo's traffic, which was not made for it, beside the lifecycles that the demo puts. */
import { describe, expect, test } from "bun:test";
import { demoApps, lifecycleOf } from "../../src/demo/apps.ts";
import { Traffic } from "../../src/demo/traffic.ts";
import { DryRun, type DryRunResult } from "../../src/learning/dry-run.ts";
import type { MessageHistory } from "../../src/learning/history.ts";
import { learn } from "../../src/learning/learn.ts";
import { Sample } from "../../src/learning/sample.ts";
import type { Definition } from "../../src/lifecycle/definition.ts";
import { parseDefinition } from "../support/definition.ts";

const startMs = Date.UTC(2026, 0, 31, 18);

interface Seen {
  readonly event: string;
  readonly at: number;
  readonly receivedAt: number;
}

/** The messages of a day, by app, the latest first. */
function day(seed: number): ReadonlyMap<string, readonly MessageHistory[]> {
  const traffic = new Traffic({
    ...{ seed, run: "day", prefix: "", startMs, days: 1 },
    ...{ ordersPerDay: 4_000, liveRate: 0.8 },
  });
  const apps = new Map<string, Map<string, Map<string, Seen>>>();
  const within = <Value>(map: Map<string, Map<string, Value>>, key: string) =>
    map.get(key) ?? map.set(key, new Map()).get(key)!;
  for (let batch = traffic.take(startMs); batch.length > 0; batch = traffic.take(startMs)) {
    for (const { app_id, message_id, event, created_at } of batch) {
      const seen = within(within(apps as never, app_id) as never, message_id) as Map<string, Seen>;
      const at = Date.parse(created_at) * 1_000;
      if (!(seen.get(event)! && seen.get(event)!.at <= at))
        seen.set(event, { event, at, receivedAt: startMs * 1_000 });
    }
  }
  return new Map(
    [...apps].map(([app, messages]) => {
      const histories = [...messages].map(([messageId, seen]) => {
        const events = [...seen.values()].sort((a, b) => a.at - b.at);
        return { messageId, createdAt: events[0]!.at, events };
      });
      return [app, histories.sort((a, b) => b.createdAt - a.createdAt)];
    }),
  );
}

function tryOn(histories: readonly MessageHistory[], definition: Definition): DryRunResult {
  const run = new DryRun(definition, startMs * 1_000);
  for (const history of histories) run.add(history);
  return run.result();
}

/** By these each kind of failure comes at least six times a day: fewer than three show nothing. */
const seeds = [1, 3];

for (const seed of seeds) {
  const apps = day(seed);
  describe(`what is learned finds each failure, and no more overdue than the true lifecycle (seed ${seed}):`, () => {
    for (const app of demoApps) {
      test(app.appId, async () => {
        const histories = apps.get(app.appId)!;
        const sample = new Sample();
        for (const history of histories) sample.add(history);
        const { definition, stages } = await learn(sample, { until: startMs * 1_000 });
        const truth = parseDefinition(lifecycleOf(app));
        const [learned, known] = [definition!, truth].map((one) => tryOn(histories, one).states);
        expect(definition!.failOn.toSorted()).toEqual(truth.failOn.toSorted());
        expect(definition!.completeOn.toSorted()).toEqual(truth.completeOn.toSorted());
        expect(learned!.failed).toBe(known!.failed);
        expect(known!.overdue).toBeGreaterThan(20);
        expect(learned!.overdue).toBeLessThanOrEqual(known!.overdue);
        // They are not optional for want of messages that reached them.
        expect(learned!.overdue).toBeGreaterThan(0);
        const optional = (one: Definition) =>
          one.stages.filter((stage) => stage.optional).map(({ events }) => events);
        expect(optional(definition!)).toEqual(optional(truth));
        for (const { deadline } of stages) expect(deadline?.raised ?? 0).toBeLessThanOrEqual(0.001);
      });
    }
  });
}
