import { expect, test } from "bun:test";
import fc from "fast-check";
import { eventsOfName, nameOfEvents } from "../../src/core/stage-name.ts";

test("a stage is called by its events, as users have always written it", () => {
  expect(nameOfEvents(["ACCEPTED"])).toBe("ACCEPTED");
  expect(nameOfEvents(["SENT_SMS", "SENT_PUSH"])).toBe("SENT_SMS|SENT_PUSH");
  expect(eventsOfName("")).toEqual([]);
});

test("the name can be split into the events, however they are named", () => {
  const event = fc.oneof(fc.string({ minLength: 1 }), fc.stringMatching(/^[|\\a\n]{1,5}$/));
  fc.assert(
    fc.property(fc.array(event, { minLength: 1 }), (events) => {
      expect(eventsOfName(nameOfEvents(events))).toEqual(events);
    }),
  );
});
