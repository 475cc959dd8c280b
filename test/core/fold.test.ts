import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SequencedEvent } from "../../src/core/event.ts";
import { compareEvents, compareText, foldReports } from "../../src/core/fold.ts";
import { naiveSummary } from "../support/model.ts";

/** Few values, so that identities collide often. */
const report = fc.record({
  event: fc.constantFrom("A", "B", "\u{1F600}", "\uFFFD"),
  createdAt: fc.integer({ min: 1, max: 4 }),
  eventId: fc.constantFrom("", "", "x", "A"),
  externalId: fc.constantFrom("", "e1", "e2"),
  parentId: fc.constantFrom("", "p1"),
  attributes: fc.constantFrom("", '{"a":1}', '{"b":2}'),
});

function sequence(reports: readonly Omit<SequencedEvent, "seq" | "appId" | "messageId" | "receivedAt">[]) {
  return reports.map((event, index) => ({
    ...event,
    appId: "app",
    messageId: "message",
    receivedAt: 100 + index,
    seq: index + 1,
  }));
}

/** What Mars shows of a message, seqs and receipt aside. */
function shown(reports: readonly SequencedEvent[]) {
  const events = foldReports(reports).sort(compareEvents);
  return {
    summary: naiveSummary({ appId: "app", messageId: "message" }, events),
    events: events.map(({ seq, receivedAt, ...rest }) => rest),
  };
}

test("a message is the same for every order in which its events arrive", () => {
  fc.assert(
    fc.property(
      fc
        .array(report, { minLength: 1, maxLength: 30 })
        .chain((reports) =>
          fc.tuple(
            fc.constant(reports),
            fc.shuffledSubarray(reports, { minLength: reports.length, maxLength: reports.length }),
          ),
        ),
      ([reports, shuffled]) => {
        expect(shown(sequence(shuffled))).toEqual(shown(sequence(reports)));
      },
    ),
  );
});

test("repeats change nothing but the count of duplicates", () => {
  fc.assert(
    fc.property(fc.array(report, { minLength: 1, maxLength: 20 }), (reports) => {
      const once = shown(sequence(reports));
      const twice = shown(sequence([...reports, ...reports]));
      expect(twice.summary).toEqual(once.summary);
      const total = twice.events.reduce((sum, event) => sum + event.duplicates + 1, 0);
      expect(total).toBe(2 * reports.length);
      expect(twice.events.map(({ duplicates, ...rest }) => rest)).toEqual(
        once.events.map(({ duplicates, ...rest }) => rest),
      );
    }),
  );
});

test("the first of equal events to arrive gives the seq and the time of receipt", () => {
  const [event] = foldReports(
    sequence([
      { event: "A", createdAt: 5, eventId: "id", externalId: "", parentId: "", attributes: "" },
      { event: "A", createdAt: 3, eventId: "id", externalId: "", parentId: "", attributes: "" },
    ]),
  );
  expect(event).toMatchObject({ seq: 1, receivedAt: 100, createdAt: 3, duplicates: 1 });
});

test("so does its trace, or that it has none", () => {
  const rest = { externalId: "", parentId: "", attributes: "" };
  for (const eventId of ["", "id"]) {
    const [traced, plain] = [
      { event: "A", createdAt: 5, eventId, ...rest, traceparent: "t" },
      { event: "A", createdAt: 5, eventId, ...rest },
    ];
    for (const reports of [sequence([traced, plain]), sequence([traced, plain]).toReversed()]) {
      expect(foldReports(reports)).toMatchObject([{ seq: 1, traceparent: "t", duplicates: 1 }]);
    }
    expect(foldReports(sequence([plain, traced]))[0]).not.toHaveProperty("traceparent");
    expect(foldReports(sequence([plain, traced]).toReversed())[0]).not.toHaveProperty("traceparent");
  }
});

test("texts are ordered by their UTF-8 bytes, as the database orders them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareText(a, b))).toBe(expected);
    }),
  );
});
