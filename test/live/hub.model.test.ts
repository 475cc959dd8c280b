import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../src/core/event.ts";
import { parseTopic, type Topic } from "../../src/core/topic.ts";
import { createLive } from "../../src/live/hub.ts";
import { eventAt, matches, Recorder, StoreModel, turn, until } from "./store-model.ts";

const topics = [
  "all",
  "apps/a",
  "apps/b",
  "apps/a/messages/x",
  "apps/b/messages/x",
  "event_timeline:x",
  "journeys/j",
  "journeys/k",
];

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("publish" as const), ids: fc.array(fc.nat(7)) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("subscribe" as const),
      topic: fc.constantFrom(...topics),
      /** Back from what was published; below zero: given out and not published yet. */
      back: fc.option(fc.integer({ min: -3, max: 30 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unsubscribe" as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("busy" as const, "ready" as const), which: fc.nat() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
);

interface Subscribed {
  readonly topic: Topic;
  readonly after: number;
  readonly recorder: Recorder;
  readonly unsubscribe: () => void;
  /** What had been published when it left. */
  leftAt: number | undefined;
}

test("every subscriber gets every event of its topic once and in order, at any timing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 80 }),
      fc.infiniteStream(fc.constantFrom("ok", "ok", "ok", "unavailable", "stuck")),
      fc.infiniteStream(fc.nat(2)),
      fc.integer({ min: 1, max: 7 }),
      async (operations, outcomes, turns, pageEvents) => {
        const store = new StoreModel();
        store.pageEvents = pageEvents;
        store.outcome = () => outcomes.next().value as "ok" | "unavailable" | "stuck";
        store.turn = async () => {
          for (let left = turns.next().value as number; left > 0; left--) await turn();
        };
        const faults: unknown[] = [];
        const hub = createLive(store, {
          lastSeq: () => hub.seq + 3,
          log: { error: (_, fields) => faults.push(fields) },
          historyReadsMax: 2,
          retry: { firstMs: 0, maxMs: 1 },
        });
        let seq = 0;
        const subscribed: Subscribed[] = [];
        hub.publish([], 0);
        const publish = (ids: readonly number[]) => {
          const events: SequencedEvent[] = [];
          for (const id of ids) {
            seq++;
            // Some seqs are repeats of events, and never published.
            const journey = ["j", "k", "", "", ""][seq % 5];
            if (id < 6) {
              events.push(eventAt(seq, id % 2 === 0 ? "a" : "b", ["x", "y", "z"][id % 3], journey));
            }
          }
          store.events.push(...events);
          hub.publish(events, seq);
        };
        for (const op of operations) {
          if (op.kind === "publish") publish(op.ids);
          else if (op.kind === "turn") await turn();
          else if (op.kind === "subscribe") {
            const topic = parseTopic(op.topic);
            const after = op.back === null ? undefined : Math.max(0, seq - op.back);
            const recorder = new Recorder();
            const unsubscribe = hub.subscribe(topic, after, recorder);
            subscribed.push({ topic, after: after ?? seq, recorder, unsubscribe, leftAt: undefined });
          } else if (subscribed.length > 0) {
            const one = subscribed[op.which % subscribed.length]!;
            if (op.kind === "busy") one.recorder.busy();
            else if (op.kind === "ready") one.recorder.ready();
            else {
              one.unsubscribe();
              one.leftAt ??= seq;
            }
          }
        }
        // What was given out is published in the end, and the busy come to rest.
        publish([0, 0, 0]);
        for (const { recorder } of subscribed) recorder.ready();
        for (const { topic, after, recorder, leftAt } of subscribed) {
          const due = store.events.filter(
            (event) => event.seq > after && matches(topic, event, store.events),
          );
          const expected = due.map((event) => event.seq);
          if (leftAt === undefined) {
            await until(() => recorder.start !== undefined && recorder.seqs.length >= expected.length);
            expect(recorder.start).toEqual({ seq: after, recovered: true });
            expect(recorder.seqs).toEqual(expected);
          } else {
            expect(recorder.seqs).toEqual(expected.slice(0, recorder.seqs.length));
            expect(recorder.seqs.at(-1) ?? 0).toBeLessThanOrEqual(leftAt);
          }
          expect(recorder.error).toBeUndefined();
        }
        await hub.close();
        expect(hub.subscriptions).toBe(0);
        expect(faults).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});
