import { expect, test } from "bun:test";
import fc from "fast-check";
import type { MarsEvent } from "../../src/core/event.ts";
import { Admission, type AppendRequest } from "../../src/ingest/admission.ts";
import { collectorOf } from "../../src/ingest/partition.ts";
import { event } from "../support/store.ts";

const collectors = 10;

function admit(admission: Admission, events: readonly MarsEvent[]): void {
  admission.admit({ events, resolve: () => undefined, reject: () => undefined });
}

/** @param size characters of each */
function events(count: number, messageId: string, size = 0): MarsEvent[] {
  return Array.from({ length: count }, (_, n) => event(n, { messageId, attributes: "x".repeat(size) }));
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("admit" as const), count: fc.nat(40), message: fc.nat(20) }),
  fc.record({ kind: fc.constant("take" as const) }),
  fc.record({ kind: fc.constant("release" as const) }),
);

test("calls leave in the order in which they came, and what waits is counted by collector until it is released", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const admission = new Admission(collectors);
      const waiting: (readonly MarsEvent[])[] = [];
      const taken: AppendRequest[][] = [];
      for (const one of steps) {
        if (one.kind === "admit") {
          const made = events(one.count, `m${one.message}`);
          admit(admission, made);
          waiting.push(made);
        } else if (one.kind === "take") {
          const requests = admission.take();
          expect(requests.map((request) => request.events)).toEqual(waiting.splice(0, requests.length));
          for (const { events: of, partition } of requests)
            expect(partition).toEqual(of.map((key) => collectorOf(key, collectors)));
          taken.push(requests);
        } else {
          admission.release(taken.shift() ?? []);
        }
        const unanswered = [...taken.flat().map((request) => request.events), ...waiting].flat();
        const counts = Array(collectors).fill(0);
        for (const key of unanswered) counts[collectorOf(key, collectors)] += 1;
        expect(admission.waiting).toEqual(counts);
        expect(admission.chars > 0).toBe(unanswered.length > 0);
        expect(admission.empty).toBe(waiting.length === 0);
      }
    }),
  );
});

test("a message that floods its collector is refused, as a whole call, and others are not", () => {
  const admission = new Admission(collectors);
  admit(admission, events(10_000, "flood"));
  admit(admission, events(10_000, "flood"));
  const before = [...admission.waiting];
  expect(() => admit(admission, events(1, "flood"))).toThrow(/20000 events wait for collector \d/);
  const other = ["a", "b", "c"].find(
    (id) => collectorOf(event(0, { messageId: id }), 10) !== before.indexOf(20_000),
  )!;
  admit(admission, events(100, other));
  // The refused call's events of another collector do not count either.
  expect(() => admit(admission, [...events(1, other), ...events(1, "flood")])).toThrow("20000");
  expect(admission.waiting.reduce((sum, n) => sum + n, 0)).toBe(20_100);
  admission.release(admission.take());
  admit(admission, events(1, "flood"));
});

test("what waits is bounded in bytes, and so is what one commit takes; a call is never split", () => {
  const admission = new Admission(collectors);
  // Eight of them fill the queue, one passes what a commit takes.
  const large = () => events(1_000, "m", 8_000);
  for (let n = 0; n < 8; n++) admit(admission, large());
  expect(() => admit(admission, large())).toThrow("wait for the journal");
  expect(() => admission.assertRoom(10_000_000)).toThrow("wait for the journal");
  expect(admission.take()).toHaveLength(1);
  admission.release(admission.take());
  const many = new Admission(collectors);
  for (let n = 0; n < 20; n++) admit(many, events(1_000, `m${n}`));
  expect(many.take()).toHaveLength(16);
  expect(many.take()).toHaveLength(4);
});
