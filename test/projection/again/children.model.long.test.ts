/**
 * Stages that children make, against a naive model: random trees of messages, whose parents are learnt late, with repeats, batches and
 * restarts. After each step of the projector exactly what the model says is found.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import { parseDefinition } from "../../support/definition.ts";
import { naiveLifecycle } from "../../support/naive-lifecycle.ts";
import { type NaiveFound, naiveWorld } from "../../support/naive-world.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const ms = 1_000;
/** Completed by its children or by an event of its own, so that batches of batches can complete. */
const lifecycle = {
  stages: [
    { event: "SENT" },
    { children: "complete", after: "SENT", within: "4ms", count: "size" },
    { event: "DONE", after: "SENT", optional: true },
  ],
  complete_on: ["children", "DONE"],
  fail_on: ["X"],
  grace: "0s",
};
const definition = parseDefinition(lifecycle);
const rules = { lifecycleOf: () => naiveLifecycle(definition), marksOf: () => [] };

// Any message may be the parent of any, of itself too.
const ids = ["a", "b", "c", "d"];
const report = fc.record({
  messageId: fc.constantFrom(...ids),
  event: fc.constantFrom("SENT", "SENT", "DONE", "DONE", "X", "OTHER", "children"),
  createdAt: fc.integer({ min: 1, max: 9 }).map((at) => at * ms),
  parentId: fc.constantFrom("", "", ...ids),
  eventId: fc.constantFrom("", "", "e1"),
  attributes: fc.constantFrom<string>("", "", '{"size":1}', '{"size":2}', '{"size":"2"}', '{"size":-1}'),
});
/** In trees: of messages that are parts of each other none can say that it waits for nothing. */
const treeReport = fc.tuple(report, fc.boolean()).map(([one, none]) => ({
  ...one,
  ...(one.parentId >= one.messageId && { parentId: "" }),
  ...(none && { attributes: '{"size":0}' as never }),
}));
const stepOf = (one: typeof report) =>
  fc.record({
    reports: fc.array(one, { minLength: 1, maxLength: 6 }),
    /** The watermark moves on by so much. */
    later: fc.integer({ min: 0, max: 5 }).map((by) => by * ms),
    restart: fc.boolean(),
  });

test.each([
  ["parts of anything", report],
  ["trees", treeReport],
])(
  "a message waits for its children exactly, in any order and at any time: %s",
  async (_, reports) => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepOf(reports), { minLength: 1, maxLength: 6 }), async (steps) => {
        using opened = await openStore();
        let { store } = opened;
        await store.putLifecycle("app", definition);
        const all: SequencedEvent[] = [];
        let watermark = 2;
        for (const { reports, later, restart } of steps) {
          const batch = reports.map((one, index) => event(all.length + 1 + index, one));
          all.push(...batch);
          watermark += later;
          await store.apply(await batchOf(batch));
          if (restart) store = await opened.restart();
          await projectAll(store, all.length, watermark);
          const { findings } = await opened.queries.findings({
            state: "current",
            order: "oldest",
            limit: 100,
          });
          const found = findings.map(({ messageId, kind, stage, dueAt, lateBy }) => {
            return [messageId, kind, stage, dueAt, lateBy].join(" ");
          });
          const naive = naiveWorld(all, { ...rules, clock: watermark });
          const wanted = naive.flatMap(({ messageId, findings }) =>
            findings.map((one) => textOf(messageId, one)),
          );
          expect(found.sort()).toEqual(wanted.sort());
          for (const { messageId, runs } of naive) {
            const { message } = await opened.queries.get({ appId: "app", messageId });
            const owed = message?.instance?.stages[1]?.owed;
            const wanted = runs[0]!.stages[1]!.owed;
            expect<unknown>([messageId, owed?.missing.toSorted(), owed]).toEqual([
              ...[messageId, wanted?.missing],
              wanted && { ...wanted, missing: owed?.missing ?? [] },
            ]);
          }
        }
      }),
      { numRuns: 15, endOnFailure: true },
    );
  },
  120_000,
);

function textOf(messageId: string, { kind, stage, dueAt, lateBy }: NaiveFound): string {
  return [messageId, kind, stage, dueAt, lateBy].join(" ");
}
