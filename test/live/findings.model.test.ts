import { expect, test } from "bun:test";
import fc from "fast-check";
import type { HistoryQuery } from "../../src/core/query.ts";
import { parseTopic, type Topic } from "../../src/core/topic.ts";
import type { Finding } from "../../src/lifecycle/finding.ts";
import { createLiveFindings, type Hub } from "../../src/live/hub.ts";
import { matches, Recorder, turn, until } from "./store-model.ts";

const topics = ["findings", "apps/a/findings", "apps/b/findings", "apps/a/messages/x/findings"];

function change(id: number, seq: number): Finding {
  return {
    seq,
    id,
    appId: id % 2 === 0 ? "a" : "b",
    messageId: id < 3 ? "x" : "y",
    run: 1,
    kind: "missing",
    stage: `s${id}`,
    after: "",
    version: 1,
    dueAt: 0,
    raisedAt: 0,
    lateBy: 0,
  };
}

/** Keeps the last change of each finding, as the store does. */
class FindingsModel {
  readonly last = new Map<number, Finding>();
  pageItems = 2;

  async history({ topic, after, upTo }: HistoryQuery) {
    await turn();
    const found = [...this.last.values()]
      .filter((finding) => finding.seq > after && finding.seq <= upTo && matches(topic, finding))
      .sort((a, b) => a.seq - b.seq);
    const events = found.slice(0, this.pageItems);
    return { events, to: found.length > events.length ? events.at(-1)!.seq : upTo, prunedTo: 0 };
  }
}

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      ids: fc.array(fc.nat(5), { maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("subscribe" as const),
      topic: fc.constantFrom(...topics),
      back: fc.option(fc.nat(20)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("busy" as const, "ready" as const), which: fc.nat() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
);

interface Subscribed {
  readonly topic: Topic;
  readonly after: number;
  readonly recorder: Recorder<Finding>;
}

test("every subscriber ends with the last change of each finding, in the order of the changes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      async (operations, pageItems) => {
        const store = new FindingsModel();
        store.pageItems = pageItems;
        const hub: Hub<Finding> = createLiveFindings(store, { log: { error: () => expect.unreachable() } });
        const subscribed: Subscribed[] = [];
        const changes = new Map<number, number>();
        let seq = 0;
        hub.publish([], 0);
        const publish = (ids: readonly number[]) => {
          const changed = ids.map((id) => change(id, ++seq));
          for (const finding of changed) {
            store.last.set(finding.id, finding);
            changes.set(finding.seq, finding.id);
          }
          hub.publish(changed, seq);
        };
        for (const op of operations) {
          if (op.kind === "publish") publish(op.ids);
          else if (op.kind === "turn") await turn();
          else if (op.kind === "subscribe") {
            const topic = parseTopic(op.topic);
            const after = op.back === null ? undefined : Math.max(0, seq - op.back);
            const recorder = new Recorder<Finding>();
            hub.subscribe(topic, after, recorder);
            subscribed.push({ topic, after: after ?? seq, recorder });
          } else if (subscribed.length > 0) {
            subscribed[op.which % subscribed.length]!.recorder[op.kind]();
          }
        }
        publish([0, 1]);
        for (const { recorder } of subscribed) recorder.ready();
        for (const { topic, after, recorder } of subscribed) {
          const due = [...store.last.values()].filter((one) => one.seq > after && matches(topic, one));
          await until(() => due.every((one) => recorder.seqs.includes(one.seq)));
          expect(recorder.start).toEqual({ seq: after, recovered: true });
          expect(recorder.seqs).toEqual([...new Set(recorder.seqs)].sort((a, b) => a - b));
          for (const finding of recorder.batches.flat()) {
            expect(finding.seq).toBeGreaterThan(after);
            expect(changes.get(finding.seq)).toBe(finding.id);
            expect(matches(topic, finding)).toBe(true);
          }
        }
        await hub.close();
      },
    ),
    { numRuns: 200 },
  );
});
