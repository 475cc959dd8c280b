/**
 * Stages that children make, against a naive model: random trees of messages, whose parents are learnt late, with repeats, batches and
 * restarts. After each step of the projector exactly what the model says is found.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../../src/core/event.ts";
import { foldReports } from "../../../src/core/fold.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const ms = 1_000;
const within = 4 * ms;
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

// Any message may be the parent of any, of itself too.
const ids = ["a", "b", "c", "d"];
const report = fc.record({
  messageId: fc.constantFrom(...ids),
  event: fc.constantFrom("SENT", "SENT", "DONE", "DONE", "X", "OTHER", "children"),
  createdAt: fc.integer({ min: 1, max: 9 }).map((at) => at * ms),
  parentId: fc.constantFrom("", "", ...ids),
  eventId: fc.constantFrom("", "", "e1"),
  attributes: fc.constantFrom("", "", '{"size":1}', '{"size":2}', '{"size":"2"}'),
});
const step = fc.record({
  reports: fc.array(report, { minLength: 1, maxLength: 6 }),
  /** The watermark moves on by so much. */
  later: fc.integer({ min: 0, max: 5 }).map((by) => by * ms),
  restart: fc.boolean(),
});

test("a message waits for its children exactly, in any order and at any time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      using opened = await openStore();
      let { store } = opened;
      await store.putLifecycle("app", parseDefinition(lifecycle));
      const all: SequencedEvent[] = [];
      let watermark = 2;
      for (const { reports, later, restart } of steps) {
        const batch = reports.map((one, index) => event(all.length + 1 + index, one));
        all.push(...batch);
        watermark += later;
        await store.apply(await batchOf(batch));
        if (restart) store = await opened.restart();
        await projectAll(store, all.length, watermark);
        const { findings } = await opened.queries.findings({ state: "current", order: "oldest", limit: 100 });
        const found = findings.map(({ messageId, kind, stage, dueAt, lateBy }) => {
          return [messageId, kind, stage, dueAt, lateBy].join(" ");
        });
        const naive = naiveOf(all);
        expect(found.sort()).toEqual(naive.flatMap((one) => findingsOf(one, watermark)).sort());
        for (const one of naive) {
          const { message } = await opened.queries.get({ appId: "app", messageId: one.id });
          const stage = message?.instance?.stages[1];
          const owed = stage?.owed && [
            stage.owed.expected,
            stage.owed.received,
            ...stage.owed.missing.toSorted(),
          ];
          expect([one.id, owed]).toEqual([one.id, one.owed]);
        }
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);

interface Naive {
  readonly id: string;
  readonly sentAt: number | undefined;
  readonly failedAt: number | undefined;
  readonly childrenAt: number | undefined;
  readonly completedAt: number | undefined;
  readonly owed: (number | string)[] | undefined;
}

/** From nothing complete upwards, until nothing more follows: so a circle of parents completes nothing. */
function naiveOf(all: readonly SequencedEvent[]): Naive[] {
  const messages = [...Map.groupBy(all, ({ messageId }) => messageId)].map(([id, reports]) => {
    const events = foldReports(reports);
    const first = (name: string) =>
      least(events.filter((one) => one.event === name).map((one) => one.createdAt));
    const parents = events.map((one) => one.parentId).filter((one) => one !== "");
    const sizes = events
      .filter((one) => one.event === "SENT" && one.attributes !== "")
      .map((one) => (JSON.parse(one.attributes) as { size: unknown }).size)
      .filter((size) => typeof size === "number");
    return { id, first, parent: parents.sort()[0], size: Math.max(0, ...sizes), events };
  });
  const completed = new Map<string, number>();
  const childrenAt = (id: string, size: number) => {
    const children = messages.filter((one) => one.parent === id);
    const times = children.map((one) => completed.get(one.id));
    if (children.length < Math.max(1, size) || times.includes(undefined)) return undefined;
    return Math.max(...(times as number[]));
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const { id, first, size } of messages) {
      const at = first("X") === undefined ? least([childrenAt(id, size), first("DONE")]) : undefined;
      if (at === completed.get(id)) continue;
      if (at === undefined) completed.delete(id);
      else completed.set(id, at);
      changed = true;
    }
  }
  return messages.map(({ id, first, size }) => {
    const children = messages.filter((one) => one.parent === id);
    const missing = children.filter((one) => !completed.has(one.id)).map((one) => one.id);
    const expected = Math.max(size, children.length);
    return {
      id,
      sentAt: first("SENT"),
      failedAt: first("X"),
      childrenAt: childrenAt(id, size),
      completedAt: completed.get(id),
      owed: expected === 0 ? undefined : [expected, children.length - missing.length, ...missing.sort()],
    };
  });
}

function findingsOf({ id, sentAt, failedAt, childrenAt, completedAt }: Naive, watermark: number): string[] {
  const found: string[] = [];
  const dueAt = sentAt === undefined ? undefined : sentAt + within;
  if (dueAt !== undefined && childrenAt !== undefined && childrenAt > dueAt) {
    found.push([id, "late", "children", dueAt, childrenAt - dueAt].join(" "));
  }
  if (
    dueAt !== undefined &&
    childrenAt === undefined &&
    completedAt === undefined &&
    failedAt === undefined
  ) {
    if (dueAt < watermark) found.push([id, "missing", "children", dueAt, 0].join(" "));
  }
  if (completedAt !== undefined && completedAt < watermark) {
    if (sentAt === undefined) found.push([id, "skipped", "SENT", completedAt, 0].join(" "));
    if (childrenAt === undefined) found.push([id, "skipped", "children", completedAt, 0].join(" "));
  }
  if (failedAt !== undefined) found.push([id, "failed", "X", failedAt, 0].join(" "));
  return found;
}

function least(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
