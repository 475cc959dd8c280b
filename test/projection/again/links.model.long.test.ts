/**
 * Stages that events of other apps make, against a naive model: random journeys over three apps, with external ids that are learnt late,
 * repeats, batches and restarts. After each step of the projector exactly what the model says is found.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import { parseDefinition } from "../../support/definition.ts";
import { type NaiveLifecycle, naiveLifecycle } from "../../support/naive-lifecycle.ts";
import { naiveWorld } from "../../support/naive-world.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const ms = 1_000;

/** Each names the events of the other, and both those of `stock`, which has no lifecycle. */
const shop = {
  stages: [
    { event: "A" },
    { app: "pay", event: "B", after: "A", within: "5ms" },
    { event: "C", after: "pay/B", within: "4ms" },
    { app: "stock", any_of: ["D", "E"], after: "A", within: "9ms", optional: false },
  ],
  complete_on: ["C", "stock/E"],
  fail_on: ["X"],
  grace: "1ms",
};
const pay = {
  stages: [
    { event: "B" },
    { app: "shop", event: "A", after: "B", within: "3ms" },
    { app: "stock", event: "D", after: "shop/A", within: "3ms" },
    { app: "stock", event: "X", optional: true },
  ],
  complete_on: ["stock/D"],
  fail_on: ["stock/X"],
  grace: "0s",
  journey_by: "message_id",
};
const naive: Readonly<Record<string, NaiveLifecycle>> = {
  shop: naiveLifecycle(parseDefinition(shop)),
  pay: naiveLifecycle(parseDefinition(pay)),
};

const report = fc.record({
  appId: fc.constantFrom("shop", "pay", "stock"),
  // Names of journeys, too: messages of `pay` belong to those of their ids.
  messageId: fc.constantFrom("m1", "m2", "j1"),
  event: fc.constantFrom("A", "B", "C", "D", "E", "X", "pay/B", "stock/D"),
  createdAt: fc.integer({ min: 0, max: 12 }).map((at) => at * ms),
  externalId: fc.constantFrom("", "", "j1", "j2", "m1"),
  eventId: fc.constantFrom("", "", "e1"),
});
const step = fc.record({
  reports: fc.array(report, { minLength: 1, maxLength: 6 }),
  /** The watermark moves on by so much. */
  later: fc.integer({ min: 0, max: 6 }).map((by) => by * ms),
  restart: fc.boolean(),
});

/** A repeat takes the order, which was called overdue, to the journey in which it was paid; no new event is stored by it. */
const repeated = (externalId: string) => {
  return { appId: "shop", messageId: "m1", event: "A", createdAt: 0, externalId, eventId: "e1" };
};
const paid = { appId: "pay", messageId: "m2", event: "B", createdAt: ms, externalId: "j1", eventId: "" };
const changedByRepeat = [
  { reports: [repeated("j2"), paid], later: 6 * ms, restart: false },
  { reports: [{ ...paid, appId: "stock", messageId: "m1", event: "X" }], later: 6 * ms, restart: false },
  { reports: [repeated("j1")], later: 0, restart: false },
];

test("what is missing by events of other apps is found exactly, in any order and at any time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      using opened = await openStore();
      let { store } = opened;
      await store.putLifecycle("shop", parseDefinition(shop));
      await store.putLifecycle("pay", parseDefinition(pay));
      const all: SequencedEvent[] = [];
      const raised = new Map<number, number>();
      // What has happened is found at once, which is a microsecond after the beginning of time.
      let watermark = 2;
      for (const { reports, later, restart } of steps) {
        const batch = reports.map((one, index) => event(all.length + 1 + index, one));
        all.push(...batch);
        watermark += later;
        await store.apply(await batchOf(batch));
        if (restart) store = await opened.restart();
        const changes = await projectAll(store, all.length, watermark);
        for (const { id, retractedAt } of changes) {
          if (retractedAt === undefined) raised.set(id, (raised.get(id) ?? 0) + 1);
        }
        const { findings } = await opened.queries.findings({ state: "current", order: "oldest", limit: 100 });
        const found = findings.map(({ appId, messageId, kind, stage, dueAt, lateBy }) => {
          return [appId, messageId, kind, stage, dueAt, lateBy].join(" ");
        });
        expect(found.sort()).toEqual(expectedOf(all, watermark));
        for (const appId of ["shop", "pay"]) {
          for (const messageId of ["m1", "m2", "j1"]) {
            const { message } = await opened.queries.get({ appId, messageId });
            const { messages } = await opened.queries.list({ appId, messageId, order: "newest", limit: 1 });
            expect(messages.map(({ state }) => state)).toEqual(message === undefined ? [] : [message.state]);
          }
        }
      }
    }),
    { numRuns: 25, examples: [[changedByRepeat]] },
  );
}, 120_000);

function expectedOf(all: readonly SequencedEvent[], clock: number): string[] {
  const lifecycleOf = (appId: string) => naive[appId];
  const found = naiveWorld(all, { lifecycleOf, marksOf: () => [], clock }).flatMap(
    ({ appId, messageId, findings }) =>
      findings.map(({ kind, stage, dueAt, lateBy }) =>
        [appId, messageId, kind, stage, dueAt, lateBy].join(" "),
      ),
  );
  return found.sort();
}
